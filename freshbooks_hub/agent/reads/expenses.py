"""Expenses, one by one and summed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.clients import find_client
from freshbooks_hub.agent.reads.models import (
    Amount,
    BusinessId,
    Client,
    ClientRef,
    Currency,
    Cursor,
    From,
    Limit,
    Page,
    Project,
    Text,
    To,
    check_span,
)
from freshbooks_hub.agent.reads.reader import NAMED, MartsReader, business_of, read_marts

GroupBy = Literal["category", "vendor", "client", "project", "month"]
_GROUPS: dict[GroupBy, str] = {
    "category": "category_path",
    "vendor": "vendor",
    "client": "client_name",
    "project": "project_name",
    "month": "strftime(expense_date, '%Y-%m')",
}
PartOfName = Annotated[str | None, Field(description="Part of its name", max_length=200)]
UnbilledOnly = Annotated[bool, Field(description="Only billable expenses that are not billed yet")]


class ExpenseGroup(BaseModel):
    """Expenses of one group in one currency, tax included; `group` is null for those without one, or
    where `context.gaps` says that it cannot be read."""

    business_id: int
    group: Text | None
    currency_code: str
    total_amount: Amount
    tax_amount: Amount | None
    expense_count: int


class ExpenseTotal(BaseModel):
    """All matching expenses of one business in one currency."""

    business_id: int
    currency_code: str
    total_amount: Amount
    tax_amount: Amount | None
    expense_count: int


class ExpenseSummary(Page):
    """Expenses by group; `totals` are over all groups and pages.

    `similar`: vendors and categories with names like the one asked for, when nothing matches.
    """

    totals: list[ExpenseTotal]
    groups: list[ExpenseGroup]
    similar: list[Text]


_SUMS = "currency_code, sum(total_amount) AS total_amount, sum(tax_amount) AS tax_amount, count(*) AS expense_count"
_WHERE = (
    "FROM expenses WHERE business_id = coalesce(?, business_id) "
    "AND currency_code = coalesce(?, currency_code) "
    "AND (? IS NULL OR expense_date >= ?) AND (? IS NULL OR expense_date <= ?) "
    "AND (? IS NULL OR contains(folded(category_path), folded(?))) "
    "AND (? IS NULL OR contains(folded(vendor), folded(?))) "
    "AND (NOT ? OR is_billable AND expense_status = 'outstanding')"
)


def expense_summary(
    marts: Path,
    *,
    date_from: From = None,
    date_to: To = None,
    group_by: GroupBy = "category",
    category: PartOfName = None,
    vendor: PartOfName = None,
    unbilled_only: UnbilledOnly = False,
    business_id: BusinessId = None,
    currency_code: Currency = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ExpenseSummary:
    """Expenses of a period by category, vendor, client, project or month, with totals per currency."""
    check_span(date_from, date_to, ("date_from", "date_to"))
    with read_marts(marts) as source:
        context = source.context(business_id, ["expenses"])
        currency_code = source.currency(currency_code, business_id)
        pairs = [value for value in (date_from, date_to, category, vendor) for _ in range(2)]
        values = [business_id, currency_code, *pairs, unbilled_only]
        rows, more, following = source.page(
            f'SELECT business_id, {_GROUPS[group_by]} AS "group", {_SUMS} {_WHERE} '
            'GROUP BY business_id, "group", currency_code '
            "ORDER BY row_number() OVER (PARTITION BY currency_code "
            'ORDER BY sum(total_amount) DESC, business_id, "group"), currency_code',
            values,
            cursor,
            limit,
        )
        totals = source.rows(
            f"SELECT business_id, {_SUMS} {_WHERE} "
            "GROUP BY business_id, currency_code ORDER BY business_id, currency_code",
            *values,
        )
        return ExpenseSummary(
            context=context,
            totals=[ExpenseTotal(**row) for row in totals],
            groups=[ExpenseGroup(**row) for row in rows],
            similar=[] if totals else _similar(source, vendor, category, business_id),
            has_more=more,
            next_cursor=following,
        )


class ExpenseRow(BaseModel):
    """One expense; `total_amount` with tax, `expense_status` internal, outstanding, invoiced or recouped."""

    business_id: int
    expense_id: int
    expense_date: date
    vendor: Text | None
    category_path: Text | None
    client_name: Text | None
    project_name: Text | None
    notes: Text | None
    expense_status: str | None
    has_receipt: bool
    currency_code: str
    total_amount: Amount
    tax_amount: Amount


class ExpenseList(Page):
    """Expenses that match; `totals` are over all pages. `similar`: as in a summary."""

    client: ClientRef | None
    totals: list[ExpenseTotal]
    expenses: list[ExpenseRow]
    similar: list[Text]


_ORDER = {
    "newest": "expense_date DESC",
    "largest": "row_number() OVER (PARTITION BY currency_code "
    "ORDER BY total_amount DESC, business_id, expense_id), currency_code",
}
_OF = f"{_WHERE} AND (? IS NULL OR client_id = ?) AND {NAMED} AND (NOT ? OR NOT has_receipt)"


def list_expenses(
    marts: Path,
    *,
    date_from: From = None,
    date_to: To = None,
    category: PartOfName = None,
    vendor: PartOfName = None,
    client: Client = None,
    project: Project = None,
    unbilled_only: UnbilledOnly = False,
    without_receipt: Annotated[bool, Field(description="Only those without a receipt")] = False,
    business_id: BusinessId = None,
    currency_code: Currency = None,
    sort: Literal["newest", "largest"] = "newest",
    cursor: Cursor = None,
    limit: Limit = 25,
) -> ExpenseList:
    """Expenses one by one, by period, vendor, category, client or project, with totals per currency."""
    check_span(date_from, date_to, ("date_from", "date_to"))
    with read_marts(marts) as source:
        found = find_client(source, client, business_id) if client else None
        business = found.business_id if found else business_of(source, project, business_id)
        currency = source.currency(currency_code, business)
        client_id = found.client_id if found else None
        pairs = [value for value in (date_from, date_to, category, vendor) for _ in range(2)]
        values = [business, currency, *pairs, unbilled_only]
        values += [client_id, client_id, project, project, project, without_receipt]
        rows, more, following = source.page(
            f"SELECT {', '.join(ExpenseRow.model_fields)} {_OF} "
            f"ORDER BY {_ORDER[sort]}, business_id, expense_id",
            values,
            cursor,
            limit,
        )
        totals = source.rows(
            f"SELECT business_id, {_SUMS} {_OF} "
            "GROUP BY business_id, currency_code ORDER BY business_id, currency_code",
            *values,
        )
        return ExpenseList(
            context=source.context(business, ["expenses"]),
            client=found,
            totals=[ExpenseTotal(**row) for row in totals],
            expenses=[ExpenseRow(**row) for row in rows],
            similar=[] if totals else _similar(source, vendor, category, business),
            has_more=more,
            next_cursor=following,
        )


def _similar(
    source: MartsReader, vendor: str | None, category: str | None, business: int | None
) -> list[str]:
    """Vendors and categories with names like those asked for."""
    names = source.similar("expenses", "vendor", vendor, business)
    return names + source.similar("expenses", "category_path", category, business)
