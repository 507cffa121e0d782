"""What models and clients put into arguments means what a person would take it for, or is refused in a sentence."""

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic_core import from_json

from freshbooks_hub.agent.mcp.arguments import ADDED_BY_CLIENTS, HALF, WrongArguments, mark_halves, normalized
from freshbooks_hub.agent.reads.models import Day


class Tax(BaseModel, extra="forbid"):
    name: str
    amount: str


class Arguments(BaseModel):
    vendor: str
    client: Annotated[str | None, Field(description="…", max_length=200)] = None
    status: Literal["open", "paid"] = "open"
    limit: Annotated[int, Field(ge=1)] = 25
    business_id: int | None = None
    only: bool = False
    taxes: list[Tax] | None = None
    names: list[str] | None = None
    notes: str = ""


def given_as(**arguments: Any) -> dict[str, Any]:
    """What is left of the arguments beside the required one."""
    found = normalized({"vendor": "Dell", **arguments}, Arguments.model_fields)
    Arguments.model_validate(found)
    return {name: value for name, value in found.items() if name != "vendor"}


BLANKS = (
    None,
    "",
    "  ",
    "\t\n",
    "\u00a0",
    "\u200b\ufeff",
    [None],
    [""],
    [[" "], {}],
    {},
    {"name": ""},
    "null",
    '[""]',
)


@pytest.mark.parametrize("name", [name for name in Arguments.model_fields if name != "vendor"])
@pytest.mark.parametrize("blank", BLANKS, ids=repr)
def test_a_blank_means_not_given(name: str, blank: Any) -> None:
    if name in ("taxes", "names") or not isinstance(blank, str) or not blank.startswith("["):
        assert given_as(**{name: blank}) == {}


@pytest.mark.parametrize("blank", [None, "", " ", "\u200b"], ids=repr)
def test_what_is_required_and_blank_is_asked_for(blank: Any) -> None:
    with pytest.raises(WrongArguments, match="vendor: Field required"):
        normalized({"vendor": blank}, Arguments.model_fields)


def test_an_empty_list_is_meant_and_blank_parts_are_not() -> None:
    assert given_as(names=[]) == {"names": []}
    assert given_as(names=["", "HST", None]) == {"names": ["HST"]}
    assert given_as(taxes=[{"name": "HST", "amount": 6.21}, {"name": "", "amount": None}]) == {
        "taxes": [{"name": "HST", "amount": "6.21"}]
    }
    assert given_as(taxes='[{"name": "HST", "amount": 6.20}]') == {
        "taxes": [{"name": "HST", "amount": "6.20"}]
    }


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (217501, "217501"),
        (12.5, "12.5"),
        (0.1, "0.1"),
        (5.0, "5"),
        (1e-7, "0.0000001"),
        (123456789012.34, "123456789012.34"),
    ],
)
def test_a_number_for_text_is_the_text_as_it_was_written(number: float, text: str) -> None:
    assert given_as(client=number, names=[number], notes=number) == {
        "client": text,
        "names": [text],
        "notes": text,
    }


@given(cents=st.integers(1, 10**14))
def test_no_amount_gains_or_loses_a_digit_on_its_way_through_a_float(cents: int) -> None:
    from decimal import Decimal

    amount = Decimal(cents) / 100
    assert Decimal(given_as(client=float(amount))["client"]) == amount


@pytest.mark.parametrize("number", [0.1 + 0.2, float("inf"), float("nan"), 12345678901234567.0])
def test_a_number_that_is_not_exact_is_refused(number: float) -> None:
    with pytest.raises(WrongArguments, match="Write it as text"):
        given_as(client=number)


def test_text_for_numbers_is_left_to_the_tools_own_check() -> None:
    assert Arguments.model_validate(
        {"vendor": "x", **given_as(limit=" 5 ", business_id="439000", only="true")}
    ) == (Arguments(vendor="x", limit=5, business_id=439000, only=True))
    assert given_as(limit=5, only=True) == {"limit": 5, "only": True}


def test_additions_of_clients_are_dropped_and_other_names_refused() -> None:
    assert given_as(**dict.fromkeys(ADDED_BY_CLIENTS, "call_abc")) == {}
    assert {"toolCallId", "sessionId", "action", "chatInput", "_meta"} == ADDED_BY_CLIENTS
    with pytest.raises(WrongArguments, match="Its arguments: business_id, client,"):
        given_as(customer="Acme", toolCallId="x")


def test_an_own_argument_of_such_a_name_is_kept() -> None:
    own = create_model("Own", action=(str, ...))
    assert normalized({"action": "send"}, own.model_fields) == {"action": "send"}


@pytest.mark.parametrize("value", ["a\ud800b", ["x", "\udfff"], {"name": "\ud83d"}, f"a{HALF}"])
def test_half_a_character_is_refused_without_being_repeated(value: Any) -> None:
    with pytest.raises(WrongArguments, match="lone surrogate") as refused:
        given_as(taxes=value)
    str(refused.value).encode()


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (r'{"a": "\ud800"}', HALF),
        (r'{"a": "\uDFFFx"}', f"{HALF}x"),
        (r'{"a": "\ud83d\ud83d\ude00"}', f"{HALF}\U0001f600"),
        (r'{"a": "\ud83d\ude00"}', "\U0001f600"),
        (r'{"a": "\\ud800"}', r"\ud800"),
        (r'{"a": "\"\u00e9\n"}', '"é\n'),
    ],
)
def test_a_line_with_half_a_character_can_be_read(line: str, read: str) -> None:
    assert from_json(mark_halves(line)) == {"a": read}


@pytest.mark.parametrize("value", [0, 86_400, "0", "20260101", "2026", 2026.0, True])
def test_a_day_is_never_made_of_a_number(value: Any) -> None:
    days = create_model("Days", day=(Day, ...))
    with pytest.raises(ValidationError, match="YYYY-MM-DD"):
        days(day=value)
    assert days(day="2026-01-31").day == date(2026, 1, 31)  # type: ignore[attr-defined]
