"""Hours worked, by whom and on what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.clients import find_client
from freshbooks_hub.agent.reads.models import (
    BusinessId,
    Client,
    ClientRef,
    Cursor,
    From,
    Limit,
    Page,
    Project,
    Quantity,
    Text,
    To,
    check_span,
)
from freshbooks_hub.agent.reads.periods import known_sum
from freshbooks_hub.agent.reads.reader import NAMED, business_of, read_marts

Part = Literal["person", "week", "month", "project", "client", "service"]
_PARTS: dict[Part, str] = {
    "person": "person_name",
    "week": "strftime(date_trunc('week', entry_date), '%Y-%m-%d')",
    "month": "strftime(entry_date, '%Y-%m')",
    "project": "project_name",
    "client": "client_name",
    "service": "service_name",
}
# Two of a name are two.
_IDS: dict[Part, str] = {
    "person": "identity_id",
    "project": "project_id",
    "client": "client_id",
    "service": "service_id",
}


class Hours(BaseModel):
    """Logged time of one business; `unbilled_hours`: billable and on no invoice or retainer. Null: unknown."""

    business_id: int
    hours: Quantity | None
    billable_hours: Quantity | None
    unbilled_hours: Quantity | None
    entry_count: int


class HoursGroup(Hours):
    """The parts that were asked for; null among them: none is set. `week`: its Monday."""

    person: Text | None = None
    week: str | None = None
    month: str | None = None
    project: Text | None = None
    client: Text | None = None
    service: Text | None = None


class TimeList(Page):
    """`totals` are over all groups and pages. `similar`: names like the person or project asked for, when none fits."""

    client: ClientRef | None
    totals: list[Hours]
    groups: list[HoursGroup]
    similar: list[Text]


_SUMS = (
    f"{known_sum('hours')} AS hours, "
    "CASE WHEN bool_or(is_billable AND is_internal IS NULL) THEN NULL "
    f"ELSE {known_sum('hours', 'is_billable AND NOT is_internal')} END AS billable_hours, "
    "CASE WHEN bool_or(is_unbilled IS NULL) THEN NULL "
    f"ELSE {known_sum('hours', 'is_unbilled')} END AS unbilled_hours, count(*) AS entry_count"
)
_WHERE = (
    "FROM time_entries WHERE business_id = coalesce(?, business_id) AND (? IS NULL OR client_id = ?) "
    "AND (? IS NULL OR contains(folded(person_name), folded(?))) "
    f"AND {NAMED} "
    "AND (? IS NULL OR entry_date >= ?) AND (? IS NULL OR entry_date <= ?)"
)


def list_time(
    marts: Path,
    *,
    group_by: Annotated[list[Part], Field(description="One or more, such as person, week")] = ["person"],  # noqa: B006
    person: Annotated[str | None, Field(description="Part of their name", max_length=200)] = None,
    project: Project = None,
    client: Client = None,
    date_from: From = None,
    date_to: To = None,
    business_id: BusinessId = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> TimeList:
    """Hours logged, with how much is billable and unbilled, by person, week, month, project, client or service."""
    check_span(date_from, date_to, ("date_from", "date_to"))
    parts = list(dict.fromkeys(group_by)) or ["person"]
    ids = [_IDS[part] for part in parts if part in _IDS]
    columns = [
        f"max({_PARTS[part]}) AS {part}" if part in _IDS else f"{_PARTS[part]} AS {part}" for part in parts
    ]
    grouping = ["business_id", *ids, *(part for part in parts if part not in _IDS)]
    # By time where it is asked for, the newest first, else the most hours.
    order = [f"{part} DESC" for part in parts if part in ("week", "month")]
    with read_marts(marts) as source:
        found = find_client(source, client, business_id) if client else None
        business = found.business_id if found else business_of(source, project, business_id)
        client_id = found.client_id if found else None
        named = [business, client_id, client_id, person, person, project, project, project]
        values = [*named, date_from, date_from, date_to, date_to]
        rows, more, following = source.page(
            f"SELECT business_id, {', '.join(columns)}, {_SUMS} {_WHERE} GROUP BY {', '.join(grouping)} "
            f"ORDER BY {', '.join([*order, 'sum(hours) DESC NULLS LAST', *grouping])}",
            values,
            cursor,
            limit,
        )
        totals = source.rows(
            f"SELECT business_id, {_SUMS} {_WHERE} GROUP BY business_id ORDER BY business_id", *values
        )
        similar = []
        if not totals:
            similar += source.similar("time_entries", "person_name", person, business)
            similar += source.similar("time_entries", "project_name", project, business)
        return TimeList(
            context=source.context(business, ["time_entries"]),
            client=found,
            totals=[Hours(**row) for row in totals],
            groups=[HoursGroup(**row) for row in rows],
            similar=similar,
            has_more=more,
            next_cursor=following,
        )
