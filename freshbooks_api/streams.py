"""The streams, one table: where one row of each is asked for, by which scope, and with which others it is synced.

Whatever else lists streams is derived from this table, or checked against it (unit_tests/packaging/test_streams.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

# The source's own stream: the outcome of each of the others (source_freshbooks/components/availability.py).
AVAILABILITY = "stream_availability"

_ACCOUNT = "/accounting/account/{account_id}"
# The path of each API family before the route (freshbooks-api.md 3.1).
ROOTS = {
    "accounting": _ACCOUNT,
    "systems": f"{_ACCOUNT}/systems",
    "reports": f"{_ACCOUNT}/reports/accounting",
    "newer_reports": "/accounting/businesses/{business_uuid}/reports",
    "ledger": "/accounting/businesses/{business_uuid}/ledger_accounts",
    "entries": "/accounting/businesses/{business_uuid}",
    "projects": "/projects/business/{business_id}",
    "timetracking": "/timetracking/business/{business_id}",
    "comments": "/comments/business/{business_id}",
    "auth": "/auth/api/v1/businesses/{business_id}",
    "identity": "/auth/api/v1/users",
}
# Without it the manual journal entries do not exist (freshbooks-api.md 3.6).
VERSION_HEADER = {"x-api-version": "2023-09-25"}


@dataclass(frozen=True)
class Stream:
    """A stream of the source.

    `family` is a key of ROOTS, `route` the rest of the path; both take `account_id`, `business_id` and `business_uuid`.
    A report without dates runs for today. `scope` is the thing in `user:<thing>:read`. `rows` is the list's key, if it
    has one. `group` is the sync group that reads it, `full_refresh` the one that reads it from the beginning now and
    then, where that finds what increments missed (freshbooks_hub/sync/sync_groups.py). `dated`: the field with a row's
    day, where a sync may read the rows of the open months alone. `optional`: not every account has it, so that 404 is
    no failure.
    """

    name: str
    family: str
    route: str
    scope: str
    group: str
    rows: str | None = None
    full_refresh: str | None = None
    dated: str | None = None
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    optional: bool = False

    @property
    def path(self) -> str:
        """The whole path, with the ids of a business in braces."""
        return f"{ROOTS[self.family]}/{self.route}"

    @property
    def scope_name(self) -> str:
        """The whole name of the scope."""
        return f"user:{self.scope}:read"


def _accounting(
    stream: str,
    route: str,
    scope: str,
    group: str,
    rows: str | None = None,
    full: str | None = "lists_whole",
    dated: str | None = None,
) -> Stream:
    return Stream(stream, "accounting", route, scope, group, rows or stream, full, dated)


def _of_business(
    stream: str, family: str, scope: str, group: str, full: str | None = "lists_whole"
) -> Stream:
    return Stream(stream, family, stream, scope, group, stream, full)


def _report(stream: str, name: str, **params: str) -> Stream:
    return Stream(stream, "reports", name, "reports", "reports", params=params)


def _newer_report(stream: str, name: str, **params: str) -> Stream:
    return Stream(stream, "newer_reports", name, "reports", "reports", params=params, optional=True)


STREAMS = (
    Stream("businesses", "identity", "me", "profile", "businesses"),
    _accounting("clients", "users/clients", "clients", "clients"),
    _accounting("invoices", "invoices/invoices", "invoices", "invoices", full="invoices_whole"),
    _accounting("estimates", "estimates/estimates", "estimates", "estimates"),
    _accounting("payments", "payments/payments", "payments", "invoices", full="invoices_whole"),
    _accounting(
        "credit_notes", "credit_notes/credit_notes", "credit_notes", "invoices", full="invoices_whole"
    ),
    _accounting("expenses", "expenses/expenses", "expenses", "expenses"),
    _accounting("expense_categories", "expenses/categories", "expenses", "categories", "categories"),
    _of_business("projects", "projects", "projects", "projects"),
    _of_business("time_entries", "timetracking", "time_entries", "time_entries"),
    _accounting("invoice_profiles", "invoice_profiles/invoice_profiles", "invoices", "recurring"),
    _accounting("items", "items/items", "billable_items", "items"),
    _accounting("taxes", "taxes/taxes", "taxes", "items"),
    _accounting("tasks", "projects/tasks", "billable_items", "services"),
    _accounting("bills", "bills/bills", "bills", "bills"),
    _accounting("bill_vendors", "bill_vendors/bill_vendors", "bill_vendors", "bills"),
    _accounting("bill_payments", "bill_payments/bill_payments", "bill_payments", "bills"),
    _accounting("other_income", "other_incomes/other_incomes", "other_income", "other_income"),
    _accounting("staff", "users/staffs", "teams", "team", full=None),
    Stream("systems", "systems", "systems/{business_id}", "business", "businesses"),
    _of_business("services", "comments", "billable_items", "services"),
    _of_business("service_rates", "comments", "billable_items", "services", full=None),
    Stream("team_members", "auth", "team_members", "teams", "team", "response"),
    Stream(
        "retainers",
        "comments",
        "retainers",
        "retainers",
        "recurring",
        "retainers",
        "lists_whole",
        optional=True,
    ),
    _of_business("team_member_rates", "comments", "teams", "team", full=None),
    _accounting(
        "journal_entry_accounts",
        "journal_entry_accounts/journal_entry_accounts",
        "journal_entries",
        "ledger",
        full=None,
    ),
    _accounting(
        "journal_entry_details",
        "journal_entries/journal_entry_details",
        "journal_entries",
        "ledger",
        full=None,
        dated="user_entered_date",
    ),
    Stream("ledger_accounts", "ledger", "accounts", "journal_entries", "ledger", "data"),
    Stream(
        "journal_entries",
        "entries",
        "journal_entries",
        "journal_entries",
        "ledger",
        "manualJournalEntries",
        "lists_whole",
        headers=VERSION_HEADER,
        optional=True,
    ),
    _report("report_profit_and_loss", "profitloss_entity"),
    _report("report_balance_sheet", "balance_sheet"),
    _report("report_trial_balance", "trial_balance"),
    _report("report_tax_summary", "taxsummary"),
    _report("report_payments_collected", "payments_collected"),
    _report("report_accounts_aging", "accounts_aging"),
    _report("report_invoice_details", "invoice_details", date_type="issue"),
    _report("report_expense_details", "expense_details"),
    _report("report_item_sales", "item_sales"),
    _report("report_revenue_by_client", "revenue_by_client", sales_type="collected"),
    _newer_report("report_general_ledger", "general_ledger"),
    _newer_report("report_cash_flow", "cash_flow"),
    _newer_report("report_chart_of_accounts", "chart_of_accounts", start_date="2000-01-01"),
)
DATED = {stream.name: stream.dated for stream in STREAMS if stream.dated}


def group_streams(group: str) -> tuple[str, ...]:
    """The streams that a sync group reads, in the order of the table."""
    return tuple(stream.name for stream in STREAMS if group in (stream.group, stream.full_refresh))
