"""One bill of a vendor: what it is for, and what was paid on it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.web.lists.listing import Column, Kind
from freshbooks_hub.web.lists.money import BILL, BILL_LOOKS, BILL_STATES
from freshbooks_hub.web.lists.record import find
from freshbooks_hub.web.marts import opened, page_gaps
from freshbooks_hub.web.request_context import context_of
from freshbooks_hub.web.views import render

PAYMENTS = (
    Column("payment_date", "Day", Kind.day),
    Column("payment_type", "Paid by"),
    Column("note", "Note"),
    Column("payment_amount", "Amount", Kind.money),
)


def page(request: Request) -> Response:
    """`/bills/{id}`"""
    with opened(context_of(request).home.marts) as marts:
        choice, bill = find(request, marts, "bills", "bill_id", "bill")
        assert marts is not None
        payments = marts.rows(
            "SELECT payment_date, payment_type, note, payment_amount, currency_code FROM bill_payments "
            "WHERE account_id = ? AND business_id = ? AND bill_id = ? ORDER BY payment_date, bill_payment_id LIMIT 200",
            bill["account_id"],
            bill["business_id"],
            bill["bill_id"],
        )
        gaps = page_gaps(marts, choice.current, "bills", "bill_payments")
    return render(
        request,
        "bill.html",
        zone=choice.zone,
        choice=choice,
        gaps=gaps,
        bill=bill,
        number=bill["bill_number"] or BILL.empty,
        state=(
            BILL_LOOKS.get(bill["bill_status"], "quiet"),
            BILL_STATES.get(bill["bill_status"], bill["bill_status"]),
        ),
        payment_columns=PAYMENTS,
        payments=payments,
    )


routes = [Route("/bills/{id:int}", page)]
