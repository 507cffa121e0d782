"""Dinars have three decimals and yen none, worked out on paper, on both bases.

In dinars: an invoice of January 10: 10.125 with VAT 5 %, 0.50625 and so 0.506, and 2.250 without; with tax 12.881.
    5.000 of it is paid on February 5: 5.000 / 12.881 of 12.375 is 4.804 (4.80359), of the VAT 0.196 (0.19641), of the
    10.125 that it is of 3.930 (3.93021).
    An expense of January 20: 3.105 with VAT 0.148, so 2.957. Other income of February 3: 1.055 with 5 % is 1.005 and
    0.050 (1.00476).
In yen: an invoice of January 10: 1005 with tax 8 %, 80.4 and so 80; with tax 1085.
    500 of it is paid on February 5: of 1005 that is 463 (463.13), of the tax 37 (36.87).
    An expense of January 20: 330 with tax 30, so 300. Other income of February 3: 540 with 8 % is 500 and 40.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from unit_tests.dbt.books import availability
from unit_tests.dbt.builds import BUILD, Build, Dbt
from unit_tests.dbt.ledger import ONE, client, expense, flags, invoice, line, money, payment, rows
from unit_tests.dbt.raw_tables import Row, Rows
from unit_tests.dbt.reports import OBSERVED

MONTHS = {"jan": ("2026-01-01", "2026-01-31"), "feb": ("2026-02-01", "2026-02-28")}
# By currency, basis and month: income, expenses, what was invoiced (or paid of it), tax collected and paid, and what
# the collected tax is of.
PAPER: dict[tuple[str, str, str], tuple[str, str, str, str, str, str]] = {
    ("KWD", "accrual", "jan"): ("12.375", "2.957", "12.881", "0.506", "0.148", "10.125"),
    ("KWD", "accrual", "feb"): ("1.005", "0.000", "0.000", "0.050", "0.000", "1.005"),
    ("KWD", "cash", "jan"): ("0.000", "2.957", "0.000", "0.000", "0.148", "0.000"),
    ("KWD", "cash", "feb"): ("5.809", "0.000", "5.000", "0.246", "0.000", "4.935"),
    ("JPY", "accrual", "jan"): ("1005", "300", "1085", "80", "30", "1005"),
    ("JPY", "accrual", "feb"): ("500", "0", "0", "40", "0", "500"),
    ("JPY", "cash", "jan"): ("0", "300", "0", "0", "30", "0"),
    ("JPY", "cash", "feb"): ("963", "0", "500", "77", "0", "963"),
}


def books() -> Rows:
    small = rows()
    tables: Rows = {
        "businesses": [row for row in small["businesses"] if row["business_id"] == 1],
        "expense_categories": [row for row in small["expense_categories"] if row["business_id"] == 1],
        "clients": [client(ONE, 1, currency_code="KWD"), client(ONE, 2, currency_code="JPY")],
        **{name: [] for name in ("credit_notes", "bills", "bill_payments")},
        **{name: [] for name in ("report_profit_and_loss", "report_tax_summary")},
    }
    vat, tax = {"taxName1": "VAT", "taxAmount1": "5"}, {"taxName1": "VAT", "taxAmount1": "8"}
    issued = {"create_date": "2026-01-10", "v3_status": "partial"}
    dinars = [line("10.125", "KWD", **vat), line("2.250", "KWD", lineid=2)]
    yen = [line("1005", "JPY", **tax)]
    due = "2026-02-10"
    tables["invoices"] = [
        invoice(ONE, 1, 1, "12.881", due, paid="5.000", code="KWD", lines=dinars, **issued),
        invoice(ONE, 2, 2, "1085", due, paid="500", code="JPY", lines=yen, **issued),
    ]
    tables["payments"] = [
        payment(ONE, 1, 1, "5.000", "KWD", date="2026-02-05"),
        payment(ONE, 2, 2, "500", "JPY", date="2026-02-05"),
    ]
    tables["expenses"] = [
        expense(ONE, 1, 11, "3.105", "2026-01-20", "KWD", taxName1="VAT", taxAmount1=money("0.148", "KWD")),
        expense(ONE, 2, 11, "330", "2026-01-20", "JPY", taxName1="VAT", taxAmount1=money("30", "JPY")),
    ]
    tables["other_income"] = [_income(1, "1.055", "KWD", "5"), _income(2, "540", "JPY", "8")]
    for (code, basis, month), (income, spent, invoiced, collected, paid, _) in PAPER.items():
        first, last = MONTHS[month]
        head = {**ONE, **OBSERVED, "currency_code": code, "start_date": first, "end_date": last}
        head |= {"basis": basis, "cash_based": basis == "cash"}
        tables["report_profit_and_loss"].append(
            {
                **head,
                "income": [],
                "expenses": [],
                "total_income": {"description": "Gross Profit", "total": money(income, code)},
                "total_expenses": {"description": "Total Expenses", "total": money(spent, code)},
            }
        )
        told = {"tax_name": "VAT", "tax_collected": money(collected, code), "tax_paid": money(paid, code)}
        tables["report_tax_summary"].append(
            {**head, "taxes": [told], "total_invoiced": money(invoiced, code)}
        )
    return tables | {"stream_availability": availability(tables)}


def _income(number: int, amount: str, code: str, percent: str) -> Row:
    taxes = [{"name": "VAT", "amount": percent}]
    made = {"incomeid": number, "amount": money(amount, code), "date": "2026-02-03", "taxes": taxes}
    return {**ONE, **flags(0), "source": "Etsy", "updated_at_utc": "2026-05-01 10:00:00", **made}


@pytest.fixture(scope="module")
def built(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Build:
    marts = ("fb_reconciliation", "sales_tax", "profit_and_loss")
    found = dbt.run(tmp_path_factory.mktemp("decimals"), books(), *BUILD, only=marts)
    assert found.succeeded, found.output
    return found


def test_taxes_are_those_of_the_paper(built: Build) -> None:
    found = {
        (row["currency_code"], row["basis"], row["month_start_date"].month): (
            row["tax_collected_amount"],
            row["tax_paid_amount"],
            row["taxable_collected_amount"],
        )
        for row in built.dicts("sales_tax")
    }
    assert found == {
        (code, basis, list(MONTHS).index(month) + 1): tuple(map(Decimal, (collected, paid, taxed)))
        for (code, basis, month), (_, _, _, collected, paid, taxed) in PAPER.items()
    }


def test_the_profit_and_loss_shows_what_freshbooks_does(built: Build) -> None:
    found = {
        (row["currency_code"], row["basis"], row["start_date"].month): row["line_amount"]
        for row in built.dicts("profit_and_loss")
        if row["section"] == "total income"
    }
    assert found == {
        (code, basis, list(MONTHS).index(month) + 1): Decimal(income)
        for (code, basis, month), (income, *_) in PAPER.items()
    }


def test_everything_ties_to_the_last_decimal(built: Build) -> None:
    checks = built.dicts("fb_reconciliation")
    assert {row["currency_code"] for row in checks if row["check_kind"] == "freshbooks_report"} == {
        "KWD",
        "JPY",
    }
    assert [row for row in checks if row["difference_amount"] or not row["is_ok"]] == []


def test_balances_are_exact(built: Build) -> None:
    found = {row["currency_code"]: row["outstanding_amount"] for row in built.dicts("outstanding_balances")}
    assert found == {"KWD": Decimal("7.881"), "JPY": Decimal(585)}
