"""Outstanding balances of clients."""

from __future__ import annotations

from collections.abc import Iterator
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
    Quantity,
    Text,
)
from freshbooks_hub.agent.reads.reader import Row, read_marts
from freshbooks_hub.core.reporting_currency import ReportingCurrency


class ClientBalance(BaseModel):
    """One client in one currency. outstanding = current + overdue; drafts and credit are not part of it."""

    business_id: int
    client_id: int
    client_name: Text | None
    client_status: str | None
    currency_code: str
    outstanding_amount: Amount
    current_amount: Amount
    overdue_amount: Amount
    overdue_1_30_amount: Amount
    overdue_31_60_amount: Amount
    overdue_61_90_amount: Amount
    overdue_91_plus_amount: Amount
    oldest_due_date: date | None
    open_invoice_count: int
    unapplied_credit_amount: Amount | None
    draft_amount: Amount


class BalanceTotal(BaseModel):
    """All matching clients of one business in one currency."""

    business_id: int
    currency_code: str
    client_count: int
    outstanding_amount: Amount
    overdue_amount: Amount


class RateUsed(BaseModel):
    """One unit of `currency_code` in the reporting currency, the user's own rate from `rate_date` on."""

    currency_code: str
    rate: Quantity
    rate_date: date


class ReportingTotal(BaseModel):
    """The totals of one business together, in the reporting currency of the user; null when `missing` says why."""

    business_id: int
    currency_code: str
    outstanding_amount: Amount | None
    overdue_amount: Amount | None
    rates: list[RateUsed]
    missing: str | None


class LargestBalance(BaseModel):
    """The client that owes most in one currency."""

    business_id: int
    client_id: int
    client_name: Text | None
    currency_code: str
    outstanding_amount: Amount


class OutstandingBalance(Page):
    """`client`: the one that was asked for; without balances it owes nothing.

    `largest`: who owes most, for each currency, over all businesses and pages. Balances come in rounds: the
    first of each currency, then the second of each. `reporting_totals`: empty unless the user has set a
    reporting currency; they stand beside `totals`.
    """

    client: ClientRef | None
    totals: list[BalanceTotal]
    reporting_totals: list[ReportingTotal]
    largest: list[LargestBalance]
    balances: list[ClientBalance]


Sort = Literal["largest", "overdue", "oldest"]
_ORDER: dict[Sort, str] = {
    "largest": "outstanding_amount DESC",
    "overdue": "overdue_amount DESC",
    "oldest": "oldest_due_date NULLS LAST",
}
_RANK = "PARTITION BY currency_code ORDER BY {}, business_id, client_id"
_WHERE = (
    "FROM outstanding_balances WHERE business_id = coalesce(?, business_id) "
    "AND client_id = coalesce(?, client_id) AND currency_code = coalesce(?, currency_code) "
    "AND (NOT ? OR overdue_amount > 0)"
)


def get_outstanding_balance(
    marts: Path,
    *,
    client: Client = None,
    business_id: BusinessId = None,
    currency_code: Currency = None,
    overdue_only: Annotated[bool, Field(description="Only clients with overdue invoices")] = False,
    sort: Annotated[Sort, Field(description="Most owed, most overdue, or longest due first")] = "largest",
    cursor: Cursor = None,
    limit: Annotated[Limit, Field(description="The top so many")] = 25,
) -> OutstandingBalance:
    """What clients owe: outstanding and overdue amounts per client and currency, with aging and unapplied credit."""
    with read_marts(marts) as source:
        found = find_client(source, client, business_id) if client else None
        business = found.business_id if found else business_id
        currency = source.currency(currency_code, business)
        values = [business, found.client_id if found else None, currency, overdue_only]
        rows, more, following = source.page(
            f"SELECT {', '.join(ClientBalance.model_fields)} {_WHERE} "
            f"ORDER BY row_number() OVER ({_RANK.format(_ORDER[sort])}), currency_code",
            values,
            cursor,
            limit,
        )
        totals = source.rows(
            "SELECT business_id, currency_code, count(*) FILTER (outstanding_amount > 0) AS client_count, "
            "sum(outstanding_amount) AS outstanding_amount, sum(overdue_amount) AS overdue_amount "
            f"{_WHERE} GROUP BY business_id, currency_code ORDER BY business_id, currency_code",
            *values,
        )
        largest = source.rows(
            f"SELECT {', '.join(LargestBalance.model_fields)} {_WHERE} AND outstanding_amount > 0 "
            f"QUALIFY row_number() OVER ({_RANK.format(_ORDER['largest'])}) = 1 ORDER BY currency_code",
            *values,
        )
        context = source.context(business, ["outstanding_balances"])
        return OutstandingBalance(
            context=context,
            client=found,
            totals=[BalanceTotal(**row) for row in totals],
            reporting_totals=list(_reporting(marts, totals, context.as_of_date)),
            largest=[LargestBalance(**row) for row in largest],
            balances=[ClientBalance(**row) for row in rows],
            has_more=more,
            next_cursor=following,
        )


def _reporting(marts: Path, totals: list[Row], day: date | None) -> Iterator[ReportingTotal]:
    """A total of each business; none without a reporting currency."""
    reporting = ReportingCurrency.beside(marts)
    if reporting is None or day is None:
        return
    for business in sorted({row["business_id"] for row in totals}):
        mine = [row for row in totals if row["business_id"] == business]
        outstanding, overdue = (
            reporting.total({row["currency_code"]: row[name] for row in mine}, day)
            for name in ("outstanding_amount", "overdue_amount")
        )
        yield ReportingTotal(
            business_id=business,
            currency_code=reporting.code,
            outstanding_amount=outstanding.amount,
            overdue_amount=overdue.amount,
            rates=[
                RateUsed(currency_code=rate.currency, rate=rate.rate, rate_date=rate.day)
                for rate in outstanding.rates
            ],
            missing=outstanding.missing or overdue.missing,
        )
