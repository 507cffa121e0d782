"""A thousand broken answers: never a crash, never rows lost without a word, and the next read is whole again."""

import json
import logging
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from freshbooks_sandbox import Sandbox
from integration_tests.connector import RECENT, catalog_of, config_of, discovered, retrievers_of, run_source
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.partitions import BusinessRouter
from source_freshbooks.components.retriever_base import PerBusinessRetriever
from source_freshbooks.components.retriever_list import ListRetriever
from source_freshbooks.output import LINES

BUSINESS = 439000
NONSENSE: list[Any] = [
    None,
    True,
    -1,
    0,
    3.7,
    10**30,
    "",
    "x",
    "2026-13-45",
    [],
    [1, "a"],
    {},
    {"a": {"b": []}},
]


def truncated(rng: random.Random, body: bytes) -> bytes:
    return body[: rng.randrange(len(body))]


def flipped(rng: random.Random, body: bytes) -> bytes:
    mutable = bytearray(body)
    for _ in range(rng.randrange(1, 20)):
        mutable[rng.randrange(len(mutable))] = rng.randrange(256)
    return bytes(mutable)


def html(rng: random.Random, body: bytes) -> bytes:
    return b"<html><body>" + body[: rng.randrange(200)] + b"</body></html>"


def wrong_types(rng: random.Random, body: bytes) -> bytes:
    """Any value at any depth becomes something else, the envelope and the counts included."""
    document = json.loads(body)
    for _ in range(rng.randrange(1, 30)):
        holder: Any = document
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(holder[key], (dict, list)) and holder[key] and rng.random() < 0.8:
                holder = holder[key]
                continue
            holder[key] = rng.choice(NONSENSE)
            break
    return json.dumps(document).encode()


def dropped_keys(rng: random.Random, body: bytes) -> bytes:
    document = json.loads(body)
    for row in document["response"]["result"]["clients"]:
        for key in rng.sample(sorted(row), rng.randrange(len(row))):
            del row[key]
    return json.dumps(document).encode()


def huge(rng: random.Random, body: bytes) -> bytes:
    document = json.loads(body)
    for row in document["response"]["result"]["clients"][:3]:
        row["note"] = "n" * rng.randrange(1_000_000)
        row["deep"] = json.loads("[" * 200 + "]" * 200)
    return json.dumps(document).encode()


def nested(rng: random.Random, body: bytes) -> bytes:
    """Deeper than what can be written again, or even walked through."""
    document = json.loads(body)
    holder: Any = document
    while isinstance(holder, dict) and (
        inner := [v for v in holder.values() if v and isinstance(v, (dict, list))]
    ):
        holder = inner[0][0] if isinstance(inner[0], list) else inner[0]
    if isinstance(holder, dict):
        depth = rng.choice([300, 900])
        holder["deep"] = json.loads("[" * depth + "]" * depth)
    return json.dumps(document).encode()


BREAK: list[Callable[[random.Random, bytes], bytes]] = [
    truncated,
    flipped,
    html,
    wrong_types,
    dropped_keys,
    huge,
]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source_freshbooks.components.http.Backoff.backoff_time", lambda *_, **__: 0.01)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(logging.getLogger("airbyte.freshbooks"), "level", logging.WARNING)


@pytest.fixture
def stream(sandbox: Sandbox) -> ListRetriever:
    retriever = retrievers_of(SourceFreshbooks(config=config_of(sandbox)))["clients"]
    assert isinstance(retriever, ListRetriever)
    return retriever


@pytest.mark.parametrize("cases", [50, pytest.param(1000, marks=pytest.mark.long)])
def test_broken_answers(
    sandbox: Sandbox, stream: ListRetriever, caplog: pytest.LogCaptureFixture, cases: int
) -> None:
    from source_freshbooks.source import MANIFEST

    schema = json.loads((MANIFEST.parent / "schemas" / "clients.json").read_text())
    slice_ = StreamSlice(
        partition={"business_id": BUSINESS},
        cursor_slice={},
        extra_fields={"account_id": sandbox.books(BUSINESS).account_id},
    )
    everyone = set(sandbox.books(BUSINESS)["clients"])

    def read() -> set[Any]:
        records = list(stream.read_records(schema, slice_))
        return {r["userid"] for r in records if isinstance(r, dict)}

    outcomes = {"whole": 0, "told": 0, "refused": 0}
    for case in range(cases):
        rng = random.Random(case)
        breakage = rng.choice(BREAK)
        lasting = rng.random() < 0.5
        caplog.clear()
        sandbox.faults.add(
            kind="rewrite",
            path="*/users/clients",
            times=None if lasting else 1,
            rewrite=lambda body, rng=rng, breakage=breakage: breakage(rng, body),
        )
        refused = None
        try:
            found = read()
        except AirbyteTracedException as error:
            refused = error.message
        if refused:
            outcomes["refused"] += 1
        elif everyone <= found:
            outcomes["whole"] += 1
        else:
            assert caplog.records, f"case {case}: {breakage.__name__} lost rows without a word"
            outcomes["told"] += 1
        sandbox.faults.clear()
        if case % 50 == 0:
            assert read() == everyone  # the next read heals
    assert sum(outcomes.values()) == cases
    assert min(outcomes["whole"], outcomes["refused"]) > cases / 10, outcomes


