"""A difference to FreshBooks' own reports is published, flagged, and named; it blocks nothing."""

from __future__ import annotations

import copy

import pytest

from unit_tests.dbt.books import all_rows
from unit_tests.dbt.builds import BUILD, TODAY, Build, Dbt
from unit_tests.dbt.raw_tables import Row, Rows

MAY = "2026-05-01"


def report(tables: Rows, name: str, **at: object) -> Row:
    (found,) = (r for r in tables[name] if at.items() <= r.items())
    return found


@pytest.fixture(scope="module")
def differing(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Reports that say something else, and a connection that began after the first payments."""
    tables = copy.deepcopy(all_rows())
    usd = {"business_id": 1, "currency_code": "USD"}
    collected = report(tables, "report_payments_collected", start_date=MAY, **usd)["payments"]
    collected[:] = [row for row in collected if row["invoiceid"] != 22]
    aging = report(tables, "report_accounts_aging", **usd)["accounts"]
    next(row for row in aging if row["userid"] == 5)["0-30"]["amount"] = "1.00"
    spent = report(tables, "report_expense_details", start_date=MAY, **usd)["data"][0]["expenses"]
    next(row for row in spent if row["expenseid"] == 1)["amount"] = {"amount": "113.02", "code": "USD"}
    profit = report(tables, "report_profit_and_loss", start_date=MAY, **usd)
    profit["total_expenses"]["total"] = {"amount": "1.00", "code": "USD"}
    tax = report(tables, "report_tax_summary", start_date=MAY, **usd)
    next(row for row in tax["taxes"] if row["tax_name"] == "HST")["tax_paid"]["amount"] = "12.97"
    first = report(tables, "report_invoice_details", start_date="2026-01-01", **usd)["clients"]
    shown = next(row for client in first for row in client["invoices"] if row["invoiceid"] == 2)
    shown["outstanding"] = {"amount": "31.00", "code": "USD"}
    sold = report(tables, "report_item_sales", start_date=MAY, **usd)["items"]
    sold[0] |= {"name": "Werk"}
    (revenue,) = report(tables, "report_revenue_by_client", start_date=MAY, **usd)["clients"]
    revenue["total"] = {"amount": "1.00", "code": "USD"}
    # An old report, from before the last change, says what was true then.
    stale = report(tables, "report_expense_details", start_date="2026-06-01", **usd)
    stale |= {"observed_at": "2026-04-30 00:00:00", "data": []}
    # The payment of an older invoice is not synced.
    tables["payments"] = [row for row in tables["payments"] if row["id"] != 3]
    for row in tables["invoices"]:
        row["created_at"] = "2026-01-15 09:00:00"
    for row in tables["report_payments_collected"]:
        row["payments"] = [p for p in row["payments"] if p["invoiceid"] != 9]
    (march,) = report(tables, "report_revenue_by_client", start_date="2026-03-01", **usd)["clients"]
    march["total"] = {"amount": "15.00", "code": "USD"}
    variables = TODAY | {"freshbooks_start_date": "2026-02-01T00:00:00Z"}
    arguments = (*BUILD, "--select", "+fb_reconciliation")
    arguments += ("--indirect-selection", "buildable")
    return dbt.run(tmp_path_factory.mktemp("differing"), tables, *arguments, variables=variables)


@pytest.mark.long
def test_the_build_is_published(differing: Build) -> None:
    assert differing.succeeded, differing.output


@pytest.mark.long
def test_each_difference_is_named_with_its_rows_and_nothing_else_is(differing: Build) -> None:
    wrong = {
        (r["check_name"], r["currency_code"], r["start_date"] and r["start_date"].isoformat()): r[
            "wrong_rows"
        ]
        for r in differing.dicts("fb_reconciliation")
        if not r["is_ok"]
    }
    assert wrong == {
        ("payments collected", "USD", MAY): "invoice 22: 75.00 against 0.00",
        ("accounts aging, up to 30 days", "USD", None): "client 5: 245.47 against 1.00",
        ("expense details", "USD", MAY): "expense 1: 113.00 against 113.02",
        ("profit and loss, expenses", "USD", MAY): "total expenses: 124.50 against 1.00",
        ("profit and loss from the ledger, expenses", "USD", MAY): "total expenses: 124.50 against 1.00",
        ("tax summary, paid", "USD", MAY): "tax HST: 13.00 against 12.97",
        ("invoice details, outstanding", "USD", "2026-01-01"): "invoice 2: 30.00 against 31.00",
        ("item sales", "USD", MAY): "item Werk: 0.00 against 200.00; item Work: 200.00 against 0.00",
        ("revenue by client", "USD", MAY): "client 8: 190.00 against 1.00",
    }


def test_the_good_books_tie_to_every_report(build: Build) -> None:
    checks = build.dicts("fb_reconciliation")
    assert [r for r in checks if not r["is_ok"]] == []
    assert {r["check_kind"] for r in checks} == {"own_arithmetic", "freshbooks_report"}
    assert {r["check_name"] for r in checks if r["freshbooks_amount"]} >= {
        "payments collected",
        "credits in payments collected",
        "client outstanding balance",
        "accounts aging, up to 30 days",
        "accounts aging, 31-60 days",
        "accounts aging, 61-90 days",
        "accounts aging, 91 days and more",
        "expense details",
        "profit and loss, income",
        "profit and loss, expenses",
        "net revenue to profit and loss income",
        "tax summary, collected",
        "tax summary, paid",
        "tax summary, total invoiced",
        "invoice details, total",
        "invoice details, outstanding",
        "item sales",
        "item sales, discount",
        "revenue by client",
        "profit and loss from the ledger, expenses",
        "profit and loss from the ledger, income",
    }
    # Debits and credits add up to nothing; the figures of each account are in test_ledger_tie.py.
    balanced = {"general ledger", "trial balance from the ledger", "balance sheet from the ledger"}
    assert {r["check_name"] for r in checks} >= balanced
