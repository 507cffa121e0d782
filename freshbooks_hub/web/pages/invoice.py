"""One invoice: its lines and taxes, what was paid, and what happened when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.core.currencies import amount_text
from freshbooks_hub.core.freshbooks_pages import invoice_page
from freshbooks_hub.core.labels import plural
from freshbooks_hub.web.lists.invoices import INVOICE, STATUS, STATUS_LOOKS
from freshbooks_hub.web.lists.listing import Column, Kind
from freshbooks_hub.web.lists.money import PAYMENTS
from freshbooks_hub.web.lists.people import PROJECT
from freshbooks_hub.web.lists.record import find, part
from freshbooks_hub.web.marts import Marts, Row, opened, page_gaps
from freshbooks_hub.web.request_context import context_of
from freshbooks_hub.web.views import render

LINES = (
    Column("line", "Item", empty="no name"),
    Column("description", "Description"),
    PROJECT,
    Column("quantity", "Quantity", Kind.number),
    Column("unit_cost_amount", "Price", Kind.money),
    Column("taxes", "Taxes"),
    Column("line_amount", "Amount", Kind.money, unknown="true"),
)


@dataclass(frozen=True)
class Event:
    """What happened on a day; `amount` with it, if any."""

    day: date
    text: str
    amount: Decimal | None = None


def page(request: Request) -> Response:
    """`/invoices/{id}`"""
    with opened(context_of(request).home.marts) as marts:
        choice, invoice = find(request, marts, "invoices", "invoice_id", "invoice")
        assert marts is not None
        lines = _lines(marts, invoice)
        taxes = _taxes(marts, invoice)
        paid = _payments(marts, invoice)
        payments = part(
            marts,
            PAYMENTS,
            invoice["business_id"],
            without=("client_name", "invoice_number"),
            invoice=invoice["invoice_id"],
            sort="payment_date",
            most=50,
        )
        has_ledger = bool(marts.columns("general_ledger"))
        gaps = page_gaps(marts, choice.current, "invoices", "invoice_lines", "payments")
    return render(
        request,
        "invoice.html",
        zone=choice.zone,
        choice=choice,
        gaps=gaps,
        invoice=invoice,
        state=(
            STATUS_LOOKS.get(invoice["invoice_status"], "quiet"),
            STATUS.get(invoice["invoice_status"], invoice["invoice_status"]),
        ),
        columns=[
            one for one in LINES if one.name != "project_name" or any(line["project_id"] for line in lines)
        ],
        lines=lines,
        taxes=taxes,
        payments=payments,
        timeline=timeline(invoice, paid),
        has_ledger=has_ledger,
        freshbooks=invoice_page(invoice["account_id"], invoice["invoice_id"]),
        number=invoice["invoice_number"] or INVOICE.empty,
    )


def timeline(invoice: Row, payments: list[Row]) -> list[Event]:
    """In the order of days. FreshBooks does not say when an invoice was sent or viewed."""
    code = invoice["currency_code"]
    events = [
        Event(
            invoice["create_date"],
            "Draft, dated" if invoice["is_draft"] else "Issued",
            invoice["total_amount"],
        )
    ]
    for one in payments:
        what = f"Paid by {one['payment_type']}" if one["payment_type"] else "Paid"
        if not one["is_cash"]:
            what = f"Credit {one['credit_number'] or ''}".strip() + " applied"
        if one["currency_code"] != code:  # beside amounts of the invoice it must not read as one of them
            what += f", {one['currency_code']} {amount_text(one['payment_amount'], one['currency_code'])}"
        same = one["payment_amount"] if one["currency_code"] == code else None
        events.append(Event(one["payment_date"], what, same))
    if invoice["paid_date"]:
        days = invoice["days_to_pay"]
        after = f", after {plural(days, 'day')}" if days is not None else ""
        events.append(Event(invoice["paid_date"], f"Paid in full{after}"))
    if invoice["due_date"] and not invoice["is_draft"]:
        late = invoice["days_overdue"]
        events.append(Event(invoice["due_date"], f"Due, {plural(late, 'day')} ago" if late else "Due"))
    return sorted(events, key=lambda event: event.day)


def _lines(marts: Marts, invoice: Row) -> list[Row]:
    rows = marts.rows(
        "SELECT coalesce(line_name, line_type) AS line, description, project_id, project_name, quantity, "
        "unit_cost_amount, line_amount, currency_code, gap_reason, line_amount IS NULL AS line_amount__unknown, "
        "tax1_name, tax1_percent, tax2_name, tax2_percent FROM invoice_lines "
        "WHERE account_id = ? AND business_id = ? AND invoice_id = ? ORDER BY line_number",
        invoice["account_id"],
        invoice["business_id"],
        invoice["invoice_id"],
    )
    for row in rows:
        named = [(row[f"tax{n}_name"], row[f"tax{n}_percent"]) for n in (1, 2) if row[f"tax{n}_name"]]
        row["taxes"] = ", ".join(f"{name} {_percent(rate)}" for name, rate in named) or None
    return rows


def _taxes(marts: Marts, invoice: Row) -> list[Row]:
    """Each tax with its amount; none where they do not add up to the tax of the invoice, as on a draft."""
    rows = marts.rows(
        "SELECT tax_name, tax_percent, tax_amount FROM sales_tax_lines WHERE account_id = ? AND business_id = ? "
        "AND basis = 'accrual' AND document_type = 'invoice' AND document_id = ? ORDER BY tax_name, tax_percent",
        invoice["account_id"],
        invoice["business_id"],
        invoice["invoice_id"],
    )
    amounts = [row["tax_amount"] for row in rows]
    if None in amounts or sum(amounts, Decimal(0)) != invoice["tax_amount"]:
        return []
    return [row | {"rate": _percent(row["tax_percent"])} for row in rows]


def _payments(marts: Marts, invoice: Row) -> list[Row]:
    return marts.rows(
        "SELECT payment_date, payment_type, is_cash, credit_number, payment_amount, currency_code FROM payments "
        "WHERE account_id = ? AND business_id = ? AND invoice_id = ? ORDER BY payment_date, payment_id LIMIT 200",
        invoice["account_id"],
        invoice["business_id"],
        invoice["invoice_id"],
    )


def _percent(rate: Decimal | None) -> str:
    return "" if rate is None else f"{rate.normalize():f} %"


routes = [Route("/invoices/{id:int}", page)]
