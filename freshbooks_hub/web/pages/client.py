"""One client: contact details, balances in each currency, how it pays, and its newest documents."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.core.freshbooks_pages import client_page
from freshbooks_hub.web.lists.invoices import INVOICES
from freshbooks_hub.web.lists.listing import Column, Kind
from freshbooks_hub.web.lists.money import EXPENSES, PAYMENTS
from freshbooks_hub.web.lists.people import PROJECTS
from freshbooks_hub.web.lists.record import find, part
from freshbooks_hub.web.marts import Marts, Row, opened, page_gaps
from freshbooks_hub.web.request_context import context_of
from freshbooks_hub.web.views import render

BALANCES = (
    Column("currency_code", "Currency"),
    Column("outstanding_amount", "Outstanding", Kind.money),
    Column("overdue_amount", "Overdue", Kind.money),
    Column("open_invoice_count", "Open invoices", Kind.number),
    Column("oldest_due_date", "Oldest due", Kind.day),
    Column("draft_amount", "Drafts", Kind.money),
    Column("unapplied_credit_amount", "Unused credit", Kind.money),
)
CONTACTS = (
    Column("full_name", "Name", empty="no name"),
    Column("role", "Role"),
    Column("email", "Email"),
    Column("business_phone", "Phone"),
    Column("mobile_phone", "Mobile"),
)
ADDRESS = ("street", "street2", "city", "province", "postal_code", "country")


def page(request: Request) -> Response:
    """`/clients/{id}`"""
    with opened(context_of(request).home.marts) as marts:
        choice, client = find(request, marts, "clients", "client_id", "client")
        assert marts is not None
        business, number = client["business_id"], client["client_id"]
        balances = _balances(marts, client)
        contacts = _contacts(marts, client)
        # Open ones are few and matter, so more of them; of the rest the newest.
        unpaid = part(
            marts,
            INVOICES,
            business,
            ("client_name",),
            most=50,
            client=number,
            status="open",
            sort="due_date",
        )
        invoices = part(marts, INVOICES, business, ("client_name",), client=number)
        payments = part(marts, PAYMENTS, business, ("client_name",), client=number)
        projects = part(marts, PROJECTS, business, ("client_name",), client=number)
        expenses = part(marts, EXPENSES, business, ("client_name",), client=number)
        gaps = page_gaps(
            marts, choice.current, "clients", "crm_contacts", "invoices", "outstanding_balances", "payments"
        )
    return render(
        request,
        "client.html",
        zone=choice.zone,
        choice=choice,
        gaps=gaps,
        client=client,
        name=client["client_name"] or "Client without a name",
        address_lines=[client[name] for name in ADDRESS if client[name]],
        balance_columns=BALANCES,
        balances=balances,
        contact_columns=CONTACTS,
        contacts=contacts,
        unpaid=unpaid,
        invoices=invoices,
        payments=payments,
        projects=projects,
        expenses=expenses,
        invoices_known="invoices" not in gaps.missing,
        freshbooks=client_page(number),
    )


def _balances(marts: Marts, client: Row) -> list[Row]:
    rows = marts.rows(
        "SELECT * FROM outstanding_balances WHERE account_id = ? AND business_id = ? AND client_id = ? "
        "ORDER BY currency_code",
        client["account_id"],
        client["business_id"],
        client["client_id"],
    )
    return [
        row
        | {
            "unapplied_credit_amount__unknown": row["unapplied_credit_amount"] is None,
            "gap_reason": row.get("gap_reason"),
        }
        for row in rows
    ]


def _contacts(marts: Marts, client: Row) -> list[Row]:
    """The client itself, then its other people; a contact shared with another client may appear there."""
    first = {
        "full_name": " ".join(filter(None, (client["first_name"], client["last_name"]))) or None,
        "role": "Main contact",
    } | {name: client[name] for name in ("email", "business_phone", "mobile_phone")}
    others = marts.rows(
        "SELECT full_name, 'Contact' AS role, email, business_phone, mobile_phone FROM crm_contacts "
        "WHERE account_id = ? AND business_id = ? AND client_id = ? AND NOT is_primary ORDER BY full_name, contact_key "
        "LIMIT 100",
        client["account_id"],
        client["business_id"],
        client["client_id"],
    )
    return [row for row in [first, *others] if any(row[name] for name in row if name != "role")]


routes = [Route("/clients/{id:int}", page)]
