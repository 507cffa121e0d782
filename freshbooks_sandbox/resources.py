"""What can be listed and written, one entry per resource (freshbooks-api.md 3.3, 3.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from freshbooks_sandbox.answers import Row
from freshbooks_sandbox.domain import catalog, clients, estimates, expenses, invoices, payments, work
from freshbooks_sandbox.money import decimal
from freshbooks_sandbox.query import (
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
from freshbooks_sandbox.stamps import eastern, utc_naive_iso, utc_z
from freshbooks_sandbox.store import Books
from freshbooks_sandbox.words import words

Create = Callable[[Books, Row, datetime], Row]
Change = Callable[[Books, Row, Row, datetime], None]
After = Callable[[Books, Row, datetime], None]


def _nothing(books: Books, row: Row, at: datetime) -> None:
    """Most records move nothing else."""


@dataclass(frozen=True)
class Resource:
    """One kind of record. `path` under the account is set for the accounting family only."""

    name: str
    scope: str
    change: Change
    create: Create | None = None
    path: str = ""
    plural: str = ""
    singular: str = ""
    id: str = "id"
    stamp: str | None = "updated"
    clock: Callable[[datetime], str] = eastern
    soft_delete: str | None = "vis_state"  # or "active"; None: a delete removes the row
    filters: dict[str, Filter] = field(default_factory=dict)
    undocumented: tuple[str, ...] = ()  # filters of `filters` that work under a switch only
    includes: tuple[str, ...] = ()
    sorts: dict[str, Callable[[Row], Any]] = field(default_factory=dict)
    after: After = _nothing  # runs when a record really changed, was deleted or restored
    writable: bool = True  # over the API

    @property
    def list_key(self) -> str:
        return self.plural or self.name


def _balance_above_zero(name: str) -> Filter:
    return equals_truth(lambda row: decimal(row.get(name)) > 0)


_UPDATED = days("updated")

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
EXPENSES = Resource(
    "expenses",
    "expenses",
    path="expenses/expenses",
    singular="expense",
    id="expenseid",
    create=expenses.create,
    change=expenses.change,
    filters={
        **ids("expenseid"),
        **ids("clientid"),
        "clientid_not": lambda _key, values: lambda row: str(row["clientid"]) != values[-1],
        **ids("staffid"),
        **ids("profileid"),
        **ids("categoryid"),
        **ids("projectid"),
        "has_receipt": equals_truth(lambda row: bool(row["has_receipt"])),
        **amounts("amount"),
        **days("date"),
        "date": equals("date"),
        **_UPDATED,
        "vendor": equals("vendor"),
    },
    includes=("attachment", "category", "expense_profile", "project", "account"),
)
CATEGORIES = Resource(
    "expense_categories",
    "expenses",
    path="expenses/categories",
    plural="categories",
    singular="category",
    id="categoryid",
    stamp="updated_at",
    create=expenses.create_category,
    change=expenses.change_category,
    writable=False,
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
ITEMS = Resource(
    "items",
    "billable_items",
    path="items/items",
    singular="item",
    id="itemid",
    create=catalog.create_item,
    change=catalog.change_item,
    filters={
        **ids("itemid"),
        "sku": equals("sku"),
        "description": contains("description"),
        **amounts("unit_cost"),
        **amounts("qty"),
        **amounts("inventory"),
        **_UPDATED,
    },
)
TAXES = Resource(
    "taxes",
    "taxes",
    path="taxes/taxes",
    singular="tax",
    id="taxid",
    soft_delete=None,
    create=catalog.create_tax,
    change=catalog.change_tax,
    filters={
        **ids("taxid"),
        "name": contains("name"),
        "number": contains("number"),
        "compound": equals_truth(lambda row: bool(row["compound"])),
        **_UPDATED,
    },
)
TASKS = Resource(
    "tasks",
    "billable_items",
    path="projects/tasks",
    singular="task",
    id="taskid",
    create=catalog.create_task,
    change=catalog.change_task,
    filters={
        **ids("taskid"),
        "billable": equals_truth(lambda r: bool(r["billable"])),
        **amounts("rate"),
        **_UPDATED,
    },
    includes=("projects",),
)

PROJECTS = Resource(
    "projects",
    "projects",
    singular="project",
    stamp="updated_at",
    clock=utc_naive_iso,
    soft_delete="active",
    create=work.create_project,
    change=work.change_project,
    sorts={
        "title": lambda r: r["title"].lower(),
        "due_date": lambda r: r["due_date"] or "",
        "created_at": lambda r: (r["created_at"], r["id"]),
    },
)
TIME_ENTRIES = Resource(
    "time_entries",
    "time_entries",
    singular="time_entry",
    stamp="_updated_at",
    clock=utc_z,
    soft_delete="active",
    create=work.create_entry,
    change=work.edit_entry,
)
SERVICES = Resource(
    "services", "billable_items", stamp=None, create=work.create_service, change=work.change_service
)
SERVICE_RATES = Resource(
    "service_rates", "billable_items", stamp=None, soft_delete=None, change=work.change_rate
)
TEAM_MEMBERS = Resource(
    "team_members",
    "teams",
    stamp="updated_at",
    clock=utc_z,
    soft_delete="active",
    create=work.create_member,
    change=work.change_member,
)
TEAM_RATES = Resource("team_member_rates", "teams", stamp=None, soft_delete=None, change=work.change_rate)

ACCOUNTING = (
    *(CLIENTS, INVOICES, PAYMENTS, EXPENSES, CATEGORIES, ESTIMATES, CREDIT_NOTES, ITEMS, TAXES, TASKS),
)
BY_NAME = {
    resource.name: resource
    for resource in (*ACCOUNTING, PROJECTS, TIME_ENTRIES, SERVICES, SERVICE_RATES, TEAM_MEMBERS, TEAM_RATES)
}
