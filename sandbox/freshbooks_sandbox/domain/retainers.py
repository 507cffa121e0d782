"""Retainers: a fee for hours set aside, per client (freshbooks-api.md 3.11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.common import assign
from freshbooks_sandbox.values import Row, utc_naive_iso, words

_WRITABLE = words("start_date next_period_start_date invoice_profile_id budgeted_time active")


def create(books: Books, fields: Row, at: datetime) -> Row:
    """One active retainer per client."""
    client = fields.get("client_user_id")
    if client not in books["clients"]:
        raise responses.invalid("client_user_id", "field required" if client is None else "unknown client")
    if any(books.where("retainers", client_user_id=client, active=True)):
        raise responses.invalid("client_user_id", "this client has an active retainer")
    key = books.new_id("retainers")
    row: Row = {
        "id": key,
        "business_id": books.business_id,
        "system_id": books.system["systemid"],
        "client_user_id": client,
        "invoice_profile_id": None,
        "start_date": at.date().isoformat(),
        "next_period_start_date": None,
        "fee": "0.00",
        "excess_rate": None,
        "budgeted_time": 0,
        "active": True,
        "created_at": utc_naive_iso(at),
        "updated_at": utc_naive_iso(at),
    }
    change(books, row, fields, at)
    return books.table("retainers").put(key, row)


def change(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, _WRITABLE)
    row.update({name: _text(fields[name]) for name in ("fee", "excess_rate") if name in fields})


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
