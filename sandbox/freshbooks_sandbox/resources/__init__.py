"""What can be listed and written, one entry per resource (freshbooks-api.md 3.3, 3.6)."""

from __future__ import annotations

from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.resources.catalog import ITEMS, TASKS, TAXES
from freshbooks_sandbox.resources.ledger import (
    JOURNAL_ACCOUNTS,
    JOURNAL_DETAILS,
    JOURNAL_ENTRIES,
    LEDGER_ACCOUNTS,
)
from freshbooks_sandbox.resources.projects_and_time import (
    PROJECTS,
    RETAINERS,
    SERVICE_RATES,
    SERVICES,
    STAFF,
    TEAM_MEMBERS,
    TEAM_RATES,
    TIME_ENTRIES,
)
from freshbooks_sandbox.resources.purchases import BILL_PAYMENTS, BILL_VENDORS, BILLS, CATEGORIES, EXPENSES
from freshbooks_sandbox.resources.sales import (
    CLIENTS,
    CREDIT_NOTES,
    ESTIMATES,
    INVOICE_PROFILES,
    INVOICES,
    OTHER_INCOME,
    PAYMENTS,
)

__all__ = [
    "ACCOUNTING",
    "BILLS",
    "BILL_PAYMENTS",
    "BILL_VENDORS",
    "BY_NAME",
    "CATEGORIES",
    "CLIENTS",
    "CREDIT_NOTES",
    "ESTIMATES",
    "EXPENSES",
    "INVOICES",
    "INVOICE_PROFILES",
    "ITEMS",
    "JOURNAL_ACCOUNTS",
    "JOURNAL_DETAILS",
    "JOURNAL_ENTRIES",
    "LEDGER_ACCOUNTS",
    "OTHER_INCOME",
    "PAYMENTS",
    "PROJECTS",
    "RETAINERS",
    "SERVICES",
    "SERVICE_RATES",
    "STAFF",
    "TASKS",
    "TAXES",
    "TEAM_MEMBERS",
    "TEAM_RATES",
    "TIME_ENTRIES",
]

ACCOUNTING: tuple[Resource, ...] = (
    *(CLIENTS, INVOICES, PAYMENTS, EXPENSES, CATEGORIES, ESTIMATES, CREDIT_NOTES, ITEMS, TAXES, TASKS),
    *(INVOICE_PROFILES, OTHER_INCOME, BILLS, BILL_VENDORS, BILL_PAYMENTS, STAFF),
    *(JOURNAL_ACCOUNTS, JOURNAL_DETAILS, JOURNAL_ENTRIES),
)
BY_NAME: dict[str, Resource] = {
    resource.name: resource
    for resource in (
        *(*ACCOUNTING, LEDGER_ACCOUNTS, PROJECTS, TIME_ENTRIES, SERVICES, SERVICE_RATES),
        *(TEAM_MEMBERS, TEAM_RATES, RETAINERS),
    )
}
