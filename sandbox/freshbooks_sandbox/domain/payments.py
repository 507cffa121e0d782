"""Payments and credit notes. What is paid over an invoice becomes a credit note (freshbooks-api.md 5)."""

from __future__ import annotations

from datetime import datetime

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import clients, invoices, settlement
from freshbooks_sandbox.domain.common import amount, assign, day, find, require
from freshbooks_sandbox.domain.lines import normalise, reprice
from freshbooks_sandbox.values import ZERO, Row, decimal, eastern, money


def create(books: Books, fields: Row, at: datetime) -> Row:
    """Books a payment on its invoice; the part above `outstanding` becomes an overpayment credit."""
    require(fields, "payment", "invoiceid", "amount", "date")
    invoice = find(books, "invoices", fields["invoiceid"], "invoiceid", "invoice")
    code = invoice["currency_code"]
    sent = amount(fields["amount"], code, "amount", "payment")
    if sent["code"] != code:
        raise responses.accounting(
            422, 1004, "Currency differs from the invoice's.", "amount", "payment", sent["code"]
        )
    if decimal(sent) <= 0:
        raise responses.accounting(
            422, 1025, "'amount' must be positive.", "amount", "payment", sent["amount"]
        )
    due = decimal(invoice["outstanding"])
    over = max(decimal(sent) - due, ZERO) if not fields.get("creditid") else ZERO
    number = books.new_id("payments")
    row: Row = {
        "id": number,
        "logid": number,
        "accounting_systemid": books.account_id,
        "invoiceid": invoice["id"],
        "clientid": invoice["customerid"],
        "creditid": fields.get("creditid"),
        "date": day(fields, "date", "payment"),
        "amount": money(decimal(sent) - over, code),
        "type": fields.get("type") or "Other",
        "note": fields.get("note") or "",
        "gateway": fields.get("gateway"),
        "orderid": None,
        "transactionid": None,
        "overpaymentid": None,
        "bulk_paymentid": None,
        "from_credit": bool(fields.get("creditid")),
        "send_client_notification": fields.get("send_client_notification"),
        "transaction_uuid": None,
        "updated": eastern(at),
        "vis_state": 0,
    }
    if over:
        note = {
            "clientid": invoice["customerid"],
            "create_date": row["date"],
            "currency_code": code,
            "credit_type": "overpayment",
            "lines": [{"name": "Overpayment", "qty": 1, "unit_cost": str(over)}],
        }
        row["overpaymentid"] = create_credit(books, note, at)["id"]
    books.table("payments").put(number, row)
    settlement.mark_sent(invoice)
    follow(books, row, at)
    return row


def change(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, ("note", "type", "gateway"))
    if "date" in fields:
        row["date"] = day(fields, "date", "payment")
    if "amount" in fields:
        row["amount"] = amount(fields["amount"], row["amount"]["code"], "amount", "payment")


def follow(books: Books, row: Row, at: datetime) -> None:
    """A payment that comes, changes or goes moves its invoice, and the credit note it draws on."""
    invoice = books["invoices"].get(row["invoiceid"])
    if invoice is not None:
        settlement.settle(books, invoice)
        if books.behaviours.payments_move_invoices:
            invoice["updated"] = eastern(at)
            invoice["version"] = f"{eastern(at)}.{at.microsecond:06d}"
        books.table("invoices").changed()
        invoices.follow(books, invoice, at)
    if row["creditid"]:
        _settle_credit(books, books["credit_notes"][row["creditid"]])


def create_credit(books: Books, fields: Row, at: datetime) -> Row:
    """A credit note; the body key is the singular `credit_note`, `create_date` is required (7.7)."""
    require(fields, "credit_note", "clientid", "create_date")
    client = find(books, "clients", fields["clientid"], "clientid", "client")
    code = str(fields.get("currency_code") or client["currency_code"])
    number = books.new_id("credit_notes")
    row: Row = {
        "creditid": number,
        "id": number,
        "accounting_systemid": books.account_id,
        "credit_number": f"CN{books.new_id('credit_numbers'):06d}",
        "credit_type": fields.get("credit_type") or "goodwill",
        "clientid": client["id"],
        "create_date": day(fields, "create_date", "credit_note"),
        "currency_code": code,
        "language": client["language"] or "en",
        "amount": money(0, code),
        "paid": money(0, code),
        "status": "created",
        "display_status": "created",
        "payment_status": "unpaid",
        "payment_type": None,
        "last_order_status": None,
        "dispute_status": None,
        "description": "",
        "notes": fields.get("notes") or "",
        "terms": None,
        **clients.snapshot(client),
        "sentid": 1,
        "template": "clean-grouped",
        "ext_archive": 0,
        "vis_state": 0,
        "lines": [],
        "_updated": eastern(at),
    }
    row["lines"] = [
        {"creditid": number, **line} for line in normalise(fields.get("lines") or [], "credit_note", code)
    ]
    _price_credit(row)
    return books.table("credit_notes").put(number, row)


def change_credit(books: Books, row: Row, fields: Row, at: datetime) -> None:  # noqa: ARG001
    assign(row, fields, ("notes", "terms"))
    if "lines" in fields:
        made = normalise(fields["lines"], "credit_note", row["currency_code"])
        row["lines"] = [{"creditid": row["id"], **line} for line in made]
        _price_credit(row)
    _settle_credit(books, row)


def _price_credit(row: Row) -> None:
    priced = {**row, "discount_value": "0"}
    reprice(priced)
    row["amount"], row["description"] = priced["amount"], priced["description"]


def _settle_credit(books: Books, row: Row) -> None:
    used = sum(
        (decimal(p["amount"]) for p in books.where("payments", creditid=row["id"]) if p["vis_state"] != 1),
        ZERO,
    )
    row["paid"] = money(used, row["currency_code"])
    whole = used >= decimal(row["amount"])
    row["payment_status"] = "paid" if used and whole else "partial" if used else "unpaid"
    books.table("credit_notes").changed()
