"""The list of the documents behind the sales tax."""

from __future__ import annotations

from freshbooks_hub.web.lists.invoices import BY_CURRENCY
from freshbooks_hub.web.lists.listing import Choice, Column, Kind, Link, Listing, Option, Total, Value

DOCUMENTS = {
    "invoice": "Invoice",
    "expense": "Expense",
    "bill": "Bill",
    "other income": "Other income",
    "credit": "Credit note",
}

OF_INVOICE = "CASE WHEN document_type = 'invoice' THEN document_id END"

TAX_LINES = Listing(
    path="/tax/lines",
    title="Tax by document",
    noun="tax line",
    lead="The tax of each invoice, credit, other income, expense and bill of {business}.",
    mart="sales_tax_lines",
    stream="invoices",
    columns=(
        Column("event_date", "Day", Kind.day),
        Column("document_type", "Kind", words=DOCUMENTS),
        Column("document_number", "Document", link=Link("/invoices/", "invoice_id", OF_INVOICE)),
        Column("tax_name", "Tax", empty="no name"),
        Column("tax_percent", "Percent", Kind.number),
        Column("side", "Collected or paid", sql="CASE WHEN is_collected THEN 'Collected' ELSE 'Paid' END"),
        Column("taxable_amount", "Taxed amount", Kind.money),
        Column("tax_amount", "Tax amount", Kind.money),
        Column("document_date", "Document's date", Kind.day, more=True),
    ),
    key=("document_type", "document_id", "payment_id", "tax_name", "tax_percent"),
    sort="-event_date",
    search=("document_number", "tax_name", "document_type"),
    search_label="Number or tax",
    day=("event_date", "Day"),
    filters=(
        # A document has rows on both bases: without one chosen each tax would count twice.
        Choice(
            "basis",
            "Basis",
            (
                Option("accrual", "As billed", "basis = 'accrual'"),
                Option("cash", "As paid", "basis = 'cash'"),
            ),
            default="accrual",
        ),
        Choice(
            "side",
            "Collected or paid",
            (Option("collected", "Collected", "is_collected"), Option("paid", "Paid", "NOT is_collected")),
        ),
        Value("tax", "Tax", "tax_name"),
        Value("kind", "Kind", "document_type", words=DOCUMENTS),
        BY_CURRENCY,
    ),
    totals=(
        Total("taxed", "Taxed per tax, collected", "taxable_amount", "is_collected"),
        Total("collected", "Tax collected", "tax_amount", "is_collected"),
        Total("taxed_paid", "Taxed per tax, paid", "taxable_amount", "NOT is_collected"),
        Total("paid", "Tax paid", "tax_amount", "NOT is_collected"),
        Total("owed", "Owed", "CASE WHEN is_collected THEN tax_amount ELSE -tax_amount END"),
    ),
    page="tax",
)
