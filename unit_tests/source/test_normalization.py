"""Every record fits its schema and carries no credential, whatever FreshBooks sends."""

import copy
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from source_freshbooks.components.normalization import RecordShaper, kind_of
from source_freshbooks.components.redaction import LEAKED_KEYS, redact

SCHEMAS = Path(__file__).parents[2] / "source_freshbooks" / "schemas"
STREAMS = sorted(path.stem for path in SCHEMAS.glob("*.json"))


def schema_of(stream: str) -> dict[str, Any]:
    return json.loads((SCHEMAS / f"{stream}.json").read_text())


def shape(stream: str, row: dict[str, Any]) -> dict[str, Any]:
    return RecordShaper(stream, schema_of(stream)).shape(row)


def test_ids_sent_as_strings_become_integers() -> None:
    record = shape("clients", {"userid": "218192", "id": "218192"})
    assert record == {"userid": 218192, "id": 218192}


def test_a_big_id_keeps_every_digit() -> None:
    assert shape("clients", {"userid": "9007199254740993"})["userid"] == 9007199254740993


def test_money_sent_as_a_number_becomes_text() -> None:
    row = {"outstanding_balance": [{"amount": {"amount": 10, "code": "USD"}}]}
    assert shape("clients", row)["outstanding_balance"] == [{"amount": {"amount": "10", "code": "USD"}}]


def test_money_text_is_untouched() -> None:
    money = {"amount": "1234567890.1234567890123456789", "code": "CAD"}
    assert shape("invoices", {"net_paid_amount": money})["net_paid_amount"] == money


def test_empty_dates_are_null() -> None:
    assert shape("invoices", {"date_paid": "", "due_date": "2026-02-28"}) == {
        "date_paid": None,
        "due_date": "2026-02-28",
    }


def test_an_impossible_value_is_null_and_named_once(caplog: pytest.LogCaptureFixture) -> None:
    shaper = RecordShaper("invoices", schema_of("invoices"))
    with caplog.at_level(logging.WARNING, "airbyte.freshbooks"):
        for _ in range(3):
            assert shaper.shape({"due_date": "2026-02-31", "notes": "kept"}) == {
                "due_date": None,
                "notes": "kept",
            }
    assert [r.message for r in caplog.records] == [
        "invoices.due_date: FreshBooks sent a value of another type; it is null in the record"
    ]


def test_unknown_fields_are_kept() -> None:
    assert shape("payments", {"brand_new": {"a": [1]}}) == {"brand_new": {"a": [1]}}


def test_credentials_are_dropped_at_every_depth() -> None:
    row = {
        "userid": 1,
        "statement_token": "s3cret",
        "direct_link_token": "s3cret",
        "attachment": {"id": 5, "jwt": "s3cret"},
        "unknown": [{"nested": {"api_token": "s3cret", "kept": 1}}],
    }
    record = shape("expenses", row)
    assert "s3cret" not in json.dumps(record)
    assert record["attachment"] == {"id": 5}
    assert record["unknown"] == [{"nested": {"kept": 1}}]


@pytest.mark.parametrize("stream", STREAMS)
def test_no_schema_declares_a_leaked_credential(stream: str) -> None:
    def keys(schema: dict[str, Any]) -> set[str]:
        found: set[str] = set()
        for key, inner in (schema.get("properties") or {}).items():
            found |= {key} | keys(inner) | keys(inner.get("items") or {})
        return found

    assert not keys(schema_of(stream)) & LEAKED_KEYS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("stream", STREAMS)
def test_any_json_shapes_into_a_valid_record(stream: str) -> None:
    """Key and flags come from elsewhere; everything else may be anything at all."""
    schema = schema_of(stream)
    fields = {
        key: inner
        for key, inner in schema["properties"].items()
        if isinstance(inner["type"], list) and "null" in inner["type"]
    }
    validator = Draft7Validator(
        {**schema, "properties": fields}, format_checker=Draft7Validator.FORMAT_CHECKER
    )
    shaper = RecordShaper(stream, schema)

    @settings(max_examples=20)  # of each of some forty streams
    @given(st.dictionaries(st.sampled_from(sorted(fields)), json_values, max_size=6))
    def check(row: dict[str, Any]) -> None:
        record = shaper.shape(row)
        validator.validate(record)
        assert set(record) == set(row)

    check()


SAMPLES = {
    "string": ["", "text", 1, True],
    "integer": [0, 2**60, 1.0, "1", True],
    "boolean": [True, False, 1, "true"],
    "date": ["2026-02-28", "2026-02-30", "20260228", "2026-02-28 10:00:00", ""],
    "date-time": ["2026-02-28T10:00:00Z", "2026-02-30T10:00:00Z", "2026-02-28 10:00:00", ""],
}


def near(schema: dict[str, Any]) -> list[Any]:
    """Values that `schema` describes, or nearly; an object has one field at a time."""
    leaking = {"jwt": "s3cret"}
    match kind_of(schema):
        case "object":
            fields = (schema.get("properties") or {}).items()
            return [None, {}, leaking, *({key: value} for key, inner in fields for value in near(inner))]
        case "array":
            items = schema.get("items") or {}
            inner = near(items) if items.get("properties") else [None, leaking, 1]
            return [None, [], *([value] for value in inner)]
        case kind:
            return [None, *SAMPLES[schema.get("format", kind)]]


@pytest.mark.parametrize("stream", STREAMS)
def test_a_row_that_is_taken_as_it_came_is_one_that_no_cast_would_change(stream: str) -> None:
    schema = schema_of(stream)
    shaper = RecordShaper(stream, schema)
    for row in filter(None, near(schema)):
        # An unknown field has every field of its row looked at.
        cast = shaper.shape({**copy.deepcopy(row), "unknown": 0})
        del cast["unknown"]
        assert json.dumps(shaper.shape(row)) == json.dumps(cast)


def test_redact_leaves_other_values_alone() -> None:
    value = {"a": [1, "x", None, {"b": True}]}
    assert redact(value) == value
