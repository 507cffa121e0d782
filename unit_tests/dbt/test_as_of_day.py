"""What is dated after the as-of day is in no balance, whichever mart is asked (unusual_books.py has the rows)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from unit_tests.dbt.builds import Build
from unit_tests.dbt.ledger import AS_OF_DATE
from unit_tests.dbt.raw_tables import Row

TODAY = dt.date.fromisoformat(AS_OF_DATE)


def in_francs(build: Build, mart: str) -> list[Row]:
    return [row for row in build.dicts(mart) if row["currency_code"] == "CHF"]


def test_invoices_balances_and_aging_agree_about_what_is_open(odd_build: Build) -> None:
    """621 is paid tomorrow, 622 issued tomorrow, and 20 of 623 are settled with a credit the day after."""
    invoices = {row["invoice_id"]: row for row in in_francs(odd_build, "invoices")}
    assert {number: row["outstanding_amount"] for number, row in invoices.items() if row["is_open"]} == {
        621: Decimal(100),
        623: Decimal(100),
    }
    (balance,) = in_francs(odd_build, "outstanding_balances")
    aged = {row["invoice_id"]: row for row in in_francs(odd_build, "ar_aging") if row["is_latest"]}
    assert {number: row["outstanding_amount"] for number, row in aged.items()} == {
        621: Decimal(100),
        623: Decimal(100),
    }
    assert (balance["outstanding_amount"], balance["open_invoice_count"]) == (Decimal(200), 2)
    assert balance["overdue_amount"] == Decimal(100)
    assert aged[621]["days_overdue"] == invoices[621]["days_overdue"] == 15


def test_what_is_dated_later_is_shown_with_its_day(odd_build: Build) -> None:
    invoices = {row["invoice_id"]: row for row in in_francs(odd_build, "invoices")}
    assert [number for number, row in invoices.items() if row["is_dated_later"]] == [622]
    paid_tomorrow = invoices[621]
    assert (paid_tomorrow["invoice_status"], paid_tomorrow["paid_date"]) == ("overdue", None)
    (balance,) = in_francs(odd_build, "outstanding_balances")
    assert (balance["issued_later_amount"], balance["paid_later_amount"]) == (Decimal(100), Decimal(120))
    days = {row["payment_date"] for row in in_francs(odd_build, "payments")}
    assert min(days) > TODAY


def test_a_credit_applied_or_given_later_is_unused_or_not_there(odd_build: Build) -> None:
    (balance,) = in_francs(odd_build, "outstanding_balances")
    assert balance["unapplied_credit_amount"] == Decimal(20)
    credits = {
        row["credit_id"]: (row["unapplied_amount"], row["is_dated_later"])
        for row in in_francs(odd_build, "credits")
    }
    assert credits == {621: (Decimal(20), False), 622: (Decimal(7), True)}


def test_a_client_has_not_paid_and_not_bought_what_is_dated_later(odd_build: Build) -> None:
    (found,) = in_francs(odd_build, "clients")
    assert (found["invoice_count"], found["last_payment_date"], found["last_payment_amount"]) == (
        2,
        None,
        None,
    )
    assert (found["lifetime_revenue_amount"], found["average_days_to_pay"]) == (Decimal(180), None)
    assert found["overdue_percent"] == Decimal(50)


def test_a_bill_overpaid_tomorrow_is_open_today(odd_build: Build) -> None:
    bills = {row["bill_id"]: row for row in odd_build.dicts("bills") if row["bill_id"] in (621, 622)}
    assert (bills[621]["outstanding_amount"], bills[621]["bill_status"]) == (Decimal(40), "overdue")
    assert (bills[622]["is_open"], bills[622]["is_dated_later"]) == (False, True)
    aged = {
        row["bill_id"]: row["outstanding_amount"]
        for row in odd_build.dicts("ap_aging")
        if row["is_latest"] and row["bill_id"] in bills
    }
    assert aged == {621: Decimal(40)}
