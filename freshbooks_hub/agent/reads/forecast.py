"""The forecast of money in and out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.models import Amount, BusinessId, Currency, Cursor, Limit, Page
from freshbooks_hub.agent.reads.periods import known_sum
from freshbooks_hub.agent.reads.reader import Row, read_marts


class Flow(BaseModel):
    """Money of one business in one currency. Null: unknown, since nobody knows what share of late invoices is paid, or
    since a part cannot be read."""

    business_id: int
    currency_code: str
    money_in_amount: Amount | None
    money_out_amount: Amount | None
    net_cash_amount: Amount | None


class FlowOfWeek(Flow):
    """The week that begins on that Monday; `running_net_amount`: the net of all weeks up to its end."""

    week_start_date: date
    running_net_amount: Amount | None


class FlowOfSource(Flow):
    """What the money is of: open invoices, late invoices, recurring invoices, bills or expenses."""

    cash_source: str


# The streams behind the mart's rows; it has none for a stream that cannot be read.
_IN, _OUT = ("invoices", "invoice_profiles"), ("bills", "expenses")


class CashForecast(Page):
    """`totals` and `sources` are over all weeks that were asked for."""

    totals: list[Flow]
    sources: list[FlowOfSource]
    weeks: list[FlowOfWeek]


_MONEY_IN = known_sum("money_in_amount")
# Late invoices have none, even if what they bring in is unknown.
_MONEY_OUT = known_sum("money_out_amount", "cash_source IN ('bills', 'expenses')")
_SUMS = (
    f"{_MONEY_IN} AS money_in_amount, {_MONEY_OUT} AS money_out_amount, "
    f"{_MONEY_IN} - {_MONEY_OUT} AS net_cash_amount"
)
_RUN = "PARTITION BY business_id, currency_code ORDER BY week_start_date"
_FROM = (
    "FROM cash_forecast WHERE business_id = coalesce(?, business_id) "
    "AND currency_code = coalesce(?, currency_code) AND week_start_date < as_of_date + 1 + 7 * ?"
)
_WEEKS = (
    f"SELECT *, CASE WHEN bool_and(net_cash_amount IS NOT NULL) OVER ({_RUN}) "  # noqa: S608 - names of ours
    f"THEN sum(net_cash_amount) OVER ({_RUN}) END AS running_net_amount FROM ("
    f"SELECT business_id, currency_code, week_start_date, {_SUMS} {_FROM} "
    "GROUP BY business_id, currency_code, week_start_date) "
    "ORDER BY week_start_date, business_id, currency_code"
)


def cash_forecast(
    marts: Path,
    *,
    weeks: Annotated[int, Field(ge=1, le=13, description="From tomorrow on, at most 13")] = 13,
    business_id: BusinessId = None,
    currency_code: Currency = None,
    cursor: Cursor = None,
    limit: Limit = 60,
) -> CashForecast:
    """Money expected in and out in the coming weeks: open, late and recurring invoices, bills, usual expenses."""
    with read_marts(marts) as source:
        currency = source.currency(currency_code, business_id)
        values = [business_id, currency, weeks]
        rows, more, following = source.page(
            _WEEKS,
            values,
            cursor,
            limit,
        )
        key = "business_id, currency_code"
        totals = source.rows(f"SELECT {key}, {_SUMS} {_FROM} GROUP BY {key} ORDER BY {key}", *values)
        sources = source.rows(
            f"SELECT {key}, cash_source, {_SUMS} {_FROM} GROUP BY {key}, cash_source ORDER BY {key}, cash_source",
            *values,
        )
        context = source.context(business_id, ["cash_forecast"])
        for row in (*rows, *totals):
            _forget(row, {stream for business, stream in context.missing if business == row["business_id"]})
        return CashForecast(
            context=context,
            totals=[Flow(**row) for row in totals],
            sources=[FlowOfSource(**row) for row in sources],
            weeks=[FlowOfWeek(**row) for row in rows],
            has_more=more,
            next_cursor=following,
        )


def _forget(row: Row, missing: set[str]) -> None:
    """A sum over all sources is unknown where one of them cannot be read."""
    unknown = [
        name
        for name, streams in (("money_in_amount", _IN), ("money_out_amount", _OUT))
        if missing & set(streams)
    ]
    if unknown:
        row |= dict.fromkeys(row.keys() & {*unknown, "net_cash_amount", "running_net_amount"})
