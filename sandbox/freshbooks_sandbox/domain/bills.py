"""Bills and what is paid on them; stamps are UTC (freshbooks-api.md 3.4, 3.6)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import bill_vendors
from freshbooks_sandbox.domain.common import amount, assign, day, find, number, percent, require
from freshbooks_sandbox.domain.lines import amount_text
from freshbooks_sandbox.values import ZERO, Row, cents, decimal, money, plain, utc_plain


def create(books: Books, fields: Row, at: datetime) -> Row:
    """Unpaid; `due_date` follows from `issue_date` and `due_offset_days`."""
    require(fields, "bill", "vendorid", "issue_date")
    vendor = find(books, "bill_vendors", fields["vendorid"], "vendorid", "bill_vendor")
    key = books.new_id("bills")
    code = str(fields.get("currency_code") or vendor["currency_code"])
    row: Row = {
        "id": key,
        "bill_number": None,
        "vendorid": vendor["vendorid"],
        "issue_date": "",
        "due_date": "",
        "due_offset_days": 0,
        "currency_code": code,
        "language": vendor["language"],
        **{name: money(0, code) for name in ("amount", "total_amount", "tax_amount", "paid", "outstanding")},
        "status": "unpaid",
        "overall_category": "",
        "overall_description": "",
        "attachment": None,
        "created_at": utc_plain(at),
        "updated_at": utc_plain(at),
        "vis_state": 0,
        "lines": [],
    }
    change(books, row, {"lines": [], **fields}, at)
    return books.table("bills").put(key, row)


def change(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, ("bill_number", "language", "attachment"))
    if "issue_date" in fields:
        row["issue_date"] = day(fields, "issue_date", "bill")
    if "due_offset_days" in fields:
        row["due_offset_days"] = number(fields, "due_offset_days", "bill")
    issued = date.fromisoformat(row["issue_date"])
    row["due_date"] = (issued + timedelta(days=row["due_offset_days"])).isoformat()
    if "lines" in fields:
        _set_lines(books, row, fields["lines"])
    settle(books, row)


def _set_lines(books: Books, row: Row, sent: Any) -> None:
    if not isinstance(sent, list):
        raise responses.accounting(422, 1034, "'lines' must be a list.", "lines", "bill")
    row["lines"] = [_line(books, line, index, row["currency_code"]) for index, line in enumerate(sent, 1)]
    for total, name in (("amount", "amount"), ("total_amount", "total_amount")):
        row[total] = money(sum((decimal(ln[name]) for ln in row["lines"]), ZERO), row["currency_code"])
    row["tax_amount"] = money(decimal(row["total_amount"]) - decimal(row["amount"]), row["currency_code"])
    first = row["lines"][0] if row["lines"] else {"category": "", "description": ""}
    row["overall_category"], row["overall_description"] = first["category"], first["description"]


def _line(books: Books, sent: Row, index: int, code: str) -> Row:
    """`quantity` is text on read, whatever was written; each tax is a part of `total_amount` only."""
    category = find(books, "expense_categories", sent["categoryid"], "categoryid", "category")
    quantity = Decimal(amount_text(sent.get("quantity", 1), "quantity", "bill"))
    unit_cost = amount(sent.get("unit_cost", "0"), code, "unit_cost", "bill")
    net = cents(quantity * decimal(unit_cost))
    line: Row = {
        "list_index": index,
        "category": category["category"],
        "categoryid": category["id"],
        "description": sent.get("description") or "",
        "quantity": plain(quantity),
        "unit_cost": unit_cost,
        "amount": money(net, code),
    }
    total = net
    for slot in ("1", "2"):
        name = sent.get(f"tax_name{slot}")
        rate = percent(sent.get(f"tax_percent{slot}"), f"tax_percent{slot}", "bill") if name else ZERO
        tax = cents(net * rate / 100)
        total += tax
        line[f"tax_name{slot}"] = name
        line[f"tax_percent{slot}"] = plain(rate) if name else None
        line[f"tax_authorityid{slot}"] = sent.get(f"tax_authorityid{slot}")
        line[f"tax_amount{slot}"] = money(tax, code) if name else None
    return {**line, "total_amount": money(total, code)}


def payments_of(books: Books, row: Row) -> list[Row]:
    """The payments of a bill that are not deleted."""
    return [p for p in books.where("bill_payments", billid=row["id"]) if p["vis_state"] != 1]


def settle(books: Books, row: Row) -> None:
    """`paid`, `outstanding` and the stored status, which knows no `overdue`."""
    paid = sum((decimal(p["amount"]) for p in payments_of(books, row)), ZERO)
    total = decimal(row["total_amount"])
    row["paid"] = money(paid, row["currency_code"])
    row["outstanding"] = money(total - paid, row["currency_code"])
    row["status"] = "unpaid" if paid <= 0 else "paid" if paid >= total else "partial"


def seen(books: Books, row: Row, day: str) -> Row:
    """What an answer adds: the status with `overdue`, the whole vendor, the payments."""
    return {
        "status": "overdue" if bill_vendors.is_overdue(row, day) else row["status"],
        "vendor": _embedded(books, row, day),
        "bill_payments": [dict(payment) for payment in payments_of(books, row)],
    }


def _embedded(books: Books, row: Row, day: str) -> Row:
    vendor = books["bill_vendors"][row["vendorid"]]
    return {**vendor, **bill_vendors.seen(books, vendor, day)}


def create_payment(books: Books, fields: Row, at: datetime) -> Row:
    require(fields, "bill_payment", "billid", "amount", "paid_date")
    bill = find(books, "bills", fields["billid"], "billid", "bill")
    key = books.new_id("bill_payments")
    row: Row = {
        "id": key,
        "billid": bill["id"],
        "amount": amount(fields["amount"], bill["currency_code"], "amount", "bill_payment"),
        "paid_date": day(fields, "paid_date", "bill_payment"),
        "payment_type": fields.get("payment_type") or "Check",
        "note": fields.get("note"),
        "vis_state": 0,
    }
    if decimal(row["amount"]) <= 0 or row["amount"]["code"] != bill["currency_code"]:
        message = "'amount' must be positive and in the currency of the bill."
        raise responses.accounting(422, 1004, message, "amount", "bill_payment", row["amount"]["amount"])
    books.table("bill_payments").put(key, row)
    follow_payment(books, row, at)
    return row


def change_payment(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, ("payment_type", "note"))
    if "amount" in fields:
        row["amount"] = amount(fields["amount"], row["amount"]["code"], "amount", "bill_payment")
    if "paid_date" in fields:
        row["paid_date"] = day(fields, "paid_date", "bill_payment")


def follow_payment(books: Books, row: Row, at: datetime) -> None:
    """A payment that comes, changes or goes moves its bill."""
    bill = books["bills"][row["billid"]]
    settle(books, bill)
    bill["updated_at"] = utc_plain(at)
    books.table("bills").changed()
