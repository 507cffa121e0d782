"""Answers that others captured (payloads/README.md) become records that fit their schemas, and no field is lost.

Each is answered where the source asks for it, and read by the source's own retriever. The paging of a capture is that
of an account whose other rows were cut, so it is counted anew here.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
from airbyte_cdk.sources.types import StreamSlice
from jsonschema import Draft7Validator

from freshbooks_api import streams
from integration_tests.connector import manifest, retrievers_of
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.connection import connection_of, identity_of
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.partitions import IdentityRetriever
from source_freshbooks.components.redaction import LEAKED_KEYS
from source_freshbooks.components.retriever_base import PerBusinessRetriever

PAYLOADS = Path(__file__).parent / "payloads"
SCHEMAS = Path(__file__).parents[2] / "source_freshbooks" / "schemas"
IDS = {"account_id": "AbCxYz", "business_uuid": "00000000-0000-4000-8000-000000000001", "timezone": "UTC"}
# Where a file is not named after its stream and the word "list" or "single".
STREAMS = {
    "expense_categories_list": "expense_categories",
    "other_incomes_list": "other_income",
    "report_profit_and_loss_quarterly": "report_profit_and_loss",
    "report_profit_loss": "report_profit_and_loss",
    "users_me": "businesses",
}
# Objects keyed by ids, so that no schema can name what is in them.
BY_ID = {"authors", "categories", "clients", "vendors"}
# What authors of the captures wrote in place of a number; of an account it would be one.
MADE_UP = ("test-client-id",)


def stream_of(name: str) -> str:
    """The stream that the capture `name` is an answer of."""
    if name in STREAMS:
        return STREAMS[name]
    stream = name.removeprefix("live_").removesuffix("_include_lines").removesuffix("_list")
    known = {stream.name for stream in streams.STREAMS}
    single = stream.removesuffix("_single").removesuffix("_empty")
    plural = f"{single[:-1]}ies" if single.endswith("y") else f"{single}s"
    return next(found for found in (stream, single, plural) if found in known)


def inner(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is in the envelope of an answer."""
    found = body.get("response", body)
    return found.get("result", found) if isinstance(found, dict) else body


def captured(name: str) -> list[Any]:
    """The rows of the capture; a report is one."""
    body = inner(json.loads((PAYLOADS / f"{name}.json").read_text("utf-8")))
    found = [value for key, value in body.items() if isinstance(value, dict | list) and key != "meta"]
    return found[0] if isinstance(found[0], list) else found


class Answering:
    """A client whose one list or report is `rows`; the further passes of a list show no row."""

    def __init__(self, stream: str, rows: list[Any]) -> None:
        [self.stream] = [known for known in streams.STREAMS if known.name == stream]
        self.rows = rows
        self.asked = 0

    def get(
        self, path: str, params: Mapping[str, Any], _headers: Mapping[str, str] | None = None
    ) -> tuple[Any, requests.Response]:
        if stream_key := manifest()[self.stream.name].get("report"):
            if path.endswith(f"/{stream_key}"):
                return self._result({manifest()[self.stream.name]["rows"]: self.rows[0]})
            empty = {"payments_collected": {"totals": []}, "profitloss": {"currency_code": "CAD"}}
            return self._report(path, empty)
        if path.endswith(self.stream.route.format_map({**IDS, "business_id": 1})):
            self.asked += 1
            return self._list(self.rows if self.asked == 1 else [])
        # Services are looked for in projects too.
        return {"projects": [], "meta": {"page": 1, "pages": 0, "total": 0}}, requests.Response()

    def _report(self, path: str, empty: Mapping[str, Any]) -> tuple[Any, requests.Response]:
        for end, key in (("/payments_collected", "payments_collected"), ("/profitloss_entity", "profitloss")):
            if path.endswith(end):
                return self._result({key: empty[key]})
        raise FreshbooksError("no list beside the reports may be read", status=403)

    def _list(self, rows: list[Any]) -> tuple[Any, requests.Response]:
        paging = {"page": 1, "pages": 1, "per_page": 100, "total": len(rows)}
        if self.stream.family in ("accounting", "systems"):
            return self._result({str(self.stream.rows): rows, **paging})
        return json.loads(json.dumps({str(self.stream.rows): rows, "meta": paging})), requests.Response()

    def _result(self, result: Mapping[str, Any]) -> tuple[Any, requests.Response]:
        return json.loads(json.dumps({"response": {"result": result}})), requests.Response()


