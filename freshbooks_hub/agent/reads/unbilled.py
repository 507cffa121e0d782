"""Work that was not billed yet."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.clients import find_client
from freshbooks_hub.agent.reads.models import (
    Amount,
    BusinessId,
    Client,
    ClientRef,
    Cursor,
    Limit,
    Page,
    Project,
    Quantity,
    Text,
)
from freshbooks_hub.agent.reads.reader import NAMED, Row, business_of, read_marts


class UnbilledRow(BaseModel):
    """One person's time on one service of one project. Without a rate the amount is missing, and where
    projects cannot be read the hours too, for the reason given."""

    business_id: int
    client_id: int | None
    client_name: Text | None
    project_id: int | None
    project_name: Text | None
    is_project_complete: bool | None
    service_name: Text | None
    person_name: Text | None
    hours: Quantity | None
    oldest_entry_date: date | None
    newest_entry_date: date | None
    hourly_rate: Quantity | None
    rate_missing_reason: str | None
    currency_code: str | None
    unbilled_amount: Amount | None


class UnbilledTotal(BaseModel):
    """All matching time of one business in one currency; hours without a rate are no part of the amount.
    Null: unknown."""

    business_id: int
    currency_code: str | None
    hours: Quantity | None
    hours_without_amount: Quantity | None
    unbilled_amount: Amount | None


class UnbilledTime(Page):
    """Billable hours that no invoice has, and their value. `similar`: projects of like names, when none matches."""

    client: ClientRef | None
    totals: list[UnbilledTotal]
    entries: list[UnbilledRow]
    similar: list[Text]


# The streams that hold the currency and the rate of time, and whether it is billable.
_PRICING = ("projects", "clients", "systems", "services", "service_rates", "team_member_rates")
_WHERE = (
    "FROM unbilled_time WHERE business_id = coalesce(?, business_id) AND (? IS NULL OR client_id = ?) "
    f"AND {NAMED} "
    "AND (NOT ? OR is_project_complete)"
)


def list_unbilled_time(
    marts: Path,
    *,
    client: Client = None,
    project: Project = None,
    complete_only: Annotated[bool, Field(description="Only completed projects")] = False,
    business_id: BusinessId = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> UnbilledTime:
    """Billable time that is on no invoice yet, per project, service and person, with its value."""
    with read_marts(marts) as source:
        found = find_client(source, client, business_id) if client else None
        business = found.business_id if found else business_of(source, project, business_id)
        context = source.context(business, ["unbilled_time"])
        client_id = found.client_id if found else None
        values = [business, client_id, client_id, project, project, project, complete_only]
        rows, more, following = source.page(
            f"SELECT {', '.join(UnbilledRow.model_fields)} {_WHERE} "
            "ORDER BY business_id, client_id, project_id, service_id, identity_id",
            values,
            cursor,
            limit,
        )
        totals = source.rows(
            "SELECT business_id, currency_code, sum(hours) AS hours, "
            "coalesce(sum(hours) FILTER (unbilled_amount IS NULL), 0) AS hours_without_amount, "
            "sum(unbilled_amount) AS unbilled_amount, "
            f"bool_and(hours IS NOT NULL) AS are_hours_known {_WHERE} "
            "GROUP BY business_id, currency_code ORDER BY business_id, currency_code",
            *values,
        )
        return UnbilledTime(
            context=context,
            client=found,
            totals=_totals(totals, {business for business, stream in context.missing if stream in _PRICING}),
            entries=[UnbilledRow(**row) for row in rows],
            similar=[] if totals else source.similar("unbilled_time", "project_name", project, business),
            has_more=more,
            next_cursor=following,
        )


def _totals(rows: list[Row], unsure: set[int]) -> list[UnbilledTotal]:
    """`unsure`: businesses where time that has no hours, amount or currency may belong to any of the totals."""
    found = []
    for row in rows:
        business = [other for other in rows if other["business_id"] == row["business_id"]]
        known = all(other["are_hours_known"] for other in business)
        unplaced = row["business_id"] in unsure and any(other["currency_code"] is None for other in business)
        unpriced = row["business_id"] in unsure and any(other["hours_without_amount"] for other in business)
        if not known or (unplaced and row["currency_code"] is not None):
            row |= {"hours": None, "hours_without_amount": None}
        if not known or unplaced or unpriced:
            row |= {"unbilled_amount": None}
        found.append(UnbilledTotal(**row))
    return found
