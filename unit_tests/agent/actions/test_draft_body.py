"""What is read back of a draft is compared with what was sent, field by field and line by line."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from freshbooks_hub.agent.actions.documents import differences

SENT: dict[str, Any] = {
    "customerid": 7,
    "create_date": "2026-11-02",
    "currency_code": "USD",
    "lines": [
        {
            "name": "Design", "description": "Website: 2026-10-20", "qty": Decimal("1.50"),
            "unit_cost": {"amount": "100.00", "code": "USD"}, "taxName1": "GST", "taxAmount1": "5",
        },
        {
            "name": "Staples", "description": "Expense of 2026-10-21", "qty": Decimal(1),
            "unit_cost": {"amount": "33.00", "code": "USD"}, "expenseid": 12,
        },
    ],
}  # fmt: skip


def stored() -> dict[str, Any]:
    """The same as FreshBooks writes it."""
    row = copy.deepcopy(SENT)
    first, second = row["lines"]
    first |= {"qty": "1.5", "taxAmount1": "5.00", "taxName2": "", "taxAmount2": "0", "expenseid": "0"}
    second |= {"qty": "1", "taxName1": None, "taxAmount1": None, "expenseid": "12", "name": " Staples "}
    return row | {"customerid": "7", "amount": {"amount": "190.50", "code": "USD"}}


def test_the_same_draft_differs_in_nothing() -> None:
    assert differences(SENT, stored()) == ()


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        (0, "qty", "2.5"),
        (0, "qty", None),
        (1, "qty", "1.01"),
        (0, "unit_cost", {"amount": "100.01", "code": "USD"}),
        (0, "name", "Workshop"),
        (0, "description", ""),
        (0, "taxName1", "HST"),
        (0, "taxAmount1", "13"),
        (1, "taxName2", "GST"),
        (1, "expenseid", "13"),
        (0, "expenseid", "12"),
    ],
)
def test_every_field_of_a_line_counts(line: int, field: str, value: Any) -> None:
    row = stored()
    row["lines"][line] |= {field: value} | ({"taxAmount2": "5"} if field == "taxName2" else {})
    assert differences(SENT, row) == (f"line {line + 1}",)


@pytest.mark.parametrize(
    ("field", "value"), [("customerid", 8), ("create_date", "2026-11-03"), ("currency_code", "CAD")]
)
def test_every_field_of_the_head_counts(field: str, value: Any) -> None:
    assert differences(SENT, stored() | {field: value}) == (field,)


def test_a_missing_or_added_line_is_told() -> None:
    row = stored()
    for lines in (row["lines"][:1], [*row["lines"], row["lines"][0]], [], None):
        assert differences(SENT, row | {"lines": lines}) == ("lines",)
