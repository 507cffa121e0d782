"""What FreshBooks may do otherwise than we guess is published, and the differences are named (unusual_books.py)."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from html import unescape
from pathlib import Path

from freshbooks_hub.agent import reads
from freshbooks_hub.agent.mcp.read_tools import summary
from freshbooks_hub.marts.open import query_marts
from unit_tests.dbt.builds import Build
from unit_tests.dbt.test_gaps_shown import pages, text_of


def test_every_difference_is_flagged_and_its_rows_are_named(odd_build: Build) -> None:
    wrong: dict[str, set[str]] = defaultdict(set)
    for row in odd_build.dicts("fb_reconciliation"):
        if row["check_kind"] == "own_arithmetic" and not row["is_ok"]:
            wrong[row["check_name"]] |= {part.split(":")[0] for part in row["wrong_rows"].split("; ")}
    # The odd rows of the same build have other numbers.
    found = {name: {row for row in rows if 600 <= int(row.split()[1]) < 700} for name, rows in wrong.items()}
    assert found == {
        "invoice amount is lines less discount plus tax": {f"invoice {n}" for n in (601, 603, 604, 609, 610)},
        "invoice paid is payments plus credits applied": {"invoice 602", "invoice 607"},
        "invoice outstanding is amount less paid": {"invoice 606"},
        "bill outstanding is total less paid": {"bill 603"},
        "bill total is amount plus tax": {"bill 601"},
        "payment is in the currency of its invoice": {"payment 609"},
    }


def test_prepayments_and_overpayments_are_cash_in_their_months_and_no_revenue(odd_build: Build) -> None:
    found = {
        row["month_start_date"].month: (
            row["collected_amount"],
            row["paid_in_credit_amount"],
            row["money_in_amount"],
        )
        for row in odd_build.dicts("cash_monthly")
        if row["currency_code"] == "EUR" and (row["collected_amount"] or row["paid_in_credit_amount"])
    }
    assert found == {
        3: (0, Decimal(500), Decimal(500)),
        4: (Decimal(100), Decimal(20), Decimal(120)),
        5: (0, Decimal(50), Decimal(50)),
        6: (Decimal(20), 0, Decimal(20)),
        7: (Decimal(30), 0, Decimal(30)),
    }


def test_an_invoice_without_a_due_date_is_open_and_never_overdue(odd_build: Build) -> None:
    (row,) = (r for r in odd_build.dicts("ar_aging") if r["invoice_id"] == 612 and r["is_latest"])
    assert (row["due_date"], row["days_overdue"], row["aging_bucket"]) == (None, 0, "current")
    (row,) = (r for r in odd_build.dicts("bills") if r["bill_id"] == 602)
    assert (row["due_date"], row["days_overdue"], row["bill_status"]) == (None, 0, "unpaid")


def test_a_late_fee_is_owed(odd_build: Build) -> None:
    (row,) = (r for r in odd_build.dicts("ar_aging") if r["invoice_id"] == 606 and r["is_latest"])
    assert row["outstanding_amount"] == Decimal("105.00")


def test_lines_that_cannot_be_read_are_listed_with_their_place(odd_build: Build) -> None:
    found = {
        (r["row_key"], r["column_name"], r["why"], r["is_row_published"])
        for r in odd_build.dicts("fb_rejected_rows")
        if "." in r["column_name"]
    }
    assert found == {
        ("608", "lines.1.amount", "unreadable", True),
        ("609", "lines.1.amount", "unreadable", True),
        ("609", "lines.1.unit_cost", "unreadable", True),
        ("610", "lines.1.amount", "two_currencies", True),
        ("611", "lines.1.tax1_percent", "unreadable", True),
    }


def test_elements_that_hold_nobody_are_no_contacts(odd_build: Build) -> None:
    assert [r["contact_key"] for r in odd_build.dicts("crm_contacts") if r["client_id"] == 601] == [
        "client 601, primary"
    ]


def test_currencies_of_no_and_of_three_decimals_keep_their_amounts(odd_build: Build) -> None:
    """What a fourth decimal loses is listed (odd_published.py)."""
    found = {
        row["currency_code"]: (row["outstanding_amount"], row["client_id"])
        for row in odd_build.dicts("outstanding_balances")
        if row["currency_code"] in ("JPY", "KWD")
    }
    assert found == {"JPY": (Decimal(750), 631), "KWD": (Decimal("7.50"), 632)}
    collected = {
        row["currency_code"]: row["collected_amount"]
        for row in odd_build.dicts("cash_monthly")
        if row["currency_code"] in ("JPY", "KWD") and row["collected_amount"]
    }
    assert collected == {"JPY": Decimal(250), "KWD": Decimal("2.50")}
    (dinars,) = (row for row in odd_build.dicts("expenses") if row["expense_id"] == 814)
    assert dinars["total_amount"] == Decimal("62.344")


def test_readers_tell_amounts_in_the_decimals_of_their_currency(odd_build: Build) -> None:
    marts = odd_build.folder / "marts.duckdb"
    answer = reads.get_outstanding_balance(marts, client="632")
    (balance,) = answer.balances
    assert balance.model_dump(mode="json")["outstanding_amount"] == "7.500"
    assert summary(answer).startswith("7.500 KWD outstanding, 0.000 KWD of it overdue.")
    sql = "SELECT currency_code, outstanding_amount FROM outstanding_balances WHERE client_id IN (631, 632) ORDER BY 1"
    assert reads.query_marts(marts, statement=sql).rows == [["JPY", "750"], ["KWD", "7.500"]]
    assert [str(value) for _, value in query_marts(marts, sql).rows] == ["750", "7.500"]


def test_what_is_dated_later_stands_apart_on_the_balances_page(odd_build: Build, tmp_path: Path) -> None:
    """In francs (unusual_books.py): 100.00 is issued the next day, and 120.00 is paid in the days after."""
    text = unescape(text_of(pages(odd_build, tmp_path), "/balances?business=1"))
    shown = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", text))
    francs = shown[shown.index("Outstanding in CHF, by days overdue") :]
    assert "Invoices dated after 30 Jun 2026 , not counted above 100.00" in francs
    assert "Payments dated after 30 Jun 2026 , not deducted above 120.00" in francs
    assert "Unused credit Issued later Paid later Client 620 200.00" in shown
    dinars = shown[shown.index("Clients in KWD") :].partition("Sum in KWD")[0]
    assert "later" not in dinars
    assert "7.500" in dinars
