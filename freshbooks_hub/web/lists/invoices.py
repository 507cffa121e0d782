"""The list of invoices."""

from __future__ import annotations

from freshbooks_hub.web.lists.listing import Choice, Column, Kind, Link, Listing, Option, Total, Value

STATUS = {
    "draft": "Draft",
    "sent": "Sent",
    "viewed": "Viewed",
    "partial": "Partly paid",
    "paid": "Paid",
    "overdue": "Overdue",
}
STATUS_LOOKS = {"paid": "good", "overdue": "bad", "partial": "warn"}
AGES = (
    ("current", "Not due yet"),
    ("1-30", "1–30 days overdue"),
    ("31-60", "31–60 days overdue"),
    ("61-90", "61–90 days overdue"),
    ("91+", "Over 90 days overdue"),
)
# As the mart of invoices says it in its own questions.
PROBLEM = (
    "coalesce(freshbooks_status IN ('disputed', 'declined', 'failed', 'retry'), false) "
    "OR coalesce(dispute_status = 'disputed', false) OR coalesce(autobill_status IN ('failed', 'retry'), false) "
    "OR coalesce(last_order_status = 'declined', false)"
)
CLIENT = Column("client_name", "Client", link=Link("/clients/", "client_id"), empty="no name")
INVOICE = Column("invoice_number", "Invoice", link=Link("/invoices/", "invoice_id"), empty="no number")
BY_CLIENT = Value("client", "Client", "client_id", "any_value(client_name)", is_number=True)
BY_CURRENCY = Value("currency", "Currency", "currency_code")

INVOICES = Listing(
    path="/invoices",
    title="Invoices",
    noun="invoice",
    lead="Invoices and drafts of {business}.",
    mart="invoices",
    stream="invoices",
    columns=(
        INVOICE,
        CLIENT,
        Column("create_date", "Issued", Kind.day),
        Column("due_date", "Due", Kind.day),
        Column("invoice_status", "Status", words=STATUS, looks=STATUS_LOOKS),
        Column("days_overdue", "Days overdue", Kind.number, sql="nullif(days_overdue, 0)"),
        Column("total_amount", "Total", Kind.money),
        # Drafts and invoices of a later day have an unpaid part too, which nobody owes.
        Column(
            "outstanding_amount",
            "Outstanding",
            Kind.money,
            sql="CASE WHEN is_open THEN outstanding_amount END",
        ),
        Column("paid_amount", "Paid", Kind.money, more=True),
        Column("amount_without_tax", "Without tax", Kind.money, more=True),
        Column("tax_amount", "Tax", Kind.money, more=True),
        Column("discount_amount", "Discount", Kind.money, more=True),
        Column("paid_date", "Paid in full", Kind.day, more=True),
        Column("days_to_pay", "Days to pay", Kind.number, more=True),
        Column("po_number", "Purchase order", more=True),
        Column("estimate_number", "Estimate", more=True),
        Column("freshbooks_status", "FreshBooks' status", more=True),
        Column("is_archived", "Archived", Kind.flag, more=True),
    ),
    key=("invoice_id",),
    sort="-create_date",
    search=("invoice_number", "client_name", "po_number", "estimate_number"),
    search_label="Number, client or purchase order",
    day=("create_date", "Issued"),
    filters=(
        Choice(
            "status",
            "Status",
            (
                Option("open", "Open (unpaid)", "is_open"),
                Option("overdue", "Overdue", "is_overdue"),
                *(
                    Option(word, STATUS[word], f"invoice_status = '{word}'")
                    for word in ("draft", "sent", "viewed", "partial", "paid")
                ),
                Option("problem", "Disputed or payment failed", PROBLEM),
                Option("later", "Dated later", "is_dated_later"),
                Option("archived", "Archived", "is_archived"),
            ),
        ),
        BY_CLIENT,
        BY_CURRENCY,
        Choice(
            "age",
            "Days overdue",
            tuple(Option(word, label, f"aging_bucket = '{word}'") for word, label in AGES),
        ),
        Value(
            "project",
            "Project",
            "project_id",
            "any_value(project_name)",
            is_number=True,
            condition="EXISTS (SELECT 1 FROM invoice_lines l WHERE l.account_id = invoices.account_id "
            "AND l.business_id = invoices.business_id AND l.invoice_id = invoices.invoice_id AND l.project_id = ?)",
            needs="invoice_lines",
            offered=False,
        ),
    ),
    totals=(
        Total("billed", "Billed", "total_amount", "NOT is_draft"),
        Total("net", "Billed without tax", "amount_without_tax", "NOT is_draft"),
        Total("owed", "Outstanding", "outstanding_amount", "is_open"),
        Total("overdue", "Overdue", "outstanding_amount", "is_overdue"),
        Total("drafts", "In drafts", "total_amount", "is_draft", always=False),
    ),
    page="invoices",
)
