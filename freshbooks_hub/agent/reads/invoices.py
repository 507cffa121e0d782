"""Invoices; drafts are kept apart from those that were issued."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.clients import find_client
from freshbooks_hub.agent.reads.models import (
    ROWS,
    Amount,
    Answer,
    BusinessId,
    Client,
    ClientRef,
    Currency,
    Cursor,
    From,
    Limit,
    Page,
    Prose,
    Quantity,
    ReadRefused,
    Text,
    To,
    check_span,
    fitting,
)
from freshbooks_hub.agent.reads.reader import read_marts
from freshbooks_hub.agent.text import folded

_MOST_LINES = 200
# Words of FreshBooks that say no more than `invoice_status`, or that all went well.
_ORDINARY = (
    "'created', 'draft', 'sent', 'viewed', 'partial', 'paid', 'overdue', 'success', 'resolved', "
    "'deposit_partial', 'deposit_paid', 'deposit-partial', 'deposit-paid'"
)
_SAID = ("freshbooks_status", "dispute_status", "autobill_status", "last_order_status")
_EXTRAORDINARY = " || ".join(
    f"CASE WHEN {column} NOT IN ({_ORDINARY}) "
    f"THEN '; {'' if column == _SAID[0] else f'{column} '}' || {column} ELSE '' END"
    for column in _SAID
)


class InvoiceRow(BaseModel):
    """One invoice; `total_amount` with tax."""

    business_id: int
    invoice_id: int
    invoice_number: Text | None
    client_id: int | None
    client_name: Text | None
    create_date: date
    due_date: date | None
    paid_date: date | None
    invoice_status: str
    freshbooks_status: Annotated[
        Text | None,
        Field(description="Where FreshBooks says more: disputed, declined, failed, retry, autopaid …"),
    ]
    days_overdue: int | None
    currency_code: str
    total_amount: Amount
    paid_amount: Amount
    outstanding_amount: Amount


class InvoiceTotal(BaseModel):
    """All matching invoices of one business in one currency."""

    business_id: int
    currency_code: str
    invoice_count: int
    total_amount: Amount
    outstanding_amount: Amount


class InvoiceList(Page):
    """Invoices that match; `totals` are over all pages."""

    client: ClientRef | None
    totals: list[InvoiceTotal]
    invoices: list[InvoiceRow]


class Line(BaseModel):
    """`line_amount` without tax, before a discount of the whole invoice."""

    line_number: int
    line_name: Text | None
    description: Prose | None
    quantity: Quantity | None
    unit_cost_amount: Amount | None
    line_amount: Amount | None
    tax1_name: Text | None
    tax2_name: Text | None


class Payment(BaseModel):
    """`is_from_credit`: a credit was applied, no new money."""

    payment_date: date
    payment_type: str | None
    payment_amount: Amount
    is_from_credit: bool


class InvoiceDetails(InvoiceRow):
    """An invoice with the parts of its total."""

    discount_amount: Amount | None
    amount_without_tax: Amount
    tax_amount: Amount
    po_number: Text | None


class InvoiceAnswer(Answer):
    """One invoice, its lines and payments, all in its currency."""

    invoice: InvoiceDetails
    lines: list[Line]
    payments: list[Payment]


Status = Literal["issued", "open", "overdue", "paid", "draft"]
_STATUS: dict[Status, str] = {
    "issued": "NOT is_draft",
    "open": "is_open",
    "overdue": "is_overdue",
    "paid": "invoice_status = 'paid'",
    "draft": "is_draft",
}
_ORDER = {
    "newest": "create_date DESC",
    "due": "due_date",
    # The largest of each currency, then the second largest of each.
    "largest": "row_number() OVER (PARTITION BY currency_code "
    "ORDER BY outstanding_amount DESC, total_amount DESC, business_id, invoice_id), currency_code",
}


def list_invoices(
    marts: Path,
    *,
    client: Client = None,
    status: Annotated[Status, Field(description="issued: all but drafts")] = "issued",
    issued_from: From = None,
    issued_to: To = None,
    due_from: From = None,
    due_to: To = None,
    business_id: BusinessId = None,
    currency_code: Currency = None,
    sort: Literal["newest", "due", "largest"] = "newest",
    cursor: Cursor = None,
    limit: Limit = 25,
) -> InvoiceList:
    """Invoices by client, status, issue date or due date, with totals per currency. Drafts: only with status draft."""
    check_span(issued_from, issued_to, ("issued_from", "issued_to"))
    check_span(due_from, due_to, ("due_from", "due_to"))
    where = (
        f"FROM invoices WHERE {_STATUS[status]} AND business_id = coalesce(?, business_id) "
        "AND (? IS NULL OR client_id = ?) AND currency_code = coalesce(?, currency_code) "
        "AND (? IS NULL OR create_date >= ?) AND (? IS NULL OR create_date <= ?) "
        "AND (? IS NULL OR due_date >= ?) AND (? IS NULL OR due_date <= ?)"
    )
    with read_marts(marts) as source:
        found = find_client(source, client, business_id) if client else None
        business = found.business_id if found else business_id
        context = source.context(business, ["invoices"])
        client_id = found.client_id if found else None
        days = [day for day in (issued_from, issued_to, due_from, due_to) for _ in range(2)]
        currency = source.currency(currency_code, business)
        values = [business, client_id, client_id, currency, *days]
        rows, more, following = source.page(
            f"SELECT {_columns(InvoiceRow)} {where} ORDER BY {_ORDER[sort]}, business_id, invoice_id",
            values,
            cursor,
            limit,
        )
        totals = source.rows(
            "SELECT business_id, currency_code, count(*) AS invoice_count, sum(total_amount) AS total_amount, "
            f"sum(outstanding_amount) AS outstanding_amount {where} "
            "GROUP BY business_id, currency_code ORDER BY business_id, currency_code",
            *values,
        )
        return InvoiceList(
            context=context,
            client=found,
            totals=[InvoiceTotal(**row) for row in totals],
            invoices=[InvoiceRow(**row) for row in rows],
            has_more=more,
            next_cursor=following,
        )


def get_invoice(
    marts: Path,
    *,
    invoice: Annotated[str, Field(description="Invoice number or id", max_length=100)],
    business_id: BusinessId = None,
) -> InvoiceAnswer:
    """One invoice by number or id: its lines, taxes, discount, payments and what is still outstanding."""
    text = invoice.strip().lstrip("#")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
    with read_marts(marts) as source:
        source.businesses(business_id)
        found = source.rows(
            f"SELECT {_columns(InvoiceDetails)} FROM invoices "  # noqa: S608 - names of columns
            "WHERE business_id = coalesce(?, business_id) AND (folded(invoice_number) = folded(?) OR invoice_id = ? "
            "OR try_cast(invoice_number AS BIGINT) = ?) ORDER BY business_id, invoice_id LIMIT 10",
            business_id,
            text,
            number,
            number,
        )
        exact = [row for row in found if folded(row["invoice_number"] or "") == folded(text)] or found
        if not exact:
            gaps = " ".join(source.gaps(business_id, "invoices"))
            raise ReadRefused(
                "invoice_not_found",
                f"No invoice has this number or id. list_invoices shows them. {gaps}".strip(),
            )
        if len(exact) > 1:
            ids = ", ".join(f"{row['invoice_id']} of business {row['business_id']}" for row in exact)
            raise ReadRefused(
                "invoice_ambiguous",
                f"{len(exact)} invoices fit: {ids}. Ask again with the id and business_id.",
            )
        [row] = exact
        key = (row["business_id"], row["invoice_id"])
        lines = source.rows(
            f"SELECT {', '.join(Line.model_fields)} FROM invoice_lines "  # noqa: S608
            "WHERE business_id = ? AND invoice_id = ? ORDER BY line_number LIMIT ?",
            *key,
            _MOST_LINES,
        )
        payments = source.rows(
            f"SELECT {', '.join(Payment.model_fields)} FROM payments "  # noqa: S608
            "WHERE business_id = ? AND invoice_id = ? ORDER BY payment_date, payment_id LIMIT ?",
            *key,
            _MOST_LINES,
        )
        context = source.context(row["business_id"], ["invoices", "invoice_lines", "payments"])
        shown = fitting([Line(**line) for line in lines])
        paid = fitting([Payment(**payment) for payment in payments], ROWS // 4)
        if len(shown) < len(lines) or len(paid) < len(payments) or len(lines) == _MOST_LINES:
            context.notes.append(
                f"Only the first {len(shown)} lines and {len(paid)} payments are shown; query_marts has all of them "
                "in invoice_lines and payments."
            )
        return InvoiceAnswer(context=context, invoice=InvoiceDetails(**row), lines=shown, payments=paid)


def _columns(model: type[InvoiceRow]) -> str:
    """What to select of mart invoices for the model, of the words of FreshBooks only those that are extraordinary."""
    said = f"nullif(substr({_EXTRAORDINARY}, 3), '') AS freshbooks_status"
    return ", ".join(said if name == "freshbooks_status" else name for name in model.model_fields)