@cache
def source() -> SourceFreshbooks:
    return SourceFreshbooks(config={"credentials": {}, "num_workers": 1})


@cache
def retrievers() -> dict[str, PerBusinessRetriever]:
    return retrievers_of(source())


def read(name: str) -> list[dict[str, Any]]:
    """The records that the source makes of a capture."""
    stream = stream_of(name)
    schema = json.loads((SCHEMAS / f"{stream}.json").read_text("utf-8"))
    if stream == "businesses":
        connection = connection_of(source()._config)
        body = json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))
        connection.__dict__["_identity"] = identity_of(body)
        identity = IdentityRetriever(source()._config, stream)
        return [dict(row) for row in identity.read_records(schema, None)]
    found = retrievers()[stream]
    found.client = Answering(stream, captured(name))  # type: ignore[assignment]
    window = {"start_time": "2026-11-01T00:00:00Z"} if stream.startswith("report_") else {}
    this = StreamSlice(partition={"business_id": 1}, cursor_slice=window, extra_fields=IDS)
    return [dict(row) for row in found.read_records(schema, this) if isinstance(row, dict)]


def undeclared(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The fields of `value` that `schema` does not name."""
    if isinstance(value, dict):
        if path.rpartition(".")[2] in BY_ID and "properties" not in schema:
            return
        for key, part in value.items():
            if key not in schema.get("properties", {}):
                yield f"{path}.{key}"
            else:
                yield from undeclared(part, schema["properties"][key], f"{path}.{key}")
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, dict):
                yield from undeclared(part, schema.get("items") or {}, f"{path}[]")


def lost(sent: Any, kept: Any, path: str = "") -> Iterator[str]:
    """The fields that FreshBooks filled and the record does not; those of credentials are to be lost."""
    if isinstance(sent, dict):
        for key, value in sent.items():
            if key in LEAKED_KEYS or value in (None, "", *MADE_UP):
                continue
            if not isinstance(kept, dict) or kept.get(key) is None:
                yield f"{path}.{key}"
            else:
                yield from lost(value, kept[key], f"{path}.{key}")
    elif isinstance(sent, list):
        if not isinstance(kept, list) or len(kept) != len(sent):
            yield path
        else:
            for number, (one, other) in enumerate(zip(sent, kept, strict=True)):
                yield from lost(one, other, f"{path}[{number}]")


def leaked(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from LEAKED_KEYS & value.keys()
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from leaked(part)


NAMES = sorted(path.stem for path in PAYLOADS.glob("*.json"))


def test_the_captures_are_of_most_streams() -> None:
    assert len({stream_of(name) for name in NAMES}) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_a_capture_becomes_records_that_fit_and_lose_nothing(name: str) -> None:
    stream = stream_of(name)
    schema = json.loads((SCHEMAS / f"{stream}.json").read_text("utf-8"))
    records = read(name)
    if stream == "businesses":
        body = json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))
        sent = {row["business"]["id"]: row["business"] for row in body["response"]["business_memberships"]}
        rows = [{key: value for key, value in sent[r["business_id"]].items() if key != "id"} for r in records]
    else:
        rows = captured(name)
    # A report is read for each month of its window, and so is a record of each.
    assert (len(records) >= len(rows)) if stream.startswith("report_") else (len(records) == len(rows))
    validator = Draft7Validator(schema)
    for row, record in zip(rows, records, strict=False):
        validator.validate(record)
        assert sorted(undeclared(record, schema)) == []
        assert sorted(lost(row, record)) == []
        assert sorted(leaked(record)) == []


def test_a_credential_that_is_empty_is_no_column_either() -> None:
    """A list shows it as null until there is one."""
    [sent] = captured("client_single")
    assert "statement_token" in sent
    assert "statement_token" not in read("client_single")[0]


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_no_schema_declares_a_credential(path: Path) -> None:
    assert sorted(leaked(json.loads(path.read_text("utf-8")))) == []
