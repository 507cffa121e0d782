"""The lists of clients and of projects, and of the time that was logged."""

from __future__ import annotations

from freshbooks_hub.web.lists.invoices import BY_CLIENT, BY_CURRENCY, CLIENT
from freshbooks_hub.web.lists.listing import Choice, Column, Kind, Link, Listing, Option, Total, Value

GAP = "gap_reason IS NOT NULL"
STATUS_LOOKS = {"active": "good"}
STATES = {"active": "Active", "archived": "Archived", "deleted": "Deleted"}
PROJECT_TYPES = {"hourly_rate": "Hourly", "fixed_price": "Fixed price"}
ENTRY_STATES = {
    "unbilled": "Unbilled",
    "billed": "Billed",
    "internal": "Internal",
    "retainer": "On a retainer",
    "not_billable": "Not billable",
}
PROJECT = Column("project_name", "Project", link=Link("/projects/", "project_id"), empty="no name")
SERVICE = Column("service_name", "Service")


def _balance(column: str) -> str:
    return (
        f"(SELECT sum(b.{column}) FROM outstanding_balances b WHERE b.account_id = clients.account_id "  # noqa: S608
        "AND b.business_id = clients.business_id AND b.client_id = clients.client_id "
        "AND b.currency_code = clients.currency_code)"
    )


def _owes(column: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM outstanding_balances b WHERE b.account_id = clients.account_id "  # noqa: S608
        f"AND b.business_id = clients.business_id AND b.client_id = clients.client_id AND b.{column} > 0)"
    )


CLIENTS = Listing(
    path="/clients",
    title="Clients",
    noun="client",
    lead="Clients of {business}, each with the amounts in the currency it is invoiced in.",
    mart="clients",
    stream="clients",
    columns=(
        CLIENT,
        Column(
            "outstanding",
            "Outstanding",
            Kind.money,
            sql=_balance("outstanding_amount"),
            needs="outstanding_balances",
        ),
        Column(
            "overdue", "Overdue", Kind.money, sql=_balance("overdue_amount"), needs="outstanding_balances"
        ),
        Column("last_invoice_date", "Last invoice", Kind.day, unknown=f"invoice_count IS NULL AND {GAP}"),
        Column("average_days_to_pay", "Days to pay", Kind.number, unknown=f"invoice_count IS NULL AND {GAP}"),
        Column("lifetime_revenue_amount", "Revenue so far", Kind.money, unknown=GAP),
        Column("client_status", "Status", words=STATES, looks=STATUS_LOOKS),
        Column("email", "Email", more=True),
        Column("organization", "Organization", more=True),
        Column("first_name", "First name", more=True),
        Column("last_name", "Last name", more=True),
        Column("business_phone", "Phone", more=True),
        Column("mobile_phone", "Mobile", more=True),
        Column("street", "Street", more=True),
        Column("street2", "Street, second line", more=True),
        Column("city", "City", more=True),
        Column("province", "Province or state", more=True),
        Column("postal_code", "Postal code", more=True),
        Column("country", "Country", more=True),
        Column("vat_number", "Tax number", more=True),
        Column("invoice_count", "Invoices", Kind.number, unknown=GAP, more=True),
        Column("first_activity_date", "First activity", Kind.day, more=True),
        Column("last_activity_date", "Last activity", Kind.day, more=True),
        Column("last_payment_date", "Last payment", Kind.day, more=True),
        Column("other_currency_codes", "Also invoiced in", more=True),
    ),
    key=("client_id",),
    sort="client_name",
    search=(
        "client_name",
        "organization",
        "first_name",
        "last_name",
        "email",
        "business_phone",
        "mobile_phone",
        "city",
    ),
    search_label="Name, email, phone or city",
    day=("last_invoice_date", "Last invoice"),
    filters=(
        Choice(
            "status",
            "Status",
            (
                *(Option(word, label, f"client_status = '{word}'") for word, label in STATES.items()),
                Option(
                    "lost",
                    "Invoiced a year ago, not since",
                    "recent_invoice_count = 0 AND earlier_invoice_count > 0",
                ),
            ),
        ),
        Choice(
            "balance",
            "Balance",
            (
                Option("owing", "Owes something", _owes("outstanding_amount"), "outstanding_balances"),
                Option("overdue", "Owes overdue", _owes("overdue_amount"), "outstanding_balances"),
                Option(
                    "credit", "Has unused credit", _owes("unapplied_credit_amount"), "outstanding_balances"
                ),
            ),
        ),
        BY_CURRENCY,
    ),
    by_currency=False,
    page="clients",
)

