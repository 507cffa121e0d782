"""The seeded books against freshbooks-api.md 5, recomputed here in plain Decimal.

Nothing of the sandbox's own arithmetic is used: the rows are read as a client would read them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from freshbooks_sandbox import Sandbox

from .conftest import MAIN, SECOND

Row = dict[str, Any]
BOTH = pytest.mark.parametrize("business", [MAIN, SECOND])


def dec(value: Any) -> Decimal:
    return Decimal(value["amount"] if isinstance(value, dict) else value)


def half_up(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def expected_total(row: Row) -> tuple[Decimal, Decimal]:
    """(discount, total) of a document from quantities, unit costs, percents and the compound flag."""
    rate = Decimal(row.get("discount_value", "0")) / 100
    subtotal, taxes = Decimal(0), defaultdict(Decimal)
    for line in row["lines"]:
        amount = half_up(Decimal(line["qty"]) * dec(line["unit_cost"]))
        assert amount == dec(line["amount"])
        subtotal += amount
        base = amount - amount * rate
        first = base * Decimal(line["taxAmount1"]) / 100 if line["taxName1"] else Decimal(0)
        second_base = base + first if line["compounded_tax"] else base
        second = second_base * Decimal(line["taxAmount2"]) / 100 if line["taxName2"] else Decimal(0)
        for slot, tax in (("1", first), ("2", second)):
            if line[f"taxName{slot}"]:
                taxes[line[f"taxName{slot}"], line[f"taxAmount{slot}"]] += tax
    discount = -half_up(subtotal * rate)
    return discount, subtotal + discount + sum(map(half_up, taxes.values()), Decimal(0))


def active_payments(demo: Sandbox, business: int, invoice: int) -> list[Row]:
    rows = demo.books(business)["payments"].values()
    return [p for p in rows if p["invoiceid"] == invoice and p["vis_state"] == 0]


@BOTH
def test_every_invoice_is_lines_minus_discount_plus_taxes(demo: Sandbox, business: int) -> None:
    for row in demo.books(business)["invoices"].values():
        discount, total = expected_total(row)
        assert (dec(row["discount_total"]), dec(row["amount"])) == (discount, total), row["id"]


@BOTH
def test_every_estimate_and_credit_note_ties_to_its_lines(demo: Sandbox, business: int) -> None:
    for table in ("estimates", "credit_notes"):
        for row in demo.books(business)[table].values():
            assert dec(row["amount"]) == expected_total(row)[1], (table, row["id"])


@BOTH
def test_paid_is_the_active_payments_and_outstanding_the_rest(demo: Sandbox, business: int) -> None:
    for row in demo.books(business)["invoices"].values():
        paid = sum((dec(p["amount"]) for p in active_payments(demo, business, row["id"])), Decimal(0))
        assert (dec(row["paid"]), dec(row["net_paid_amount"])) == (paid, paid), row["id"]
        assert dec(row["outstanding"]) == dec(row["amount"]) - paid >= 0, row["id"]


@BOTH
def test_drafts_keep_their_whole_amount_outstanding(demo: Sandbox, business: int) -> None:
    drafts = [r for r in demo.books(business)["invoices"].values() if r["v3_status"] == "draft"]
    assert drafts
    assert all(r["outstanding"] == r["amount"] and r["status"] == 1 for r in drafts)


@BOTH
def test_statuses_say_what_the_figures_say(demo: Sandbox, business: int) -> None:
    for row in demo.books(business)["invoices"].values():
        paid, rest = dec(row["paid"]), dec(row["outstanding"])
        word = "unpaid" if not paid else "partial" if rest else "auto-paid" if row["auto_bill"] else "paid"
        assert row["payment_status"] == word, row["id"]
        if row["v3_status"] in ("paid", "autopaid"):
            assert rest == 0
            assert row["date_paid"] == max(p["date"] for p in active_payments(demo, business, row["id"]))


@BOTH
def test_one_currency_per_document_and_payment(demo: Sandbox, business: int) -> None:
    books = demo.books(business)
    for row in books["invoices"].values():
        codes = {row[k]["code"] for k in ("amount", "paid", "outstanding", "discount_total")}
        codes |= {line[k]["code"] for line in row["lines"] for k in ("amount", "unit_cost")}
        codes |= {p["amount"]["code"] for p in active_payments(demo, business, row["id"])}
        assert codes == {row["currency_code"]}


@BOTH
def test_credits_are_drawn_down_by_payments_from_credit(demo: Sandbox, business: int) -> None:
    books = demo.books(business)
    for note in books["credit_notes"].values():
        used = [p for p in books["payments"].values() if p["creditid"] == note["id"] and p["vis_state"] == 0]
        assert all(p["from_credit"] and p["type"] == "Credit" for p in used)
        assert dec(note["paid"]) == sum((dec(p["amount"]) for p in used), Decimal(0)) <= dec(note["amount"])


@BOTH
def test_an_overpayment_is_a_credit_note_and_the_invoice_stays_at_zero(demo: Sandbox, business: int) -> None:
    books = demo.books(business)
    over = [p for p in books["payments"].values() if p["overpaymentid"]]
    assert over
    for payment in over:
        note = books["credit_notes"][payment["overpaymentid"]]
        assert note["credit_type"] == "overpayment"
        assert dec(note["amount"]) > 0
        assert dec(books["invoices"][payment["invoiceid"]]["outstanding"]) == 0


@BOTH
def test_taxes_are_a_part_of_an_expense(demo: Sandbox, business: int) -> None:
    for row in demo.books(business)["expenses"].values():
        taxes = [dec(row[f"taxAmount{slot}"]) for slot in "12" if row[f"taxAmount{slot}"]]
        assert sum(taxes, Decimal(0)) < dec(row["amount"])


@BOTH
def test_rebilled_expenses_know_their_invoice(demo: Sandbox, business: int) -> None:
    books = demo.books(business)
    lines = [(r, ln) for r in books["invoices"].values() for ln in r["lines"] if ln["type"] == 1]
    assert lines
    for row, line in lines:
        expense = books["expenses"][line["expenseid"]]
        assert dec(line["amount"]) == dec(expense["amount"])
        if row["vis_state"] != 1:
            settled = row["payment_status"] in ("paid", "auto-paid")
            assert (expense["invoiceid"], expense["status"]) == (row["id"], 4 if settled else 2)


@BOTH
def test_references_lead_somewhere(demo: Sandbox, business: int) -> None:
    books = demo.books(business)
    for row in books["invoices"].values():
        assert row["customerid"] in books["clients"]
        assert not row["estimateid"] or books["estimates"][row["estimateid"]]["invoiced"]
    for row in books["expenses"].values():
        assert row["categoryid"] in books["expense_categories"]
        assert not row["clientid"] or row["clientid"] in books["clients"]
    for row in books["time_entries"].values():
        project = books["projects"].get(row["project_id"])
        assert row["project_id"] is None or row["client_id"] == project["client_id"]
    tree = books["expense_categories"]
    assert {tree[r["parentid"]]["parentid"] for r in tree.values() if r["parentid"]} == {None}


@BOTH
def test_stamps_follow_the_events(demo: Sandbox, business: int) -> None:
    books = demo.books(business)
    clients = books["clients"]
    for row in books["invoices"].values():
        assert row["created_at"] <= row["updated"]
        assert clients[row["customerid"]]["updated"] >= row["created_at"]
        assert clients[row["customerid"]]["signup_date"][:10] < row["create_date"]
        for payment in active_payments(demo, business, row["id"]):
            assert row["created_at"] <= payment["updated"] <= row["updated"]


@BOTH
def test_everything_happened_before_november(demo: Sandbox, business: int) -> None:
    later = (
        (table, key, row)
        for table in (
            "clients",
            "invoices",
            "payments",
            "expenses",
            "expense_categories",
            "estimates",
            "projects",
        )
        for row in demo.books(business)[table].values()
        for key in ("create_date", "date", "created_at", "updated", "updated_at")
        if str(row.get(key) or "") >= "2026-10-31"
    )
    assert next(later, None) is None
    entries = demo.books(business)["time_entries"].values()
    assert max(max(e["started_at"], e["_updated_at"]) for e in entries) < "2026-10-31"


def test_the_demo_has_the_promised_size(demo: Sandbox) -> None:
    def count(table: str) -> int:
        return sum(len(demo.books(b)[table]) for b in (MAIN, SECOND))

    assert count("clients") == 60
    assert count("invoices") == 400
    assert 600 <= count("expenses") <= 610
    assert 780 <= count("time_entries") <= 820
    assert count("expense_categories") == 2 * 62


def test_every_status_and_oddity_is_there(demo: Sandbox) -> None:
    rows = demo.books(MAIN)["invoices"].values()
    statuses = Counter(r["v3_status"] for r in rows)
    wanted = "draft sent viewed partial paid autopaid disputed deposit_partial deposit_paid retry failed"
    assert set(statuses) == set(wanted.split())
    assert {r["vis_state"] for r in rows} == {0, 1, 2}
    assert any(dec(r["amount"]) == 0 for r in rows)
    assert {len(r["lines"]) for r in rows} >= {1, 2, 3, 4, 5, 6}
    assert {r["currency_code"] for r in rows} == {"USD", "CAD", "EUR"}
    assert any(line["compounded_tax"] for r in rows for line in r["lines"])
    assert any("." in line["qty"] for r in rows for line in r["lines"])
    assert {e["status"] for e in demo.books(MAIN)["expenses"].values()} == {0, 1, 2, 4}
    assert any(e["isduplicate"] for e in demo.books(MAIN)["expenses"].values())
    names = Counter(c["category"] for c in demo.books(MAIN)["expense_categories"].values())
    assert names["Supplies"] == 2  # the cost-of-goods-sold twin
    stages = {r["status"] for r in demo.books(MAIN)["estimates"].values()}
    assert stages == {1, 2, 3, 4, 5, 6}
    kinds = {(p["project_type"], p["billing_method"]) for p in demo.books(MAIN)["projects"].values()}
    assert len(kinds) == 4
    ready = [
        p for p in demo.books(MAIN)["projects"].values() if p["complete"] and p["active"] and p["client_id"]
    ]
    entries = demo.books(MAIN)["time_entries"].values()
    unbilled = {e["project_id"] for e in entries if e["active"] and e["billable"] and not e["billed"]}
    assert [p for p in ready if p["id"] in unbilled]


def test_two_records_share_the_hour_that_comes_twice(demo: Sandbox) -> None:
    for business in (MAIN, SECOND):
        stamps = Counter(r["updated"] for r in demo.books(business)["invoices"].values())
        assert stamps["2025-11-02 01:30:00"] == 2


def test_archived_and_deleted_clients_still_owe(demo: Sandbox) -> None:
    books = demo.books(MAIN)
    for state in (1, 2):
        gone = {c["id"] for c in books["clients"].values() if c["vis_state"] == state}
        owed = [r for r in books["invoices"].values() if r["customerid"] in gone and r["vis_state"] == 0]
        assert sum(dec(r["outstanding"]) for r in owed if r["v3_status"] != "draft") > 0


def test_the_seed_is_the_same_every_time(demo: Sandbox) -> None:
    other = Sandbox(seed="demo")
    for business in (MAIN, SECOND):
        for table in ("clients", "invoices", "payments", "expenses", "projects", "time_entries", "estimates"):
            assert other.books(business)[table] == demo.books(business)[table]


def test_scaled_books_tie_too() -> None:
    sandbox = Sandbox(scale=1000)
    rows = sandbox.books(MAIN)["invoices"]
    assert len(rows) == 1000
    for row in rows.values():
        assert len(row["lines"]) == 4
        assert dec(row["amount"]) == expected_total(row)[1]
        paid = sum(
            (dec(p["amount"]) for p in sandbox.books(MAIN).where("payments", invoiceid=row["id"])), Decimal(0)
        )
        assert (dec(row["paid"]), dec(row["outstanding"])) == (paid, dec(row["amount"]) - paid)
