"""One table of streams, and every place that has to follow it (CONTRIBUTING, "Add a stream").

`python -m unit_tests.packaging.test_streams` writes what the documentation says of the streams anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml

from freshbooks_api import scopes
from freshbooks_api.streams import AVAILABILITY, STREAMS, Stream
from freshbooks_hub.sync.sync_groups import BY_NAME
from freshbooks_sandbox import Sandbox
from integration_tests.connector import manifest

ROOT = Path(__file__).parents[2]
MANIFEST = "source_freshbooks/manifest.yaml"
SCHEMAS = "source_freshbooks/schemas"
STAGING = "dbt_project/models/staging"
TABLE = "freshbooks_api/streams.py"
CONNECTOR = ROOT / "docs" / "connector.md"
README = ROOT / "README.md"
HEAD = "| stream | key | cursor |\n| --- | --- | --- |\n"
EVERY = [*(stream.name for stream in STREAMS), AVAILABILITY]

each_name = pytest.mark.parametrize("name", EVERY)
each_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)


@each_name
def test_the_manifest_has_it(name: str) -> None:
    assert name in manifest(), f"{name} is missing under `streams` in {MANIFEST}"


@each_stream
def test_the_manifest_reads_it_where_the_table_says(stream: Stream) -> None:
    parameters = manifest().get(stream.name)
    if parameters is None or stream.family == "identity":
        return
    assert stream.optional is bool(parameters.get("optional"))
    if stream.family in ("reports", "newer_reports"):
        family = "newer_reports" if parameters.get("newer") else "reports"
        told = (family, parameters["report"], parameters.get("params", {}))
    else:
        told = (parameters["family"], parameters["route"], {})
        keys = parameters["rows"] if isinstance(parameters["rows"], list) else [parameters["rows"]]
        assert stream.rows is None or stream.rows in keys, (
            f"{stream.name}: `rows` is {keys} in {MANIFEST} and {stream.rows!r} in {TABLE}"
        )
    assert told == (stream.family, stream.route, stream.params), (
        f"{stream.name} is read elsewhere by {MANIFEST} than {TABLE} says"
    )


@each_name
def test_it_has_a_schema_with_its_key(name: str) -> None:
    path = ROOT / SCHEMAS / f"{name}.json"
    assert path.exists(), f"{SCHEMAS}/{name}.json is missing"
    properties = json.loads(path.read_text("utf-8"))["properties"]
    lacks = set(manifest().get(name, {}).get("primary_key", ())) - properties.keys()
    assert not lacks, f"{SCHEMAS}/{name}.json lacks the key's {', '.join(sorted(lacks))}"


@each_stream
def test_a_scope_gives_it(stream: Stream) -> None:
    assert stream.scope_name in {scope.name for scope in scopes.READ + scopes.OPTIONAL}, (
        f"{stream.scope_name}, the scope of {stream.name}, is missing in freshbooks_api/scopes.py"
    )


@each_stream
def test_a_sync_group_reads_it(stream: Stream) -> None:
    for group in {stream.group, stream.full_refresh or stream.group}:
        assert group in BY_NAME, (
            f"the sync group {group!r} of {stream.name} is missing in freshbooks_hub/sync/sync_groups.py"
        )
    assert BY_NAME[stream.group].is_full_reread is False
    assert stream.full_refresh is None or BY_NAME[stream.full_refresh].is_full_reread is True


@each_name
def test_dbt_has_its_raw_table_and_a_staging_model(name: str) -> None:
    sources = f"{STAGING}/_freshbooks__sources.yml"
    [source] = yaml.safe_load((ROOT / sources).read_text("utf-8"))["sources"]
    assert name in {table["name"] for table in source["tables"]}, f"{name} is missing in {sources}"
    for kind in ("sql", "yml"):
        model = f"{STAGING}/stg_freshbooks__{name}.{kind}"
        assert (ROOT / model).exists(), f"{model} is missing"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed="demo", rate_limit=None) as running:
        yield running


@each_stream
def test_the_sandbox_has_rows_of_it(sandbox: Sandbox, stream: Stream) -> None:
    books = sandbox.books(439000)
    ids = {
        "account_id": books.account_id,
        "business_id": 439000,
        "business_uuid": books.business["business_uuid"],
    }
    headers = {"Authorization": f"Bearer {sandbox.grant()['access_token']}", **stream.headers}
    path = stream.path.format_map(ids)
    answer = requests.get(sandbox.url + path, params=stream.params, headers=headers, timeout=10)
    assert answer.status_code == 200, (
        f"the sandbox does not answer {stream.path} (sandbox/freshbooks_sandbox/)"
    )
    body = answer.json()
    if isinstance(body.get("response"), dict):
        body = body["response"].get("result", body["response"])
    if stream.rows:
        assert body.get(stream.rows), (
            f"the demo's books hold no rows of {stream.name} (sandbox/freshbooks_sandbox/)"
        )


def test_nothing_else_is_a_stream() -> None:
    """What has no line in the table of streams."""
    extra = {
        MANIFEST: manifest().keys() - set(EVERY),
        SCHEMAS: {path.stem for path in (ROOT / SCHEMAS).glob("*.json")} - set(EVERY),
        STAGING: {path.stem.removeprefix("stg_freshbooks__") for path in (ROOT / STAGING).glob("stg_*.sql")}
        - set(EVERY),
    }
    assert not any(extra.values()), f"not in {TABLE}: {extra}"


def test_each_sync_group_reads_a_stream() -> None:
    empty = [name for name, plan in BY_NAME.items() if not plan.streams]
    assert not empty, f"no stream in {TABLE} is of the sync groups {empty}"


def table_of_streams() -> str:
    """As in docs/connector.md: what follows `account_id` and `business_id` in the key, and the cursor."""
    rows = ""
    for stream, parameters in manifest().items():
        key = [
            f"`{field}`" for field in parameters["primary_key"] if field not in ("account_id", "business_id")
        ]
        cursor = parameters.get("cursor_field")
        rows += f"| `{stream}` | {', '.join(key) or '(none further)'} | "
        rows += f"`{cursor}` |\n" if cursor else "none: full refresh |\n"
    return HEAD + rows


def documented() -> dict[Path, str]:
    """The two pages as they should be."""
    page = CONNECTOR.read_text("utf-8")
    before, _, rest = page.partition(HEAD)
    after = rest[re.match(r"(\|.*\n)*", rest).end() :]  # type: ignore[union-attr]
    count = f"{len(EVERY)} streams"
    return {
        CONNECTOR: before + table_of_streams() + after,
        README: re.sub(r"\b\d+ streams\b", count, README.read_text("utf-8")),
    }


@pytest.mark.parametrize("path", [CONNECTOR, README], ids=lambda path: path.name)
def test_the_documentation_lists_the_streams(path: Path) -> None:
    assert path.read_text("utf-8") == documented()[path], (
        f"{path.name} does not list the streams as they are; run `python -m unit_tests.packaging.test_streams`"
    )


if __name__ == "__main__":
    for path, text in documented().items():
        path.write_text(text, "utf-8")
