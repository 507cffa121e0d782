"""Clients and what is billed to them: invoices, estimates, payments, credit notes."""

from __future__ import annotations

from freshbooks_sandbox.books.query import (
    Filter,
    amounts,
    contains,
    days,
    equals,
    equals_number,
    equals_truth,
    ids,
    in_numbers,
)
from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.domain import clients, estimates, invoice_profiles, invoices, other_income, payments
from freshbooks_sandbox.domain.settlement import seen_status
from freshbooks_sandbox.values import decimal, words

_UPDATED = days("updated")


def _balance_above_zero(name: str) -> Filter:
    return equals_truth(lambda row: decimal(row.get(name)) > 0)


CLIENTS = Resource(
    "clients",
    "clients",
    path="users/clients",
    singular="client",
    id="userid",
    create=clients.create,
    change=clients.change,
    filters={
        **{name: equals(name) for name in ("email", "username")},
        **{f"{name}_like": contains(name) for name in ("fname", "lname", "email", "organization", "note")},
        "address_like": contains("p_street", "p_street2", "p_city", "p_province", "p_country"),
        "phone_like": contains("bus_phone", "mob_phone", "home_phone"),
        "user_like": contains("fname", "lname", "organization", "email"),
        **ids("userid"),
        **_UPDATED,
    },
    includes=(
        *words("outstanding_balance credit_balance draft_balance overdue_balance grand_total_balance"),
        *words("last_activity late_reminders late_fee contacts"),
    ),
    sorts={
        "updated": lambda r: r["updated"],
        "organization_name": lambda r: r["organization"].lower(),
        "fullname": lambda r: (r["fname"].lower(), r["lname"].lower()),
        "email": lambda r: r["email"].lower(),
        "client_id": lambda r: r["id"],
        "bus_phone": lambda r: r["bus_phone"],
        "primarycontact": lambda r: (r["fname"].lower(), r["lname"].lower()),
    },
)
INVOICES = Resource(
    "invoices",
    "invoices",
    path="invoices/invoices",
    singular="invoice",
    id="invoiceid",
    create=invoices.create,
    change=invoices.change,
    after=invoices.follow,
    filters={
        **days("date", "create_date"),
        **_UPDATED,
        **ids("customerid"),
        **ids("invoiceid"),
        "v3_status": equals("v3_status"),
        "invoice_number": equals("invoice_number"),
        "paid": _balance_above_zero("paid"),
        "outstanding": _balance_above_zero("outstanding"),
    },
    delete_verb=True,
    seen=lambda _books, row, day: {"v3_status": seen_status(row, day)},
    seen_filters=("v3_status",),
    includes=(
        *words("lines presentation allowed_gateways owner contacts payments late_fee late_reminders"),
        *words("attachments direct_links"),
    ),
    sorts={"invoice_date": lambda r: (r["create_date"], r["id"])},
)
PAYMENTS = Resource(
    "payments",
    "payments",
    path="payments/payments",
    singular="payment",
    create=payments.create,
    change=payments.change,
    after=payments.follow,
    filters={
        **days("date"),
        **_UPDATED,
        **amounts("amount"),
        **ids("clientid"),
        **ids("customerid", "clientid"),
        **ids("logid"),
        "invoiceid": equals_number("invoiceid"),
        "type": equals("type"),
        "currency": lambda _key, values: lambda row: row["amount"]["code"] == values[-1],
        "notes": contains("note"),
        "from_credit": equals_truth(lambda row: bool(row["from_credit"])),
        "payment_or_credit": lambda _key, values: lambda row: row["from_credit"] == (values[-1] == "credit"),
    },
    includes=("client", "invoice", "credit_note", "order", "gateway"),
)
ESTIMATES = Resource(
    "estimates",
    "estimates",
    path="estimates/estimates",
    singular="estimate",
    id="estimateid",
    create=estimates.create,
    change=estimates.change,
    filters={
        **ids("estimateid"),
        "estimate_number": equals("estimate_number"),
        "estimate_number_like": contains("estimate_number"),
        "notes": contains("notes"),
        "statusid": equals_number("status"),
        "statusids": in_numbers("status"),
        **_UPDATED,
    },
    delete_verb=True,
    undocumented=("updated_min", "updated_max"),
    includes=(
        "lines",
        "audit_logs",
        "comments",
        "contacts",
        "owner",
        "presentation",
        "project",
        "invoices",
        "system",
    ),
)
INVOICE_PROFILES = Resource(
    "invoice_profiles",
    "invoices",
    path="invoice_profiles/invoice_profiles",
    singular="invoice_profile",
    id="profileid",
    create=invoice_profiles.create,
    change=invoice_profiles.change,
    filters={
        **ids("profileid"),
        **ids("clientid", "customerid"),
        "currency_code": equals("currency_code"),
        **_UPDATED,
    },
    undocumented=("updated_min", "updated_max"),
    includes=(
        *words("lines allowed_gateways audit_logs contacts late_fee late-reminders presentation system"),
        *words("tracking next_issue_date project_format"),
    ),
)
OTHER_INCOME = Resource(
    "other_income",
    "other_income",
    path="other_incomes/other_incomes",
    singular="other_income",
    id="incomeid",
    stamp="updated_at",
    create=other_income.create,
    change=other_income.change,
    whole=other_income.REQUIRED,
    delete_verb=True,
    filters={"incomeid": equals_number("incomeid"), "category_name": equals("category_name")},
)
CREDIT_NOTES = Resource(
    "credit_notes",
    "credit_notes",
    path="credit_notes/credit_notes",
    singular="credit_note",
    id="creditid",
    stamp="_updated",
    create=payments.create_credit,
    change=payments.change_credit,
    filters={"clientid": equals_number("clientid"), **days("date", "create_date")},
    includes=("lines",),
)
