"""What the business spends: expenses and their categories; bills, who sends them, and their payments."""

from __future__ import annotations

from freshbooks_sandbox.books.query import (
    amounts,
    days,
    equals,
    equals_number,
    equals_truth,
    ids,
    in_numbers,
    in_texts,
)
from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.domain import bill_vendors, bills, expenses
from freshbooks_sandbox.values import utc_plain

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
# Hardly any filter of the three kinds below works (freshbooks-api.md 3.3).
BILLS = Resource(
    "bills",
    "bills",
    path="bills/bills",
    singular="bill",
    stamp="updated_at",
    clock=utc_plain,
    create=bills.create,
    change=bills.change,
    seen=bills.seen,
    filters={
        "vendorid": equals_number("vendorid"),
        "statuses": in_texts("status"),
        "currency_code": equals("currency_code"),
        "ids": in_numbers("id"),
    },
    seen_filters=("statuses",),
)
BILL_VENDORS = Resource(
    "bill_vendors",
    "bill_vendors",
    path="bill_vendors/bill_vendors",
    singular="bill_vendor",
    id="vendorid",
    stamp="updated_at",
    clock=utc_plain,
    create=bill_vendors.create,
    change=bill_vendors.change,
    seen=bill_vendors.seen,
)
BILL_PAYMENTS = Resource(
    "bill_payments",
    "bill_payments",
    path="bill_payments/bill_payments",
    singular="bill_payment",
    stamp=None,
    create=bills.create_payment,
    change=bills.change_payment,
    after=bills.follow_payment,
)
