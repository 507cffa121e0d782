"""The lists of payments, bills and expenses."""

from __future__ import annotations

from dataclasses import replace

from freshbooks_hub.web.lists.invoices import AGES, BY_CLIENT, BY_CURRENCY, CLIENT
from freshbooks_hub.web.lists.listing import Choice, Column, Kind, Link, Listing, Option, Total, Value
from freshbooks_hub.web.lists.people import PROJECT

RECEIVED = "is_cash AND is_counted"
PAYMENT_STATES = {
    "received": "Received",
    "credit": "Credit applied",
    "deleted": "Of a deleted invoice",
}
EXPENSE_STATES = {
    "internal": "Not billable",
    "outstanding": "To be billed",
    "invoiced": "Billed",
    "recouped": "Billed and paid",
}
BILL_STATES = {"unpaid": "Unpaid", "partial": "Partly paid", "paid": "Paid", "overdue": "Overdue"}
BILL_LOOKS = {"paid": "good", "overdue": "bad", "partial": "warn"}
# The ages of a bill, as those of invoices: what is open, by days past its due date.
BILL_AGES = {
    "current": "days_overdue = 0",
    "1-30": "days_overdue BETWEEN 1 AND 30",
    "31-60": "days_overdue BETWEEN 31 AND 60",
    "61-90": "days_overdue BETWEEN 61 AND 90",
    "91+": "days_overdue > 90",
}
BILL = Column("bill_number", "Bill", link=Link("/bills/", "bill_id"), empty="no number")

PAYMENTS = Listing(
    path="/payments",
    title="Payments",
    noun="payment",
    lead="What clients paid {business}, and credits applied to their invoices.",
    mart="payments",
    stream="payments",
    columns=(
        Column("payment_date", "Day", Kind.day),
        CLIENT,
        Column("invoice_number", "Invoice", link=Link("/invoices/", "invoice_id")),
        Column("payment_type", "Paid by"),
        Column(
            "state",
            "Kind",
            sql="CASE WHEN NOT is_cash THEN 'credit' WHEN is_counted THEN 'received' "
            "WHEN NOT is_counted THEN 'deleted' END",
            unknown="is_counted IS NULL",
            words=PAYMENT_STATES,
            looks={"received": "good", "deleted": "warn"},
        ),
        Column("note", "Note"),
        Column("payment_amount", "Amount", Kind.money),
        Column("gateway", "Gateway", more=True),
        Column("credit_number", "Credit applied", more=True),
        Column("overpayment_credit_number", "Credit for the rest", more=True),
    ),
    key=("payment_id",),
    sort="-payment_date",
    search=("client_name", "invoice_number", "payment_type", "note", "credit_number"),
    search_label="Client, invoice or note",
    day=("payment_date", "Paid"),
    filters=(
        Choice(
            "status",
            "Kind",
            (
                Option("received", "Received", RECEIVED),
                Option("credit", "Credit applied", "NOT is_cash"),
                Option("deleted", "Of a deleted invoice", "NOT is_counted"),
            ),
        ),
        BY_CLIENT,
        BY_CURRENCY,
        Value("type", "Paid by", "payment_type"),
        Value("invoice", "Invoice", "invoice_id", "any_value(invoice_number)", is_number=True, offered=False),
    ),
    totals=(
        Total("received", "Received", "payment_amount", RECEIVED, unknown="is_cash AND is_counted IS NULL"),
        Total("credits", "Credit applied", "payment_amount", "NOT is_cash", always=False),
        Total("deleted", "Of deleted invoices", "payment_amount", "is_cash AND NOT is_counted", always=False),
    ),
    page="payments",
)

