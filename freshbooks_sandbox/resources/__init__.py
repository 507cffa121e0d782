"""What can be listed and written, one entry per resource (freshbooks-api.md 3.3, 3.6)."""

from __future__ import annotations

from freshbooks_sandbox.resource import Resource
from freshbooks_sandbox.resources.catalog import ITEMS, TASKS, TAXES
from freshbooks_sandbox.resources.sales import CLIENTS, CREDIT_NOTES, ESTIMATES, INVOICES, PAYMENTS
from freshbooks_sandbox.resources.spending import CATEGORIES, EXPENSES
from freshbooks_sandbox.resources.work import (
    PROJECTS,
    SERVICE_RATES,
    SERVICES,
    TEAM_MEMBERS,
    TEAM_RATES,
    TIME_ENTRIES,
)

__all__ = [
    "ACCOUNTING",
    "BY_NAME",
    "CATEGORIES",
    "CLIENTS",
    "CREDIT_NOTES",
    "ESTIMATES",
    "EXPENSES",
    "INVOICES",
    "ITEMS",
    "PAYMENTS",
    "PROJECTS",
    "SERVICES",
    "SERVICE_RATES",
    "TASKS",
    "TAXES",
    "TEAM_MEMBERS",
    "TEAM_RATES",
    "TIME_ENTRIES",
]

ACCOUNTING: tuple[Resource, ...] = (
    *(CLIENTS, INVOICES, PAYMENTS, EXPENSES, CATEGORIES, ESTIMATES, CREDIT_NOTES, ITEMS, TAXES, TASKS),
)
BY_NAME: dict[str, Resource] = {
    resource.name: resource
    for resource in (*ACCOUNTING, PROJECTS, TIME_ENTRIES, SERVICES, SERVICE_RATES, TEAM_MEMBERS, TEAM_RATES)
}
