"""Profit and loss, as FreshBooks' own report has it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.models import Amount, BusinessId, Currency, Cursor, Limit, Page, Text
from freshbooks_hub.agent.reads.periods import FromMonth, ToMonth, known_sum, months, period_of
from freshbooks_hub.agent.reads.reader import read_marts

Basis = Literal["accrual", "cash"]
# The report's own totals; what it calls total income is less costs of goods sold.
_FIGURES = {
    "income_amount": "section = 'income' AND line_level = 1",
    "gross_profit_amount": "section = 'total income'",
    "expenses_amount": "section = 'total expenses'",
    "net_profit_amount": "section = 'net profit'",
}


class Profit(BaseModel):
    """One currency of one business: gross profit is income less costs of goods sold, net profit that less expenses."""

    business_id: int
    currency_code: str
    income_amount: Amount | None
    gross_profit_amount: Amount | None
    expenses_amount: Amount | None
    net_profit_amount: Amount | None


class ProfitPeriod(Profit):
    """A month (2026-10), quarter (2026-Q4) or year."""

    period: str


class ProfitLine(BaseModel):
    """A line of the report over the whole span."""

    business_id: int
    currency_code: str
    section: str
    line_name: Text | None
    line_amount: Amount | None


class ProfitSummary(Page):
    """`totals` are over the whole span. `lines`: the report's lines, with group_by line, in place of `periods`."""

    basis: Basis
    first_day: date | None
    last_day: date | None
    totals: list[Profit]
    periods: list[ProfitPeriod]
    lines: list[ProfitLine]


_SUMS = ", ".join(f"{known_sum('line_amount', condition)} AS {name}" for name, condition in _FIGURES.items())
_WHERE = (
    "FROM profit_and_loss WHERE basis = ? AND business_id = coalesce(?, business_id) "
    "AND currency_code = coalesce(?, currency_code) "
    "AND (? IS NULL OR start_date >= ?) AND (? IS NULL OR start_date <= ?)"
)


def profit_summary(
    marts: Path,
    *,
    date_from: FromMonth = None,
    date_to: ToMonth = None,
    group_by: Annotated[
        Literal["month", "quarter", "year", "line"],
        Field(description="line: income and cost lines, largest first"),
    ] = "month",
    basis: Annotated[Basis, Field(description="accrual: as billed; cash: as paid")] = "accrual",
    business_id: BusinessId = None,
    currency_code: Currency = None,
    cursor: Cursor = None,
    limit: Limit = 24,
) -> ProfitSummary:
    """Profit and loss as FreshBooks reports it: income, gross profit, expenses, net profit; by period or by line."""
    first, last = months(date_from, date_to)
    with read_marts(marts) as source:
        currency = source.currency(currency_code, business_id)
        values = [basis, business_id, currency, first, first, last, last]
        period = period_of("start_date").get(group_by)
        rows, more, following = source.page(
            f"SELECT business_id, currency_code, {period} AS period, {_SUMS} {_WHERE} "
            "GROUP BY business_id, currency_code, period ORDER BY period DESC, business_id, currency_code"
            if period
            else f"SELECT business_id, currency_code, section, line_name, {known_sum('line_amount')} AS line_amount "
            f"{_WHERE} AND section IN ('income', 'expenses') AND is_leaf "
            "GROUP BY business_id, currency_code, section, line_name "
            "ORDER BY business_id, currency_code, section DESC, sum(line_amount) DESC, line_name",
            values,
            cursor,
            limit,
        )
        totals = source.rows(
            f"SELECT business_id, currency_code, {_SUMS} {_WHERE} "
            "GROUP BY business_id, currency_code ORDER BY business_id, currency_code",
            *values,
        )
        return ProfitSummary(
            context=source.context(business_id, ["profit_and_loss"]),
            basis=basis,
            first_day=first,
            last_day=last,
            totals=[Profit(**row) for row in totals],
            periods=[ProfitPeriod(**row) for row in rows] if period else [],
            lines=[] if period else [ProfitLine(**row) for row in rows],
            has_more=more,
            next_cursor=following,
        )
