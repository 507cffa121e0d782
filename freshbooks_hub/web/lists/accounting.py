"""The lists behind the accounts: the postings of the general ledger, and the documents behind the sales tax."""

from __future__ import annotations

from dataclasses import replace

from freshbooks_hub.web.lists.invoices import BY_CLIENT, BY_CURRENCY
from freshbooks_hub.web.lists.listing import Choice, Column, Kind, Link, Listing, Option, Total, Value

BASES = (("accrual", "As billed"), ("cash", "As paid"))
ACCOUNTS = {
    "asset": "Asset",
    "liability": "Liability",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expense",
}
POSTINGS = {
    "other_income": "Other income",
    "bill_payment": "Bill payment",
    "manual": "Journal entry",
}
DOCUMENTS = {
    "invoice": "Invoice",
    "expense": "Expense",
    "bill": "Bill",
    "other income": "Other income",
    "credit": "Credit note",
}

# FreshBooks' profit and loss has this account under income.
COST_OF_GOODS = "coalesce(lower(trim(account_name)) = 'cost of goods sold', false)"
OF_INVOICE = "CASE WHEN document_type = 'invoice' THEN document_id END"

LEDGER = Listing(
    path="/ledger",
    title="General ledger",
    noun="posting",
    lead="Postings of FreshBooks' general ledger of {business}.",
    mart="general_ledger",
    stream="journal_entry_details",
    columns=(
        Column("posting_date", "Day", Kind.day),
        Column("account", "Account", sql="concat_ws(' ', account_number, account_name)"),
        Column("sub_account_name", "Sub-account"),
        Column("posting_name", "Entry", link=Link("/invoices/", "invoice_id")),
        Column("posting_type", "Kind", words=POSTINGS),
        Column("debit_amount", "Debit", Kind.money, sql="nullif(debit_amount, 0)"),
        Column("credit_amount", "Credit", Kind.money, sql="nullif(credit_amount, 0)"),
        Column("client_name", "Client", link=Link("/clients/", "client_id"), more=True),
        Column("description", "Description", more=True),
        Column("account_type", "Account type", words=ACCOUNTS, more=True),
        Column("sub_account_number", "Sub-account number", more=True),
        Column("entry_id", "Journal entry", more=True, sql="entry_id::VARCHAR"),
    ),
    key=("posting_id",),
    sort="-posting_date",
    search=("account_name", "sub_account_name", "posting_name", "description", "client_name"),
    search_label="Account, entry or client",
    day=("posting_date", "Day"),
    filters=(
        Choice(
            "accounts",
            "Accounts",
            (
                Option("profit", "Income and expenses", "account_type IN ('income', 'expense')"),
                Option(
                    "gross", "Income and cost of goods sold", f"account_type = 'income' OR {COST_OF_GOODS}"
                ),
                Option(
                    "operating", "Operating expenses", f"account_type = 'expense' AND NOT {COST_OF_GOODS}"
                ),
                *(Option(word, label, f"account_type = '{word}'") for word, label in ACCOUNTS.items()),
            ),
        ),
        Value(
            "account", "Account", "account_number", "concat_ws(' ', account_number, any_value(account_name))"
        ),
        Value("sub", "Sub-account", "sub_account_name"),
        Value("type", "Kind", "posting_type", words=POSTINGS),
        replace(BY_CLIENT, offered=False),
        BY_CURRENCY,
        Value("invoice", "Invoice", "invoice_id", "any_value(posting_name)", is_number=True, offered=False),
        Value("entry", "Journal entry", "entry_id", "any_value(posting_name)", is_number=True, offered=False),
    ),
    totals=(
        Total("debit", "Debit", "debit_amount"),
        Total("credit", "Credit", "credit_amount"),
        Total("difference", "Debit less credit", "debit_amount - credit_amount"),
        # What Home and Money show as profit.
        Total(
            "profit",
            "Profit in it",
            "credit_amount - debit_amount",
            "account_type IN ('income', 'expense')",
            unknown="account_type IS NULL",
            always=False,
        ),
    ),
    page="ledger",
)

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
            tuple(Option(word, label, f"basis = '{word}'") for word, label in BASES),
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