EXPENSES = Listing(
    path="/expenses/list",
    title="All expenses",
    noun="expense",
    lead="Expenses of {business}, taxes included.",
    mart="expenses",
    stream="expenses",
    columns=(
        Column("expense_date", "Day", Kind.day),
        Column("vendor", "Vendor", empty="no vendor"),
        Column("category_path", "Category", empty="no category"),
        CLIENT,
        Column("expense_status", "Billing", words=EXPENSE_STATES),
        Column("has_receipt", "Receipt", Kind.flag),
        Column("total_amount", "Total", Kind.money),
        Column("tax_amount", "Tax", Kind.money, more=True),
        Column("amount_without_tax", "Without tax", Kind.money, more=True),
        replace(PROJECT, more=True),
        Column("invoice_number", "Billed on", link=Link("/invoices/", "invoice_id"), more=True),
        Column("staff_name", "Person", more=True),
        Column("account_name", "Bank account", more=True),
        Column("notes", "Notes", more=True),
        Column("is_cogs", "Cost of goods sold", Kind.flag, more=True),
        Column("is_billable", "Billable", Kind.flag, more=True),
        Column("is_possible_duplicate", "Possible duplicate", Kind.flag, more=True),
        Column("is_archived", "Archived", Kind.flag, more=True),
    ),
    key=("expense_id",),
    sort="-expense_date",
    search=("vendor", "category_path", "notes", "client_name", "project_name"),
    search_label="Vendor, category or notes",
    day=("expense_date", "Day"),
    filters=(
        # A category of a higher level has the expenses of those below it.
        Value(
            "category",
            "Category",
            "category_path",
            condition="category_path = ? OR starts_with(category_path, ? || ' > ')",
        ),
        Choice(
            "status",
            "Billing",
            (
                *(
                    Option(word, label, f"expense_status = '{word}'")
                    for word, label in EXPENSE_STATES.items()
                ),
                Option("no_receipt", "Without a receipt", "NOT has_receipt"),
                Option("duplicate", "Possible duplicate", "is_possible_duplicate"),
                Option("archived", "Archived", "is_archived"),
            ),
        ),
        Value("vendor", "Vendor", "vendor"),
        BY_CLIENT,
        Value("project", "Project", "project_id", "any_value(project_name)", is_number=True),
        BY_CURRENCY,
    ),
    totals=(
        Total("spent", "Spent", "total_amount"),
        Total("tax", "Tax in it", "tax_amount"),
    ),
    page="expenses",
)

BILLS = Listing(
    path="/bills",
    title="Bills",
    noun="bill",
    lead="Bills from vendors to {business}.",
    mart="bills",
    stream="bills",
    columns=(
        BILL,
        Column("vendor_name", "Vendor", empty="no name"),
        Column("issue_date", "Issued", Kind.day),
        Column("due_date", "Due", Kind.day),
        Column("bill_status", "Status", words=BILL_STATES, looks=BILL_LOOKS),
        Column("days_overdue", "Days overdue", Kind.number, sql="nullif(days_overdue, 0)"),
        Column("total_amount", "Total", Kind.money),
        Column(
            "outstanding_amount",
            "Outstanding",
            Kind.money,
            sql="CASE WHEN is_open THEN outstanding_amount END",
        ),
        Column("category_name", "Category", more=True),
        Column("paid_amount", "Paid", Kind.money, more=True),
        Column("amount_without_tax", "Without tax", Kind.money, more=True),
        Column("tax_amount", "Tax", Kind.money, more=True),
        Column("description", "Description", more=True),
        Column("is_archived", "Archived", Kind.flag, more=True),
    ),
    key=("bill_id",),
    sort="-issue_date",
    search=("bill_number", "vendor_name", "category_name", "description"),
    search_label="Number, vendor or category",
    day=("issue_date", "Issued"),
    filters=(
        Choice(
            "status",
            "Status",
            (
                Option("open", "Open (unpaid)", "is_open"),
                *(Option(word, label, f"bill_status = '{word}'") for word, label in BILL_STATES.items()),
                Option("later", "Dated later", "is_dated_later"),
                Option("archived", "Archived", "is_archived"),
            ),
        ),
        Value("vendor", "Vendor", "vendor_id", "any_value(vendor_name)", is_number=True),
        Value("category", "Category", "category_name"),
        BY_CURRENCY,
        Choice(
            "age",
            "Days overdue",
            tuple(Option(word, label, f"is_open AND {BILL_AGES[word]}") for word, label in AGES),
        ),
    ),
    totals=(
        Total("billed", "Total", "total_amount"),
        Total("owed", "Outstanding", "outstanding_amount", "is_open"),
        Total("overdue", "Overdue", "outstanding_amount", "is_open AND days_overdue > 0"),
    ),
    page="bills",
)
