"""Revenue: invoiced, accrued and collected, month by month."""

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
    Limit,
    Page,
    Text,
)
from freshbooks_hub.agent.reads.periods import FromMonth, ToMonth, known_sum, months, period_of
from freshbooks_hub.agent.reads.reader import read_marts


class Revenue(BaseModel):
    """One currency of one business. Null: what it needs cannot be read.

    invoiced: with tax; accrued: invoices without tax; net_revenue: accrued less credit notes plus other income,
    without tax; collected: money that came in for invoices, with tax; collected_without_tax: revenue on the cash basis.
    """

    business_id: int
    currency_code: str
    invoiced_amount: Amount | None
    accrued_amount: Amount | None
    net_revenue_amount: Amount | None
    collected_amount: Amount | None
    collected_without_tax_amount: Amount | None


class RevenueGroup(Revenue):
    """`group`: the period, or the client's name; null for other income, which has no client."""

    group: Text | None
    client_id: int | None


class RevenueSummary(Page):
    """`totals` are over all groups and pages; `first_day` and `last_day`: the whole months that were asked for."""

    first_day: date | None
    last_day: date | None
    client: ClientRef | None
    totals: list[Revenue]
    groups: list[RevenueGroup]


_AMOUNTS = [name for name in Revenue.model_fields if name.endswith("_amount")]
_SUMS = ", ".join(f"{known_sum(name)} AS {name}" for name in _AMOUNTS)
_WHERE = (
    "FROM revenue_monthly WHERE business_id = coalesce(?, business_id) AND (? IS NULL OR client_id = ?) "
    "AND currency_code = coalesce(?, currency_code) "
    "AND (? IS NULL OR month_start_date >= ?) AND (? IS NULL OR month_start_date <= ?)"
)


def revenue_summary(
    marts: Path,
    *,
    date_from: FromMonth = None,
    date_to: ToMonth = None,
    group_by: Annotated[
        Literal["month", "quarter", "year", "client"],
        Field(description="Periods: newest first; clients: best first"),
    ] = "month",
    client: Client = None,
    business_id: BusinessId = None,
    currency_code: Currency = None,
    cursor: Cursor = None,
    limit: Limit = 24,
) -> RevenueSummary:
    """Revenue by month, quarter, year or client: invoiced, earned (accrual basis) and collected (cash basis)."""
    first, last = months(date_from, date_to)
    with read_marts(marts) as source:
        found = find_client(source, client, business_id) if client else None
        business = found.business_id if found else business_id
        client_id = found.client_id if found else None
        currency = source.currency(currency_code, business)
        values = [business, client_id, client_id, currency, first, first, last, last]
        by_client = group_by == "client"
        key = "client_id" if by_client else period_of("month_start_date")[group_by]
        shown = (
            'max(client_name) AS "group", client_id' if by_client else f'{key} AS "group", NULL AS client_id'
        )
        best = "sum(net_revenue_amount) DESC NULLS LAST, business_id, client_id"
        order = (
            f"row_number() OVER (PARTITION BY currency_code ORDER BY {best}), currency_code, business_id"
            if by_client
            else f"{key} DESC, business_id, currency_code"
        )
        rows, more, following = source.page(
            f"SELECT business_id, currency_code, {shown}, {_SUMS} {_WHERE} "
            f"GROUP BY business_id, currency_code, {key} ORDER BY {order}",
            values,
            cursor,
            limit,
        )
        totals = source.rows(
            f"SELECT business_id, currency_code, {_SUMS} {_WHERE} "
            "GROUP BY business_id, currency_code ORDER BY business_id, currency_code",
            *values,
        )
        return RevenueSummary(
            context=source.context(business, ["revenue_monthly"]),
            first_day=first,
            last_day=last,
            client=found,
            totals=[Revenue(**row) for row in totals],
            groups=[RevenueGroup(**row) for row in rows],
            has_more=more,
            next_cursor=following,
        )