PROJECTS = Listing(
    path="/projects",
    title="Projects",
    noun="project",
    lead="Projects of {business}, with the time that was logged on them.",
    mart="projects",
    stream="projects",
    columns=(
        PROJECT,
        CLIENT,
        Column("project_type", "Billing", words=PROJECT_TYPES),
        Column("logged_hours", "Logged", Kind.hours, unknown="logged_hours IS NULL"),
        Column("unbilled_hours", "Unbilled", Kind.hours, unknown="unbilled_hours IS NULL"),
        Column("budget_hours", "Budget", Kind.hours),
        Column("last_entry_date", "Last time logged", Kind.day),
        Column(
            "state",
            "Status",
            sql="CASE WHEN project_status = 'active' AND is_complete THEN 'complete' ELSE project_status END",
            words=STATES | {"complete": "Complete"},
            looks=STATUS_LOOKS,
        ),
        Column("due_date", "Due", Kind.day, more=True),
        Column("hourly_rate", "Hourly rate", Kind.money, more=True),
        Column("fixed_price", "Fixed price", Kind.money, more=True),
        Column("billed_status", "Billed", words={"unbilled": "Not billed"}, more=True),
        Column("is_internal", "Internal", Kind.flag, more=True),
        Column("description", "Description", more=True),
    ),
    key=("project_id",),
    sort="-last_entry_date",
    search=("project_name", "client_name", "description"),
    search_label="Project or client",
    day=("last_entry_date", "Last time logged"),
    filters=(
        Choice(
            "status",
            "Status",
            (
                Option("active", "Active", "project_status = 'active' AND NOT is_complete"),
                Option("complete", "Complete", "is_complete"),
                Option("unbilled", "With unbilled time", "unbilled_hours > 0"),
                Option("over", "Over budget", "budget_hours > 0 AND logged_hours > budget_hours"),
                Option("internal", "Internal", "is_internal"),
                Option("archived", "Archived", "project_status = 'archived'"),
                Option("deleted", "Deleted", "project_status = 'deleted'"),
            ),
        ),
        BY_CLIENT,
        Value("type", "Billing", "project_type", words=PROJECT_TYPES),
    ),
    totals=(
        Total("logged", "Logged", "logged_hours", unknown="logged_hours IS NULL", kind=Kind.hours),
        Total("unbilled", "Unbilled", "unbilled_hours", unknown="unbilled_hours IS NULL", kind=Kind.hours),
    ),
    accounting=False,
    by_currency=False,
    page="projects",
)

ENTRIES = Listing(
    path="/time/entries",
    title="Time entries",
    noun="time entry",
    nouns="time entries",
    lead="Time as it was logged by the people of {business}.",
    mart="time_entries",
    stream="time_entries",
    columns=(
        Column("entry_date", "Day", Kind.day),
        Column("person_name", "Person", empty="unknown person"),
        CLIENT,
        PROJECT,
        SERVICE,
        Column("note", "Note"),
        Column("hours", "Hours", Kind.hours, unknown="hours IS NULL"),
        Column(
            "state",
            "Billing",
            sql="CASE WHEN is_billed THEN 'billed' WHEN is_unbilled THEN 'unbilled' "
            "WHEN NOT is_billable THEN 'not_billable' WHEN retainer_id IS NOT NULL THEN 'retainer' "
            "WHEN is_internal THEN 'internal' END",
            unknown="is_unbilled IS NULL",
            words=ENTRY_STATES,
            looks={"unbilled": "warn", "billed": "good"},
        ),
        Column("started_at", "Started", Kind.moment, more=True),
    ),
    key=("time_entry_id",),
    sort="-entry_date",
    search=("note", "person_name", "client_name", "project_name", "service_name"),
    search_label="Note, person, client or project",
    day=("entry_date", "Day"),
    filters=(
        Choice(
            "status",
            "Billing",
            (
                Option("unbilled", "Unbilled", "is_unbilled"),
                Option("billed", "Billed", "is_billed"),
                Option("not_billable", "Not billable", "NOT is_billable"),
                Option("internal", "Internal", "is_internal"),
                Option("retainer", "On a retainer", "retainer_id IS NOT NULL"),
            ),
        ),
        Value("person", "Person", "identity_id", "any_value(person_name)", is_number=True),
        BY_CLIENT,
        Value("project", "Project", "project_id", "any_value(project_name)", is_number=True),
        Value("service", "Service", "service_id", "any_value(service_name)", is_number=True),
    ),
    totals=(
        Total("logged", "Hours", "hours", unknown="hours IS NULL", kind=Kind.hours),
        Total(
            "unbilled",
            "Unbilled",
            "hours",
            "is_unbilled",
            unknown="hours IS NULL OR is_unbilled IS NULL",
            kind=Kind.hours,
        ),
    ),
    currency="",
    by_currency=False,
    accounting=False,
    page="time",
)
