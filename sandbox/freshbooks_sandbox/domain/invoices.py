"""Invoices: drafts, edits, lines, and what follows an invoice that changes (freshbooks-api.md 7.2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import clients, settlement
from freshbooks_sandbox.domain.common import amount, assign, day, fake_jwt, find, number, percent, require
from freshbooks_sandbox.domain.lines import normalise, reprice
from freshbooks_sandbox.values import Row, eastern, money, plain, utc_z, words

_WRITABLE = (
    *words("notes terms po_number language template fulfillment_date discount_description payment_details"),
    *words("organization fname lname address street street2 city province code country"),
    *words("vat_name vat_number invoice_number show_attachments auto_bill"),
)

_LONGEST_NUMBER = 20


def create(books: Books, fields: Row, at: datetime) -> Row:
    """A draft; `customerid` and `create_date` are required, `due_date` is refused (7.2)."""
    require(fields, "invoice", "customerid", "create_date")
    client = find(books, "clients", fields["customerid"], "customerid", "client")
    code = str(fields.get("currency_code") or client["currency_code"] or books.currency)
    invoice_id = books.new_id("invoices")
    zero = money(0, code)
    row: Row = {
        "invoiceid": invoice_id,
        "id": invoice_id,
        "accountid": books.account_id,
        "accounting_systemid": books.account_id,
        "uuid": f"{invoice_id:08x}-1a2b-4c3d-8e4f-{invoice_id:012x}",
        "invoice_number": f"{books.new_id('invoice_numbers'):07d}",
        "customerid": client["id"],
        "ownerid": 1,
        "sentid": 1,
        "estimateid": number(fields, "estimateid", "invoice"),
        "parent": number(fields, "parent", "invoice"),
        "basecampid": 0,
        "create_date": day(fields, "create_date", "invoice"),
        "generation_date": None,
        "due_date": None,
        "due_offset_days": 0,
        "fulfillment_date": day(fields, "create_date", "invoice"),
        "date_paid": None,
        "created_at": eastern(at),
        "updated": eastern(at),
        "version": f"{eastern(at)}.{at.microsecond:06d}",
        "currency_code": code,
        "language": client["language"] or "en",
        "amount": zero,
        "outstanding": zero,
        "paid": zero,
        "net_paid_amount": zero,
        "discount_value": "0",
        "discount_total": zero,
        "discount_description": None,
        "discount": None,
        "deposit_amount": None,
        "deposit_percentage": None,
        "deposit_status": "none",
        "status": 1,
        "display_status": "draft",
        "v3_status": "draft",
        "payment_status": "unpaid",
        "dispute_status": None,
        "autobill_status": None,
        "last_order_status": None,
        "auto_bill": False,
        "gmail": False,
        "show_attachments": False,
        "template": "clean-grouped",
        "notes": "",
        "terms": None,
        "po_number": None,
        "description": "",
        "payment_details": "",
        "return_uri": None,
        "ext_archive": 0,
        **clients.snapshot(client),
        "sender_address": _sender(books),
        "lock_status": "unlocked",
        "series": "",
        "attach_pdf_to_email": False,
        "vis_state": 0,
        "lines": [],
        "presentation": fields.get("presentation") or _presentation(invoice_id),
        "allowed_gateways": [],
        "attachments": _attachments(fields.get("attachments")),
    }
    if "status" in fields:
        settlement.set_first_status(row, fields["status"])
    _apply(books, row, {"lines": [], **fields}, at)
    books.table("invoices").put(invoice_id, row)
    clients.touch(books, client["id"], at)
    follow(books, row, at)
    return row


def change(books: Books, row: Row, fields: Row, at: datetime) -> None:
    """Plain fields of a PUT: only the keys given change; `lines` is all or nothing (7.1)."""
    if "status" in fields:
        settlement.set_status(row, fields)
    if "customerid" in fields:
        client = find(books, "clients", fields["customerid"], "customerid", "client")
        row.update(clients.snapshot(client), customerid=client["id"])
    _apply(books, row, fields, at)


def _apply(books: Books, row: Row, fields: Row, at: datetime) -> None:
    if "due_date" in fields:
        message = "Write access denied for object invoice field due_date"
        raise responses.accounting(403, 1038, message, "due_date", "invoice", str(fields["due_date"]))
    if len(str(fields.get("invoice_number") or "")) > _LONGEST_NUMBER:
        message = f"'invoice_number' has at most {_LONGEST_NUMBER} characters."
        raise responses.accounting(422, 1017, message, "invoice_number", "invoice")
    assign(row, fields, _WRITABLE)
    if "create_date" in fields:
        row["create_date"] = day(fields, "create_date", "invoice")
    if "due_offset_days" in fields:
        row["due_offset_days"] = number(fields, "due_offset_days", "invoice")
    issued = date.fromisoformat(row["create_date"])
    row["due_date"] = (issued + timedelta(days=row["due_offset_days"])).isoformat()
    if "discount_value" in fields:
        row["discount_value"] = plain(percent(fields["discount_value"], "discount_value", "invoice"))
    if "lines" in fields:
        row["lines"] = invoice_lines(books, row, fields["lines"], at)
    if "deposit_amount" in fields and fields["deposit_amount"] is not None:
        row["deposit_amount"] = amount(
            fields["deposit_amount"], row["currency_code"], "deposit_amount", "invoice"
        )
    if "deposit_percentage" in fields:
        row["deposit_percentage"] = fields["deposit_percentage"]
    if books.behaviours.tax_rounding == "line":
        row["_tax_by_line"] = True
    else:
        row.pop("_tax_by_line", None)
    reprice(row)
    settlement.settle(books, row)


def invoice_lines(books: Books, row: Row, sent: Any, at: datetime) -> list[Row]:
    """Lines with ids: a known `lineid` is kept, a new line gets the next one of this invoice."""
    known = {line["lineid"]: line for line in row["lines"]}
    top = max(known, default=0)
    lines = []
    for given, line in zip(sent, normalise(sent, "invoice", row["currency_code"]), strict=True):
        lineid = given.get("lineid")
        if lineid not in known:
            top += 1
            lineid = top
        before = known.get(lineid, {})
        line = {
            "invoiceid": row["id"],
            "lineid": lineid,
            **line,
            "date": None,
            "expenseid": int(given.get("expenseid") or 0),
            "basecampid": 0,
            "modern_project_id": given.get("modern_project_id"),
            "modern_time_entries": given.get("modern_time_entries") or [],
            "retainer_id": None,
            "retainer_period_id": None,
            "updated": before.get("updated", ""),
        }
        if line != before:
            line["updated"] = eastern(at)
        if line["type"] == 1 and line["expenseid"]:
            find(books, "expenses", line["expenseid"], "expenseid", "expense")
        lines.append(line)
    return lines


def follow(books: Books, row: Row, at: datetime) -> None:
    """What an invoice rebills follows it: its expenses, and, under the behaviour, its time entries."""
    deleted = row["vis_state"] == 1
    for line in row["lines"]:
        expense = books["expenses"].get(line["expenseid"]) if line["type"] == 1 else None
        if expense is not None:
            paid = row["payment_status"] in ("paid", "auto-paid")
            status = 1 if deleted else 4 if paid else 2
            if expense["status"] != status:
                expense.update(status=status, invoiceid=None if deleted else row["id"], updated=eastern(at))
                books.table("expenses").changed()
        if books.behaviours.link_time_entries:
            for linked in line["modern_time_entries"]:
                entry = books["time_entries"].get(_time_entry(linked, books.behaviours.time_link))
                if entry is not None and entry["billed"] == deleted:
                    entry.update(billed=not deleted, _updated_at=utc_z(at))
                    books.table("time_entries").changed()


def _time_entry(linked: Any, shape: str) -> int | None:
    """The id that a link names, in the shape that counts."""
    if isinstance(linked, dict):
        return linked.get("id") if shape in ("as_sent", "objects") else None
    return linked if shape in ("as_sent", "numbers") else None


def _presentation(invoice_id: int) -> Row:
    return {
        "invoiceid": invoice_id,
        "theme_layout": "simple",
        "theme_primary_color": "#2f6f4f",
        "theme_font_name": "modern",
        "image_logo_src": f"/service/uploads/images/{fake_jwt('logo', invoice_id)}",
        "image_banner_src": None,
        "image_banner_position_y": 0,
        "date_format": "yyyy-mm-dd",
        "label": None,
    }


def _sender(books: Books) -> Row:
    address = books.business.get("address") or {}
    keys = {"street": "street", "street2": "street2", "city": "city", "province": "province"}
    return {
        **{key: address.get(source) or "" for key, source in keys.items()},
        "code": address.get("postal_code") or "",
        "country": address.get("country") or "",
    }


def _attachments(sent: Any) -> list[Row]:
    return [
        {"attachmentid": i, "id": i, "jwt": a["jwt"], "media_type": a.get("media_type")}
        for i, a in enumerate(sent or [], 1)
    ]
