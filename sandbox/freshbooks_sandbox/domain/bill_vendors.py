"""Who sends bills, and what is owed to them; stamps are UTC (freshbooks-api.md 3.4, 3.6)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.common import assign, require
from freshbooks_sandbox.values import ZERO, Row, decimal, money, utc_plain, words

_TEXTS = words(
    "vendor_name account_number primary_contact_first_name primary_contact_last_name primary_contact_email "
    "phone website street city province country"
)
_WRITABLE = (*_TEXTS, *words("street2 postal_code note is_1099 currency_code language"))


def create(books: Books, fields: Row, at: datetime) -> Row:
    require(fields, "bill_vendor", "vendor_name")
    key = books.new_id("bill_vendors")
    row: Row = {
        "vendorid": key,
        **dict.fromkeys(_TEXTS, ""),
        "street2": None,
        "postal_code": None,
        "note": None,
        "is_1099": False,
        "currency_code": books.currency,
        "language": "en",
        "tax_defaults": [],
        "created_at": utc_plain(at),
        "updated_at": utc_plain(at),
        "vis_state": 0,
    }
    change(books, row, fields, at)
    row["tax_defaults"] = [
        {
            "system_taxid": key * 10 + position,
            "vendorid": key,
            "name": tax["name"],
            "amount": str(tax["amount"]),
            "enabled": True,
            "created_at": utc_plain(at),
            "updated_at": utc_plain(at),
        }
        for position, tax in enumerate(fields.get("tax_defaults") or [], 1)
    ]
    return books.table("bill_vendors").put(key, row)


def change(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, _WRITABLE)


def is_overdue(bill: Row, day: str) -> bool:
    """Computed at read time, as for invoices: nothing is written when a bill falls due."""
    return bill["status"] != "paid" and bill["due_date"] < day and decimal(bill["outstanding"]) > 0


def seen(books: Books, row: Row, day: str) -> Row:
    """Open amounts per currency, as arrays (3.6)."""
    open_bills = [b for b in books.where("bills", vendorid=row["vendorid"]) if b["vis_state"] != 1]
    return {
        "outstanding_balance": _balance(open_bills),
        "overdue_balance": _balance([b for b in open_bills if is_overdue(b, day)]),
    }


def _balance(bills: list[Row]) -> list[Row]:
    total: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for bill in bills:
        total[bill["currency_code"]] += decimal(bill["outstanding"])
    return [{"amount": money(value, code)} for code, value in sorted(total.items()) if value]
