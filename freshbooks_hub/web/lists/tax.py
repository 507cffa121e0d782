"""The lists of what sales tax is made of, one on each basis: no sum is over both."""

from __future__ import annotations

from freshbooks_hub.web.lists.invoices import BY_CURRENCY
from freshbooks_hub.web.lists.listing import Choice, Column, Kind, Link, Listing, Option, Total, Value

BASES = {"accrual": "as billed (accrual basis)", "cash": "as paid (cash basis)"}
DOCUMENTS = {
    "invoice": "Invoice",
    "credit": "Credit note",
    "other income": "Other income",
    "expense": "Expense",
    "bill": "Bill",
}


def _lines(basis: str, words: str) -> Listing:
    return Listing(
        path=f"/tax/lines/{basis}",
        title=f"Tax lines, {words}",
        noun="tax line",
        lead=f"Documents with sales tax, {words}, of",
        mart="sales_tax_lines",
        stream="invoices",
        rows=f"basis = '{basis}'",
        columns=(
            Column("event_date", "Counts on", Kind.day),
            Column("document_type", "Document", words=DOCUMENTS),
            Column("document_number", "Number", link=Link("/invoices/", "invoice_id"), empty="no number"),
            Column("tax_name", "Tax", empty="no name"),
            Column("tax_percent", "Rate", Kind.percent),
            Column("taxable_amount", "Taxed", Kind.money),
            Column(
                "collected_amount", "Collected", Kind.money, sql="CASE WHEN is_collected THEN tax_amount END"
            ),
            Column("paid_amount", "Paid", Kind.money, sql="CASE WHEN NOT is_collected THEN tax_amount END"),
            Column("document_date", "Day of the document", Kind.day, more=True),
            Column("document_id", "Document id", sql="document_id::VARCHAR", more=True),
            Column(
                "invoice_id",
                "Invoice id",
                sql="CASE WHEN document_type = 'invoice' THEN document_id END",
                more=True,
            ),
        ),
        key=("document_type", "document_id", "tax_name", "tax_percent", "payment_id"),
        sort="-event_date",
        search=("document_number", "tax_name"),
        search_label="Number or tax",
        day=("event_date", "Counts"),
        filters=(
            Value("tax", "Tax", "tax_name"),
            Choice(
                "side",
                "Collected or paid",
                (
                    Option("collected", "Collected", "is_collected"),
                    Option("paid", "Paid", "NOT is_collected"),
                ),
            ),
            Choice(
                "type",
                "Document",
                tuple(Option(word, label, f"document_type = '{word}'") for word, label in DOCUMENTS.items()),
            ),
            BY_CURRENCY,
        ),
        totals=(
            Total("collected_taxable", "Sales taxed", "taxable_amount", "is_collected"),
            Total("collected", "Tax collected", "tax_amount", "is_collected"),
            Total("paid_taxable", "Purchases taxed", "taxable_amount", "NOT is_collected"),
            Total("paid", "Tax paid", "tax_amount", "NOT is_collected"),
            Total("owed", "Owed", "CASE WHEN is_collected THEN tax_amount ELSE -tax_amount END"),
        ),
        page="tax",
    )


LINES = tuple(_lines(basis, words) for basis, words in BASES.items())
