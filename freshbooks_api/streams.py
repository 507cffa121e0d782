"""The streams: where one row of each is asked for, by path, scope and the key of the list."""

from __future__ import annotations

from dataclasses import dataclass, field

# The source's own stream: what became of each of the others (source_freshbooks/components/availability.py).
AVAILABILITY = "stream_availability"

_ACCOUNT = "/accounting/account/{account_id}"


@dataclass(frozen=True)
class Entity:
    """A stream of the source. `scope` is the thing in `user:<thing>:read`; `rows` the list's key, if it has one.

    `path` takes `account_id`, `business_id` and `business_uuid`; a report without dates runs for today.
    """

    stream: str
    path: str
    scope: str
    rows: str | None = None
    params: dict[str, str] = field(default_factory=dict)

    @property
    def scope_name(self) -> str:
        """The whole name of the scope."""
        return f"user:{self.scope}:read"


def _accounting(stream: str, route: str, scope: str, rows: str | None = None) -> Entity:
    return Entity(stream, f"{_ACCOUNT}/{route}", scope, rows or stream)


def _of_business(stream: str, family: str, scope: str, rows: str | None = None) -> Entity:
    return Entity(stream, f"/{family}/business/{{business_id}}/{stream}", scope, rows or stream)


def _report(stream: str, name: str, **params: str) -> Entity:
    return Entity(stream, f"{_ACCOUNT}/reports/accounting/{name}", "reports", params=params)


ENTITIES = (
    Entity("businesses", "/auth/api/v1/users/me", "profile"),
    _accounting("clients", "users/clients", "clients"),
    _accounting("invoices", "invoices/invoices", "invoices"),
    _accounting("estimates", "estimates/estimates", "estimates"),
    _accounting("payments", "payments/payments", "payments"),
    _accounting("credit_notes", "credit_notes/credit_notes", "credit_notes"),
    _accounting("expenses", "expenses/expenses", "expenses"),
    _accounting("expense_categories", "expenses/categories", "expenses", "categories"),
    _of_business("projects", "projects", "projects"),
    _of_business("time_entries", "timetracking", "time_entries"),
    _accounting("invoice_profiles", "invoice_profiles/invoice_profiles", "invoices"),
    _accounting("items", "items/items", "billable_items"),
    _accounting("taxes", "taxes/taxes", "taxes"),
    _accounting("tasks", "projects/tasks", "billable_items"),
    _accounting("bills", "bills/bills", "bills"),
    _accounting("bill_vendors", "bill_vendors/bill_vendors", "bill_vendors"),
    _accounting("bill_payments", "bill_payments/bill_payments", "bill_payments"),
    _accounting("other_income", "other_incomes/other_incomes", "other_income"),
    _accounting("staff", "users/staffs", "teams"),
    Entity("systems", f"{_ACCOUNT}/systems/systems/{{business_id}}", "business"),
    _of_business("services", "comments", "billable_items"),
    _of_business("service_rates", "comments", "billable_items"),
    Entity("team_members", "/auth/api/v1/businesses/{business_id}/team_members", "teams", "response"),
    _of_business("team_member_rates", "comments", "teams"),
    _accounting("journal_entry_accounts", "journal_entry_accounts/journal_entry_accounts", "journal_entries"),
    _accounting("journal_entry_details", "journal_entries/journal_entry_details", "journal_entries"),
    Entity(
        "ledger_accounts",
        "/accounting/businesses/{business_uuid}/ledger_accounts/accounts",
        "journal_entries",
        "data",
    ),
    _report("report_profit_and_loss", "profitloss_entity"),
    _report("report_balance_sheet", "balance_sheet"),
    _report("report_trial_balance", "trial_balance"),
    _report("report_tax_summary", "taxsummary"),
    _report("report_payments_collected", "payments_collected"),
    _report("report_accounts_aging", "accounts_aging"),
    _report("report_invoice_details", "invoice_details"),
    _report("report_expense_details", "expense_details"),
    _report("report_item_sales", "item_sales"),
    _report("report_revenue_by_client", "revenue_by_client", sales_type="collected"),
)
