"""Estimates and their stages: draft, sent, viewed, replied, accepted, invoiced (freshbooks-api.md 4.2)."""

from __future__ import annotations

from datetime import datetime

from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import clients
from freshbooks_sandbox.domain.common import assign, day, find, percent, require
from freshbooks_sandbox.domain.lines import normalise, reprice
from freshbooks_sandbox.values import Row, eastern, money, plain, words

STAGES = {1: "draft", 2: "sent", 3: "viewed", 4: "replied", 5: "accepted", 6: "invoiced"}
_WRITABLE = (
    *words("notes terms po_number language template rich_proposal require_client_signature"),
    *words("organization fname lname address street street2 city province code country"),
    *words("vat_name vat_number estimate_number modern_projectid"),
)


def create(books: Books, fields: Row, at: datetime) -> Row:
    require(fields, "estimate", "customerid", "create_date")
    client = find(books, "clients", fields["customerid"], "customerid", "client")
    code = str(fields.get("currency_code") or client["currency_code"])
    estimate_id = books.new_id("estimates")
    row: Row = {
        "estimateid": estimate_id,
        "id": estimate_id,
        "accounting_systemid": books.account_id,
        "estimate_number": f"{books.new_id('estimate_numbers'):07d}",
        "customerid": client["id"],
        "ownerid": 1,
        "sentid": 1,
        "create_date": day(fields, "create_date", "estimate"),
        "created_at": eastern(at),
        "updated": eastern(at),
        "currency_code": code,
        "language": client["language"] or "en",
        "amount": money(0, code),
        "discount_value": "0",
        "discount_total": money(0, code),
        "status": 1,
        "display_status": "draft",
        "ui_status": "draft",
        "reply_status": None,
        "accepted": False,
        "invoiced": False,
        "rich_proposal": False,
        "require_client_signature": False,
        "description": "",
        "notes": "",
        "terms": "",
        "po_number": None,
        "template": "clean-grouped",
        **clients.snapshot(client),
        "modern_projectid": None,
        "ext_archive": 0,
        "vis_state": 0,
        "lines": [],
    }
    change(books, row, {"lines": [], **fields}, at)
    return books.table("estimates").put(estimate_id, row)


def change(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, _WRITABLE)
    if "create_date" in fields:
        row["create_date"] = day(fields, "create_date", "estimate")
    if "discount_value" in fields:
        row["discount_value"] = plain(percent(fields["discount_value"], "discount_value", "estimate"))
    if "lines" in fields:
        made = normalise(fields["lines"], "estimate", row["currency_code"])
        row["lines"] = [{"estimateid": row["id"], **line} for line in made]
    reprice(row)


def set_stage(row: Row, status: int) -> None:
    """Move to a stage; a viewed estimate shows `ui_status: open`, as seen live (4.2)."""
    row["status"] = status
    row["display_status"] = STAGES[status]
    row["ui_status"] = "open" if status == 3 else STAGES[status]
    row["accepted"] = status >= 5
    row["invoiced"] = status == 6
    row["reply_status"] = "replied" if status == 4 else None


def mark_sent(row: Row) -> None:
    if row["status"] == 1:
        set_stage(row, 2)
