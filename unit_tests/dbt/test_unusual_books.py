"""Books that are legal though they are not what we guess of FreshBooks: published, and the differences named."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from unit_tests.dbt.books import all_rows, bill, credit
from unit_tests.dbt.builds import TODAY, Build, Dbt
from unit_tests.dbt.ledger import ONE, client, invoice, line, money, payment
from unit_tests.dbt.raw_tables import Row, Rows

EUR = {"code": "EUR"}  # no other row of this business is in euros
CLIENT = 600


def _invoice(number: int, amount: str, **more: Any) -> Row:
    made = invoice(ONE, number, CLIENT, amount, "2026-08-01", **{**EUR, **more})
    return {**made, "create_date": more.get("create_date", "2026-06-01")}


def _payment(number: int, invoiceid: int | None, amount: str, day: str, **more: Any) -> Row:
    made = payment(ONE, number, invoiceid or 0, amount, "EUR", date=day, clientid=CLIENT)
    return {**made, "invoiceid": invoiceid, **more}


def _credit(number: int, amount: str, kind: str, day: str) -> Row:
    made = credit(number, amount, "0.00", kind, clientid=CLIENT, currency_code="EUR", create_date=day)
    return {**made, "amount": money(amount, "EUR"), "paid": money("0.00", "EUR"), "lines": []}


def unusual() -> Rows:
    tables = all_rows()
    tables["clients"].append(client(ONE, CLIENT, currency_code="EUR"))
    flat = {"discount": {"type": "flat", "amount": money("500.00", "EUR")}, "discount_value": "500.00"}
    late_fee = _invoice(606, "100.00", paid="0.00", lines=[line("100.00", "EUR")])
    tables["invoices"] += [
        _invoice(601, "67.00", lines=[line("62.00", "EUR")]),  # 5.00 more than its lines
        _invoice(602, "80.00", paid="10.00"),  # its payments are 20.00
        _invoice(
            603,
            "1000.00",
            lines=[line("1500.00", "EUR", taxName1="T", taxAmount1="10")],
            discount_total=money("-500.00", "EUR"),
            **flat,
        ),
        _invoice(604, "113.00", lines=[line("113.00", "EUR", taxName1="HST", taxAmount1="13")]),  # tax inside
        _invoice(605, "100.00", paid="100.00", v3_status="paid"),  # paid three times over, see below
        {**late_fee, "outstanding": money("105.00", "EUR")},  # a late fee is on top
        _invoice(607, "30.00"),  # its payment was read a minute later
        _invoice(608, "40.00", lines=[None, line("40.00", "EUR")]),
        _invoice(609, "41.00", lines=[line("1,00", "EUR")]),
        _invoice(610, "42.00", lines=[line("42.00", "GBP")]),
        _invoice(611, "43.00", lines=[line("43.00", "EUR", taxName1="T", taxAmount1="1e9")]),
        _invoice(612, "44.00", due_date=None),
    ]
    tables["payments"] += [
        _payment(602, 602, "20.00", "2026-06-02"),
        _payment(605, 605, "120.00", "2026-04-10", overpaymentid=605),
        _payment(615, 605, "50.00", "2026-05-10", overpaymentid=615),
        _payment(607, 607, "30.00", "2026-07-01"),
        _payment(608, None, "500.00", "2026-03-05"),
        _payment(609, 601, "1.00", "2026-06-03") | {"amount": money("1.00", "CAD")},
    ]
    tables["credit_notes"] += [
        _credit(605, "20.00", "overpayment", "2026-04-10"),
        _credit(615, "50.00", "overpayment", "2026-05-10"),
        _credit(608, "500.00", "prepayment", "2026-03-05"),
    ]
    tables["bills"].append(bill(601, "50.00", "2026-07-01") | {"amount": money("40.00")})
    tables["bills"].append(bill(602, "50.00", "2026-07-01", due_date=None))
    tables["bills"].append(bill(603, "50.00", "2026-07-01") | {"outstanding": money("60.00")})
    # Elements of lists that are no objects.
    tables["clients"].append(client(ONE, 601, contacts=[None, "x", {}], credit_balance=[1, {"amount": "2"}]))
    tables["expense_categories"] += [
        {**tables["expense_categories"][0], "categoryid": one, "parentid": two}
        for one, two in ((1, 2), (2, 1))
    ]
    for stream, name in (("report_revenue_by_client", "clients"), ("report_invoice_details", "clients")):
        tables[stream][0][name] = [None, "x", {}, *tables[stream][0][name]]
    return tables


@pytest.fixture(scope="module")
def built(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Build:
    arguments = ("build", "--exclude-resource-type", "unit_test")
    return dbt.run(tmp_path_factory.mktemp("unusual"), unusual(), *arguments, variables=TODAY)


def test_they_are_published(built: Build) -> None:
    assert built.succeeded, built.output


def test_every_difference_is_flagged_and_its_rows_are_named(built: Build) -> None:
    wrong: dict[str, set[str]] = defaultdict(set)
    for row in built.dicts("fb_reconciliation"):
        if row["check_kind"] == "own_arithmetic" and not row["is_ok"]:
            wrong[row["check_name"]] |= {part.split(":")[0] for part in row["wrong_rows"].split("; ")}
    assert wrong == {
        "invoice amount is lines less discount plus tax": {f"invoice {n}" for n in (601, 603, 604, 609, 610)},
        "invoice paid is payments plus credits applied": {"invoice 602", "invoice 607"},
        "invoice outstanding is amount less paid": {"invoice 606"},
        "bill outstanding is total less paid": {"bill 603"},
        "bill total is amount plus tax": {"bill 601"},
        "payment is in the currency of its invoice": {"payment 609"},
    }


def test_prepayments_and_overpayments_are_cash_in_their_months_and_no_revenue(built: Build) -> None:
    found = {
        row["month_start_date"].month: (
            row["collected_amount"],
            row["paid_in_credit_amount"],
            row["money_in_amount"],
        )
        for row in built.dicts("cash_monthly")
        if row["currency_code"] == "EUR" and (row["collected_amount"] or row["paid_in_credit_amount"])
    }
    assert found == {
        3: (0, Decimal(500), Decimal(500)),
        4: (Decimal(100), Decimal(20), Decimal(120)),
        5: (0, Decimal(50), Decimal(50)),
        6: (Decimal(20), 0, Decimal(20)),
        7: (Decimal(30), 0, Decimal(30)),
    }


def test_an_invoice_without_a_due_date_is_open_and_never_overdue(built: Build) -> None:
    (row,) = (r for r in built.dicts("ar_aging") if r["invoice_id"] == 612 and r["is_latest"])
    assert (row["due_date"], row["days_overdue"], row["aging_bucket"]) == (None, 0, "current")
    (row,) = (r for r in built.dicts("bills") if r["bill_id"] == 602)
    assert (row["due_date"], row["days_overdue"], row["bill_status"]) == (None, 0, "unpaid")


def test_a_late_fee_is_owed(built: Build) -> None:
    (row,) = (r for r in built.dicts("ar_aging") if r["invoice_id"] == 606 and r["is_latest"])
    assert row["outstanding_amount"] == Decimal("105.00")


def test_lines_that_cannot_be_read_are_listed_with_their_place(built: Build) -> None:
    found = {
        (r["row_key"], r["column_name"], r["why"], r["is_row_published"])
        for r in built.dicts("fb_rejected_rows")
        if "." in r["column_name"]
    }
    assert found == {
        ("608", "lines.1.amount", "unreadable", True),
        ("609", "lines.1.amount", "unreadable", True),
        ("609", "lines.1.unit_cost", "unreadable", True),
        ("610", "lines.1.amount", "two_currencies", True),
        ("611", "lines.1.tax1_percent", "unreadable", True),
    }


def test_elements_that_hold_nobody_are_no_contacts(built: Build) -> None:
    assert [r["contact_key"] for r in built.dicts("crm_contacts") if r["client_id"] == 601] == [
        "client 601, primary"
    ]