ME = "/auth/api/v1/users/me"
REPORTS = "*/reports/accounting"
# An answer, and a stream that is made of it.
OTHERS = [
    (ME, "clients"),
    ("*/systems/systems/*", "report_payments_collected"),
    ("*/users/clients", "report_payments_collected"),
    (f"{REPORTS}/profitloss_entity", "report_payments_collected"),
    (f"{REPORTS}/payments_collected", "report_payments_collected"),
    ("*/projects", "services"),
    ("*/projects", "projects"),
    ("*/comments/business/*/services", "services"),
]


@pytest.mark.parametrize("cases", [2, pytest.param(25, marks=pytest.mark.long)])
def test_other_broken_answers(sandbox: Sandbox, cases: int) -> None:
    """As the process reads them: with batches, and in turns with a state."""
    source = SourceFreshbooks(config=config_of(sandbox, business_ids=[BUSINESS]), batches=True)
    retrievers = retrievers_of(source)
    for path, name in OTHERS:
        _break(sandbox, source, retrievers[name], path, name, cases)


def _break(
    sandbox: Sandbox,
    source: SourceFreshbooks,
    retriever: PerBusinessRetriever,
    path: str,
    name: str,
    cases: int,
) -> None:
    schema = next(s.json_schema for s in discovered() if s.name == name)
    connection = retriever.connection

    def read(since: str) -> int:
        connection._cache.clear()
        connection._identity_failure = None
        vars(connection).pop("_identity", None)
        rows = 0
        for slice_ in BusinessRouter(
            config=source._config, name=name, family=retriever.family
        ).stream_slices():
            asked = StreamSlice(
                partition=slice_.partition,
                cursor_slice={"start_time": since},
                extra_fields=slice_.extra_fields,
            )
            for page in retriever.read_records(schema, asked):
                if isinstance(page, dict):
                    lines = page[LINES].splitlines()
                    rows += len([json.loads(line)["record"]["data"]["business_id"] for line in lines])
        return rows

    # Reading a report in full takes a hundred requests; the first answer says where it begins.
    from_start = not name.startswith("report_") or path.endswith("/profitloss_entity")
    since = ["1970-01-01T00:00:00Z" if from_start else "2026-08-01T00:00:00Z", RECENT]
    whole = read(RECENT)
    assert whole
    for case in range(cases):
        rng = random.Random(f"{path} {name} {case}")
        breakage = rng.choice([truncated, flipped, html, wrong_types, wrong_types, wrong_types, nested])
        sandbox.faults.add(
            kind="rewrite",
            path=path,
            times=rng.choice([1, None]),
            rewrite=lambda body, rng=rng, breakage=breakage: breakage(rng, body),
        )
        told = "FreshBooks"
        try:
            read(rng.choice(since))
        except AirbyteTracedException as error:
            told = str(error.message)
        assert "FreshBooks" in told, f"{path} {case}: {breakage.__name__}"
        sandbox.faults.clear()
    assert read(RECENT) == whole


def _memberships(document: Any, value: Any) -> None:
    document["response"]["business_memberships"] = value


def _first_client(document: Any, key: str, value: Any) -> None:
    document["response"]["result"]["clients"][0][key] = value


DEEP = json.loads("[" * 400 + "]" * 400)
ODD: list[tuple[str, Callable[[Any], Any], bool]] = [
    ("*/users/clients", lambda d: _first_client(d, "level", "9" * 30), True),
    ("*/users/clients", lambda d: _first_client(d, "level", DEEP), True),
    (ME, lambda d: _memberships(d, [{"business": {"id": None}, "role": "owner"}]), False),
]


@pytest.mark.parametrize(("path", "change", "goes_on"), ODD)
def test_the_process_tells_an_odd_answer_in_a_sentence(
    sandbox: Sandbox, tmp_path: Path, path: str, change: Callable[[Any], Any], goes_on: bool
) -> None:
    def rewrite(body: bytes) -> bytes:
        document = json.loads(body)
        change(document)
        return json.dumps(document).encode()

    state = {"partition": {"business_id": 439117}, "cursor": {"updated_at_utc": "2026-11-01T00:00:00Z"}}
    stream = {"stream_descriptor": {"name": "clients"}, "stream_state": {"states": [state]}}
    files = {
        "config": config_of(sandbox, business_ids=[BUSINESS]),
        "catalog": ConfiguredAirbyteCatalogSerializer.dump(catalog_of("clients")),
        "state": [{"type": "STREAM", "stream": stream}],
    }
    sandbox.faults.add(kind="rewrite", path=path, times=None, rewrite=rewrite)
    done = run_source(tmp_path, "read", **files)
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    errors = [m["trace"]["error"] for m in messages if m["type"] == "TRACE" and m["trace"].get("error")]
    if goes_on:
        assert (done.returncode, errors) == (0, [])
        rows = [m["record"]["data"] for m in messages if m["type"] == "RECORD"]
        assert len(rows) == len(sandbox.books(BUSINESS)["clients"])
        assert any(row["level"] is None for row in rows)
        assert "clients.level: FreshBooks sent a value of another type" in done.stdout
    else:
        assert done.returncode == 1
        assert {error["failure_type"] for error in errors} == {"config_error"}
        assert "in an unknown shape" in errors[0]["message"]
