"""What was spent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.models import (
    Amount,
    BusinessId,
    Currency,
    Cursor,
    From,
    Limit,
    Page,
    Text,
    To,
    check_span,
)
from freshbooks_hub.agent.reads.reader import read_marts

GroupBy = Literal["category", "vendor", "client", "project", "month"]
_GROUPS: dict[GroupBy, str] = {
    "category": "category_path",
    "vendor": "vendor",
    "client": "client_name",
    "project": "project_name",
    "month": "strftime(expense_date, '%Y-%m')",
}


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
    category: Annotated[str | None, Field(description="Part of its name", max_length=200)] = None,
    vendor: Annotated[str | None, Field(description="Part of its name", max_length=200)] = None,
    unbilled_only: Annotated[
        bool, Field(description="Only billable expenses that are not billed yet")
    ] = False,
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
        similar = []
        if not totals:
            similar += source.similar("expenses", "vendor", vendor, business_id)
            similar += source.similar("expenses", "category_path", category, business_id)
        return ExpenseSummary(
            context=context,
            totals=[ExpenseTotal(**row) for row in totals],
            groups=[ExpenseGroup(**row) for row in rows],
            similar=similar,
            has_more=more,
            next_cursor=following,
        )
