"""Journal entries written by hand; what documents post is derived, not stored (freshbooks-api.md 3.6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.common import day, require
from freshbooks_sandbox.ledger.chart import chart
from freshbooks_sandbox.values import ZERO, Row, cents, decimal

FIRST_ENTRY = 90_000_001  # above every derived entry


def create(books: Books, fields: Row, at: datetime) -> Row:  # noqa: ARG001
    """Needs `name`, a date and details that balance; the date is `date` or `user_entered_date` (3.6)."""
    key = max(books["journal_entries"], default=FIRST_ENTRY - 1) + 1
    return books.table("journal_entries").put(key, made(books, key, fields))


def made(books: Books, key: int, fields: Row) -> Row:
    """The row of entry `key`."""
    fields = {**fields, "user_entered_date": fields.get("date") or fields.get("user_entered_date")}
    require(fields, "journal_entry", "name", "user_entered_date", "details")
    code = str(fields.get("currency_code") or books.currency)
    on = day(fields, "user_entered_date", "journal_entry")
    details = [
        {
            "detailid": key * 100 + position,
            "id": key * 100 + position,
            "sub_accountid": _sub_account(books, detail),
            "debit": _side(detail, "debit"),
            "credit": _side(detail, "credit"),
            "name": fields["name"],
            "description": detail.get("description") or fields.get("description") or "",
            "currency_code": code,
            "categoryid": None,
            "user_entered_date": on,
        }
        for position, detail in enumerate(fields["details"], 1)
    ]
    if sum((decimal(d["debit"]) - decimal(d["credit"]) for d in details), ZERO) != 0:
        raise responses.accounting(422, 1004, "Debits and credits differ.", "details", "journal_entry")
    return {
        "entryid": key,
        "id": key,
        "name": fields["name"],
        "description": fields.get("description") or "",
        "currency_code": code,
        "user_entered_date": on,
        "details": details,
    }


def _sub_account(books: Books, detail: Row) -> int:
    key = detail.get("sub_accountid")
    if key not in chart(books).by_id:
        raise responses.not_found("journal_entry_account", "sub_accountid", key)
    return int(key)


def _side(detail: Row, name: str) -> str | None:
    value: Any = detail.get(name)
    return None if value is None else str(cents(decimal(value)))
