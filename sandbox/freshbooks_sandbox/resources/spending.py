"""What the business spends: expenses and their categories."""

from __future__ import annotations

from freshbooks_sandbox.domain import expenses
from freshbooks_sandbox.query import amounts, days, equals, equals_truth, ids
from freshbooks_sandbox.resource import Resource

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
        **days("updated"),
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
