"""Amounts have the decimals of their currency, and lose none."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from freshbooks_hub.core.currencies import NONE, THREE, amount_text, in_decimals, with_code

MACROS = Path(__file__).parents[3] / "dbt_project" / "macros" / "currencies.sql"


@pytest.mark.parametrize(
    ("amount", "code", "written"),
    [
        ("10.000", "USD", "10.00"),
        ("10.000", "KWD", "10.000"),
        ("10.000", "JPY", "10"),
        ("10.000", None, "10.00"),
        ("1200.500", "JPY", "1,200.50"),
        ("10.125", "USD", "10.125"),
        ("0.000", "USD", "0.00"),
        ("-1234567.100", "EUR", "-1,234,567.10"),
        (
            "99999999999999999999999999999999999.125",
            "USD",
            "99,999,999,999,999,999,999,999,999,999,999,999.125",
        ),
    ],
)
def test_an_amount_is_written_with_the_decimals_of_its_currency(
    amount: str, code: str | None, written: str
) -> None:
    assert amount_text(Decimal(amount), code) == written
    assert in_decimals(Decimal(amount), code) == Decimal(amount)
    if code:
        assert with_code(amount, code) == f"{written} {code}"


def test_the_marts_round_the_same_currencies() -> None:
    text = MACROS.read_text()
    for name, codes in (("currencies_without_decimals", NONE), ("currencies_of_more_decimals", THREE)):
        macro = text.partition(f"macro {name}(")[2].partition("endmacro")[0]
        assert set(re.findall(r"'([A-Z]{3})'", macro)) == set(codes.split())
