"""Totals in a reporting currency, with figures worked out on paper."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.reporting_currency import FILE, Rate, ReportingCurrency, currency_code, read_rates

DAY = dt.date(2026, 10, 31)
RATES = """\ufeffCurrency, DATE ,rate,source
usd,2026-10-31,1.3745,bank
USD,2026-01-01,1.30,bank
EUR,2026-10-01,1.5,bank
USD,2026-11-01,9,bank

"""


def rates_of(folder: Path, text: str) -> tuple[Rate, ...]:
    path = folder / "rates.csv"
    path.write_text(text, encoding="utf-8")
    return read_rates(path)


def test_each_amount_is_converted_at_the_newest_rate_of_its_day(tmp_path: Path) -> None:
    """10.02 * 1.3745 = 13.772490 -> 13.77; 0.01 * 1.5 = 0.015 -> 0.02, half up; 5 are Canadian already."""
    cad = ReportingCurrency("CAD", rates_of(tmp_path, RATES))
    found = cad.total({"USD": Decimal("10.02"), "EUR": Decimal("0.01"), "CAD": Decimal("5.00")}, DAY)
    assert (found.amount, found.missing) == (Decimal("18.79"), None)
    assert [(rate.currency, rate.rate) for rate in found.rates] == [
        ("EUR", Decimal("1.5")),
        ("USD", Decimal("1.3745")),
    ]
    day_before = cad.total({"USD": Decimal("10.02")}, DAY - dt.timedelta(days=1))
    assert day_before.amount == Decimal("13.03")  # 13.026 at 1.30


def test_without_a_rate_the_total_is_unknown_and_a_sentence_says_so(tmp_path: Path) -> None:
    cad = ReportingCurrency("CAD", rates_of(tmp_path, RATES))
    found = cad.total({"CAD": Decimal(5), "GBP": Decimal(1), "EUR": Decimal(1)}, dt.date(2026, 9, 30))
    assert found.amount is None
    assert found.missing == (
        "There is no rate of EUR and GBP on or before 2026-09-30, so the total in CAD is unknown."
    )
    assert cad.total({"GBP": Decimal(0), "CAD": Decimal(5)}, DAY).amount == Decimal(5)
    unknown = cad.total({"CAD": Decimal(5), "EUR": None}, DAY)
    assert (unknown.amount, unknown.missing) == (
        None,
        "The amount in EUR is unknown, and so is the total in CAD.",
    )


@pytest.mark.parametrize(("code", "amount"), [("JPY", "154"), ("KWD", "154.320"), ("USD", "154.32")])
def test_a_total_has_the_digits_of_its_currency(code: str, amount: str) -> None:
    reporting = ReportingCurrency(code, (Rate(DAY, "EUR", Decimal("1.5432")),))
    assert str(reporting.total({"EUR": Decimal("100.00")}, DAY).amount) == amount


def test_it_is_kept_beside_the_marts(tmp_path: Path) -> None:
    marts = tmp_path / "freshbooks.duckdb"
    assert ReportingCurrency.beside(marts) is None
    kept = ReportingCurrency("CAD", rates_of(tmp_path, RATES))
    kept.save(marts)
    assert ReportingCurrency.beside(marts) == kept
    (tmp_path / FILE).write_text('{"currency": "CAD", "rates": [["2026-10-31", "USD"]]}')
    with pytest.raises(HubError, match="Set it again"):
        ReportingCurrency.beside(marts)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,rate\n2026-01-01,1\n", "no column currency"),
        ("", "no column date and no column currency and no column rate"),
        ("date,currency,rate\n2026-02-30,USD,1\n", "Line 2 of the rates cannot be read"),
        ("date,currency,rate\n2026-02-03,USD,1\n2026-02-03,US$,1\n", "Line 3"),
        ("date,currency,rate\n2026-02-03,USD,one\n", "Line 2"),
        ("date,currency,rate\n2026-02-03,USD\n", "Line 2"),
        ("date,currency,rate\n2026-02-03,USD,0\n", "a number above 0"),
        ("date,currency,rate\n2026-02-03,USD,NaN\n", "a number above 0"),
        ("date,currency,rate\n2026-02-03,USD,1\n2026-02-03,usd,2\n", "a second rate of USD for 2026-02-03"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(HubError, match=said.replace("$", r"\$")):
        rates_of(tmp_path, text)


def test_a_code_is_read_in_any_case_and_others_are_rejected() -> None:
    assert currency_code(" cAd ") == "CAD"
    for text in ("CA", "CAND", "C4D", "ÄÖÜ", ""):
        with pytest.raises(HubError, match="three letters"):
            currency_code(text)
