"""Accrual and cash, worked out on paper: two taxes of which one is compound, paid in parts, and costs of goods sold.

Invoice 1 of January 10: 1000.00 with GST 5 % and QST 9.975 % on top of it, and 200.00 with GST alone.
    GST 50.00 + 10.00 = 60.00; QST 9.975 % of 1050.00 = 104.7375, so 104.74; with tax 1364.74.
    Paid 500.00 on February 5 and 864.74 on March 20. The first covers 500.00 / 1364.74 of everything:
    439.6442 of 1200.00, 21.9822 of the GST, 38.3736 of the QST, 366.3701 of the 1000.00; the second covers the rest.
Invoice 2 of February 1: 100.00 with GST 5.00, paid by a goodwill credit of February 10 over the same: no cash at all.
Invoice 3 of March 1: 200.00 with GST 10.00, paid on March 2 out of a prepayment of February 20: cash when it is used.
Other income of March 5: 105.00 with GST, so 100.00 and 5.00.
Expense of January 20: goods for 100.00 with GST 5.00; of March 10: travel for 20.00 with GST 1.00.
Bill 1 of February 3: goods for 300.00 with GST 15.00; a third of it, 105.00, is paid on March 15.
Bill 2 of February 10: travel for 90.00 without tax; 30.00 of it is paid on March 25.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from unit_tests.dbt.books import availability, bill, credit
from unit_tests.dbt.builds import BUILD, Build, Dbt
from unit_tests.dbt.ledger import ONE, client, expense, flags, invoice, line, money, payment, rows
from unit_tests.dbt.raw_tables import Row, Rows
from unit_tests.dbt.reports import OBSERVED

MONTHS = {
    "jan": ("2026-01-01", "2026-01-31"),
    "feb": ("2026-02-01", "2026-02-28"),
    "mar": ("2026-03-01", "2026-03-31"),
}
EXPENSES = {("accrual", "feb"): "90.00", ("accrual", "mar"): "20.00", ("cash", "mar"): "50.00"}
# By basis and month: income of the profit and loss, what was invoiced with tax (or paid of it), and by tax what was
# collected and paid, each with what it is of.
PAPER: dict[tuple[str, str], tuple[str, str, dict[str, tuple[str, str, str, str]]]] = {
    ("accrual", "jan"): (
        "1100.00",
        "1364.74",
        {
            "GST": ("60.00", "5.00", "1200.00", "100.00"),
            "QST": ("104.74", "0.00", "1000.00", "0.00"),
        },
    ),
    ("accrual", "feb"): ("-300.00", "105.00", {"GST": ("0.00", "15.00", "0.00", "300.00")}),
    ("accrual", "mar"): ("300.00", "210.00", {"GST": ("15.00", "1.00", "300.00", "20.00")}),
    ("cash", "jan"): ("-100.00", "0.00", {"GST": ("0.00", "5.00", "0.00", "100.00")}),
    ("cash", "feb"): (
        "439.64",
        "500.00",
        {
            "GST": ("21.98", "0.00", "439.64", "0.00"),
            "QST": ("38.37", "0.00", "366.37", "0.00"),
        },
    ),
    # 760.36 of invoice 1, 200.00 of invoice 3, 100.00 earned otherwise, less 100.00 paid for goods.
    ("cash", "mar"): (
        "960.36",
        "1074.74",
        {
            "GST": ("53.02", "6.00", "1060.36", "120.00"),
            "QST": ("66.37", "0.00", "633.63", "0.00"),
        },
    ),
}
GST = {"taxName1": "GST", "taxAmount1": "5"}


def books() -> Rows:
    small = rows()
    qst = {"taxName2": "QST", "taxAmount2": "9.975", "compounded_tax": True}
    paid = {"paid": "105.00", "v3_status": "paid"}
    tables: Rows = {
        "businesses": [row for row in small["businesses"] if row["business_id"] == 1],
        "expense_categories": [row for row in small["expense_categories"] if row["business_id"] == 1],
        "clients": [client(ONE, 8)],
        "invoices": [
            invoice(
                ONE,
                1,
                8,
                "1364.74",
                "2026-02-10",
                paid="1364.74",
                create_date="2026-01-10",
                lines=[line("1000.00", **GST, **qst), line("200.00", **GST, lineid=2)],
            ),
            invoice(
                ONE,
                2,
                8,
                "105.00",
                "2026-03-01",
                create_date="2026-02-01",
                lines=[line("100.00", **GST)],
                **paid,
            ),
            invoice(
                ONE,
                3,
                8,
                "210.00",
                "2026-04-01",
                paid="210.00",
                create_date="2026-03-01",
                lines=[line("200.00", **GST)],
            ),
        ],
        "payments": [
            payment(ONE, 1, 1, "500.00", date="2026-02-05"),
            payment(ONE, 2, 1, "864.74", date="2026-03-20"),
            payment(ONE, 3, 2, "105.00", date="2026-02-15", from_credit=True, creditid=1, type="Credit"),
            payment(ONE, 4, 3, "210.00", date="2026-03-02", from_credit=True, creditid=2, type="Credit"),
        ],
        "credit_notes": [
            credit(
                1,
                "105.00",
                "105.00",
                "goodwill",
                create_date="2026-02-10",
                lines=[line("100.00", **GST)],
            ),
            credit(2, "210.00", "210.00", "prepayment", create_date="2026-02-20"),
        ],
        "other_income": [
            {
                **ONE,
                **flags(0),
                "incomeid": 1,
                "amount": money("105.00"),
                "date": "2026-03-05",
                "source": "Etsy",
                "taxes": [{"name": "GST", "amount": "5"}],
                "updated_at_utc": "2026-05-01 10:00:00",
            }
        ],
        "expenses": [
            expense(ONE, 1, 12, "105.00", "2026-01-20", taxName1="GST", taxAmount1=money("5.00")),
            expense(ONE, 2, 11, "21.00", "2026-03-10", taxName1="GST", taxAmount1=money("1.00")),
        ],
        "bills": [
            bill(
                1,
                "300.00",
                "2026-03-31",
                issue_date="2026-02-03",
                tax_amount=money("15.00"),
                total_amount=money("315.00"),
                paid="105.00",
                outstanding=money("210.00"),
                lines=[
                    {
                        "categoryid": 12,
                        "amount": money("300.00"),
                        "tax_name1": "GST",
                        "tax_amount1": money("15.00"),
                    }
                ],
            ),
            bill(
                2,
                "90.00",
                "2026-03-31",
                paid="30.00",
                issue_date="2026-02-10",
                lines=[{"categoryid": 11, "amount": money("90.00")}],
            ),
        ],
        "bill_payments": [
            {**ONE, **flags(0), "id": 1, "billid": 1, "amount": money("105.00"), "paid_date": "2026-03-15"},
            {**ONE, **flags(0), "id": 2, "billid": 2, "amount": money("30.00"), "paid_date": "2026-03-25"},
        ],
        "report_profit_and_loss": [],
        "report_tax_summary": [],
    }
    for (basis, month), (income, invoiced, taxes) in PAPER.items():
        first, last = MONTHS[month]
        head = {**ONE, **OBSERVED, "currency_code": "USD", "start_date": first, "end_date": last}
        head |= {"basis": basis, "cash_based": basis == "cash"}
        spent = EXPENSES.get((basis, month), "0.00")
        tables["report_profit_and_loss"].append(
            {
                **head,
                "income": [],
                "expenses": [],
                "total_income": {"description": "Gross Profit", "total": money(income)},
                "total_expenses": {"description": "Total Expenses", "total": money(spent)},
            }
        )
        tables["report_tax_summary"].append({**head, **_tax_summary(invoiced, taxes)})
    return tables | {"stream_availability": availability(tables)}


def _tax_summary(invoiced: str, taxes: dict[str, tuple[str, str, str, str]]) -> Row:
    shown = [
        {"tax_name": name, "tax_collected": money(collected), "tax_paid": money(paid)}
        for name, (collected, paid, _, _) in taxes.items()
    ]
    return {"taxes": shown, "total_invoiced": money(invoiced)}


@pytest.fixture(scope="module")
def built(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Build:
    marts = ("fb_reconciliation", "sales_tax", "profit_and_loss")
    found = dbt.run(tmp_path_factory.mktemp("bases"), books(), *BUILD, only=marts)
    assert found.succeeded, found.output
    return found


def month_of(day: Any) -> str:
    return next(month for month, (first, _) in MONTHS.items() if first == day.isoformat())


def test_sales_tax_is_that_of_the_paper(built: Build) -> None:
    found: dict[tuple[str, str], dict[str, tuple[Decimal, ...]]] = {}
    for row in built.dicts("sales_tax"):
        of_month = found.setdefault((row["basis"], month_of(row["month_start_date"])), {})
        of_month[row["tax_name"]] = (
            row["tax_collected_amount"],
            row["tax_paid_amount"],
            row["taxable_collected_amount"],
            row["taxable_paid_amount"],
        )
        assert row["net_tax_amount"] == row["tax_collected_amount"] - row["tax_paid_amount"]
        assert row["gap_reason"] is None
    assert found == {
        key: {name: tuple(map(Decimal, amounts)) for name, amounts in taxes.items()}
        for key, (_, _, taxes) in PAPER.items()
    }


def test_the_lines_behind_it_name_document_and_payment(built: Build) -> None:
    lines = built.query(
        "select document_type, document_id, payment_id, event_date::varchar, tax_name, tax_amount "
        "from published.marts.sales_tax_lines where basis = 'cash' and month_start_date = '2026-03-01' order by all"
    )
    assert lines == [
        ("bill", 1, 1, "2026-03-15", "GST", Decimal("5.00")),
        ("expense", 2, None, "2026-03-10", "GST", Decimal("1.00")),
        ("invoice", 1, 2, "2026-03-20", "GST", Decimal("38.02")),
        ("invoice", 1, 2, "2026-03-20", "QST", Decimal("66.37")),
        ("invoice", 3, 4, "2026-03-02", "GST", Decimal("10.00")),
        ("other income", 1, None, "2026-03-05", "GST", Decimal("5.00")),
    ]


@pytest.mark.parametrize(
    ("basis", "name"),
    [
        ("accrual", "net revenue to profit and loss income"),
        ("cash", "collected revenue to profit and loss income, cash basis"),
    ],
)
def test_revenue_is_bridged_to_the_income_of_each_basis(built: Build, basis: str, name: str) -> None:
    checks = [row for row in built.dicts("fb_reconciliation") if row["check_name"] == name]
    found = {month_of(row["start_date"]): (row["our_amount"], row["difference_amount"]) for row in checks}
    assert found == {
        month: (Decimal(income), Decimal(0)) for (of, month), (income, _, _) in PAPER.items() if of == basis
    }


@pytest.mark.parametrize(
    ("basis", "name"),
    [("accrual", "profit and loss, expenses"), ("cash", "profit and loss, expenses, cash basis")],
)
def test_expenses_tie_on_each_basis(built: Build, basis: str, name: str) -> None:
    checks = [row for row in built.dicts("fb_reconciliation") if row["check_name"] == name]
    assert {month_of(row["start_date"]): row["our_amount"] for row in checks} == {
        month: Decimal(EXPENSES.get((basis, month), "0")) for month in MONTHS
    }
    assert all(row["is_ok"] and not row["difference_amount"] for row in checks)


def test_the_tax_summary_of_each_basis_ties(built: Build) -> None:
    checks = [row for row in built.dicts("fb_reconciliation") if row["check_name"].startswith("tax summary")]
    assert {row["check_name"] for row in checks} == {
        f"tax summary, {side}{basis}"
        for side in ("collected", "paid", "total invoiced")
        for basis in ("", ", cash basis")
    }
    assert [row for row in checks if row["difference_amount"] or not row["is_ok"]] == []


def test_profit_and_loss_has_a_row_for_each_basis(built: Build) -> None:
    shown = {
        (row["basis"], month_of(row["start_date"])): row["line_amount"]
        for row in built.dicts("profit_and_loss")
        if row["section"] == "total income"
    }
    assert shown == {key: Decimal(income) for key, (income, _, _) in PAPER.items()}
