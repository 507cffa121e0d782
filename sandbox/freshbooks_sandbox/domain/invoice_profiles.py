"""Recurring invoice profiles (freshbooks-api.md 3.6)."""

from __future__ import annotations

from datetime import datetime

from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import clients
from freshbooks_sandbox.domain.common import assign, day, find, number, percent, require
from freshbooks_sandbox.domain.lines import normalise, reprice
from freshbooks_sandbox.values import Row, eastern, money, plain, words

_WRITABLE = (
    *words("frequency numberRecurring disable send_email send_gmail require_auto_bill auto_bill"),
    *words("include_unbilled_time bill_gateway retainer_id notes terms po_number payment_details language"),
)


def create(books: Books, fields: Row, at: datetime) -> Row:
    """`create_date` is the day of the first invoice; `numberRecurring` 0 means for ever."""
    require(fields, "invoice_profile", "customerid", "create_date", "frequency")
    client = find(books, "clients", fields["customerid"], "customerid", "client")
    key = books.new_id("invoice_profiles")
    code = str(fields.get("currency_code") or client["currency_code"])
    kept = clients.snapshot(client)
    del kept["current_organization"]
    row: Row = {
        "profileid": key,
        "id": key,
        "accounting_systemid": books.account_id,
        "customerid": client["id"],
        "ownerid": 1,
        "create_date": "",
        "frequency": "m",
        "numberRecurring": 0,
        "occurrences_to_date": 0,
        "disable": False,
        "send_email": False,
        "send_gmail": False,
        "require_auto_bill": False,
        "auto_bill": False,
        "include_unbilled_time": False,
        "bill_gateway": None,
        "retainer_id": None,
        "total_accrued_revenue": None,
        "due_offset_days": 30,
        "currency_code": code,
        "language": client["language"] or "en",
        "amount": money(0, code),
        "discount_value": "0",
        "discount_total": money(0, code),
        "description": "",
        "notes": "",
        "terms": None,
        "po_number": None,
        "payment_details": "",
        **kept,
        "updated": eastern(at),
        "ext_archive": None,
        "vis_state": 0,
        "lines": [],
    }
    change(books, row, {"lines": [], **fields}, at)
    return books.table("invoice_profiles").put(key, row)


def change(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, _WRITABLE)
    if "create_date" in fields:
        row["create_date"] = day(fields, "create_date", "invoice_profile")
    if "due_offset_days" in fields:
        row["due_offset_days"] = number(fields, "due_offset_days", "invoice_profile")
    if "discount_value" in fields:
        row["discount_value"] = plain(percent(fields["discount_value"], "discount_value", "invoice_profile"))
    if "lines" in fields:
        made = normalise(fields["lines"], "invoice_profile", row["currency_code"])
        row["lines"] = [
            {"profileid": row["id"], "lineid": position, **line} for position, line in enumerate(made, 1)
        ]
    reprice(row)
