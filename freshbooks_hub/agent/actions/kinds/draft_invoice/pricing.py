"""From time and expenses to invoice lines: rates and grouping, in Decimal.

Hours are seconds / 3600 rounded half up to two decimals per line; a line's amount is hours * rate, before tax, rounded
half up to the decimals of the currency.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.books import Books, decimal, name_of
from freshbooks_hub.agent.actions.documents import TaxSet
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.actions.preview import Entry, Line, RebilledExpense
from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.currencies import rounded
from freshbooks_hub.core.labels import plural

HOUR = Decimal(3600)
HUNDREDTH = Decimal("0.01")
NOTE_LIMIT = 200
SHOWN_MISSING = 20
GroupBy = Literal["service", "person", "day"]


@dataclass(frozen=True)
class PricedEntry:
    """A time entry with what it is billed at; `rate` is None under a fixed price."""

    row: Json
    entry: Entry
    rate: Decimal | None


def hours(seconds: int) -> Decimal:
    return (Decimal(seconds) / HOUR).quantize(HUNDREDTH, ROUND_HALF_UP)


def work_date(row: Json, timezone: str) -> date:
    """The day on the worker's own clock, else the business's (freshbooks-api.md 3.4).

    Raises ActionRefused `entry_without_day`.
    """
    local = row.get("local_started_at")
    try:
        if local:
            return date.fromisoformat(str(local)[:10])
        started = datetime.fromisoformat(str(row.get("started_at")))
    except ValueError:
        raise ActionRefused(
            "entry_without_day",
            "A time entry of this project has no day. Give it one in FreshBooks, then propose the invoice again.",
            entry_id=row.get("id"),
        ) from None
    return started.astimezone(ZoneInfo(timezone)).date()


def price_entries(
    books: Books, project: Json, rows: Sequence[Json], hourly_rate: Decimal | None
) -> list[PricedEntry]:
    """Each entry with its rate by the project's billing method; raises ActionRefused `rate_unknown`.

    `hourly_rate` fills in for what FreshBooks does not tell, and only there.
    """
    if not rows:
        return []
    services = {
        int(s["id"]): name_of(s["name"]) for s in [*books.services(), *(project.get("services") or [])]
    }
    team = _team(books)
    shown = [
        Entry(
            id=int(row["id"]),
            date=work_date(row, books.business.timezone),
            person=team.get(row.get("identity_id") or 0)
            or f"Team member {row.get('identity_id') or 'unknown'}",
            service=services.get(row.get("service_id") or 0),
            hours=str(hours(row["duration"])),
            note=clean(str(row.get("note") or ""), NOTE_LIMIT),
        )
        for row in rows
    ]
    if is_fixed_price(project):
        return [PricedEntry(row, entry, None) for row, entry in zip(rows, shown, strict=True)]
    rates = _rates(books, project, rows)
    missing = [entry for entry, rate in zip(shown, rates, strict=True) if rate is None]
    if missing and hourly_rate is None:
        who = sorted({(entry.person, entry.service or "no service") for entry in missing})[:SHOWN_MISSING]
        raise ActionRefused(
            "rate_unknown",
            f"FreshBooks has no hourly rate for {len(missing)} of the {plural(len(rows), 'time entry', 'time entries')}"
            ". Ask the user for it and give it as hourly_rate, or set it on the project in FreshBooks.",
            billing_method=project.get("billing_method"),
            missing=[{"person": person, "service": service} for person, service in who],
        )
    return [
        PricedEntry(row, entry, rate if rate is not None else hourly_rate)
        for row, entry, rate in zip(rows, shown, rates, strict=True)
    ]


def is_fixed_price(project: Json) -> bool:
    return project.get("project_type") == "fixed_price"


def _rates(books: Books, project: Json, rows: Sequence[Json]) -> list[Decimal | None]:
    method = project.get("billing_method")
    if method == "project_rate":
        rate = project.get("rate")
        return [decimal(rate) if rate is not None else None] * len(rows)
    if method == "service_rate":
        known, key = _service_rates(books), "service_id"
    elif method == "team_member_rate":
        known, key = _team_rates(books), "identity_id"
    else:
        return [None] * len(rows)  # the business's own rate is not in the API (freshbooks-api.md 7.4)
    return [decimal(known[row[key]]) if row.get(key) in known else None for row in rows]


def _service_rates(books: Books) -> dict[int, str]:
    """Hourly rates by service id; a service without one is not in it."""
    rows = books.api.rows(f"/comments/business/{books.business.business_id}/service_rates", "service_rates")
    return {int(row["service_id"]): str(row["rate"]) for row in rows if row.get("rate")}


def _team_rates(books: Books) -> dict[int, str]:
    """Hourly rates by identity id; a person without one is not in it."""
    rows = books.api.rows(
        f"/comments/business/{books.business.business_id}/team_member_rates", "team_member_rates"
    )
    return {int(row["identity_id"]): str(row["rate"]) for row in rows if row.get("rate")}


def _team(books: Books) -> dict[int, str]:
    """Names by identity id."""
    body = books.api.get(f"/auth/api/v1/businesses/{books.business.business_id}/team_members") or {}
    rows = body.get("response") or body.get("team_members") or []
    return {
        int(row["identity_id"]): name_of(f"{row.get('first_name') or ''} {row.get('last_name') or ''}")
        for row in rows
        if isinstance(row, dict) and row.get("identity_id")
    }


def time_lines(
    items: Sequence[PricedEntry], group_by: GroupBy, project: str, taxes: TaxSet, currency: str
) -> list[Line]:
    """One line for each group and rate, in order of name, then rate."""
    groups: dict[tuple[str, Decimal], list[PricedEntry]] = defaultdict(list)
    for item in items:
        assert item.rate is not None  # a fixed price has no time lines
        name = {
            "service": item.entry.service or "Time",
            "person": item.entry.person,
            "day": item.entry.date.isoformat(),
        }[group_by]
        groups[name, item.rate].append(item)
    lines = []
    for (name, rate), group in sorted(groups.items()):
        quantity = hours(sum(item.row["duration"] for item in group))
        days = sorted(item.entry.date for item in group)
        span = f"{days[0]}" if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
        lines.append(
            Line(
                name=name,
                description=f"{project}: {span}",
                quantity=str(quantity),
                unit_cost=str(rate),
                amount=str(rounded(quantity * rate, currency)),
                taxes=taxes.taxes,
                entries=tuple(sorted((item.entry for item in group), key=lambda e: (e.date, e.id))),
            )
        )
    return lines


def fixed_line(project: Json, title: str, taxes: TaxSet, currency: str) -> Line:
    """The whole price on one line."""
    price = decimal(project.get("fixed_price"))
    if price <= 0:
        raise ActionRefused(
            "rate_unknown", "The project has a fixed price, but FreshBooks does not say what it is."
        )
    return Line(
        name=title,
        description="Fixed price",
        quantity="1",
        unit_cost=str(price),
        amount=str(rounded(price, currency)),
        taxes=taxes.taxes,
    )


def expense_line(row: Json) -> Line:
    """An expense billed on: what was paid, taxes included, plus its markup; no tax on top."""
    cost, markup = decimal(row["amount"]), decimal(row.get("markup_percent"))
    price = rounded(cost * (1 + markup / 100), row["amount"].get("code"))
    vendor = name_of(row.get("vendor"))
    return Line(
        name=vendor or "Expense",
        description=f"Expense of {row['date']}",
        quantity="1",
        unit_cost=str(price),
        amount=str(price),
        expense=RebilledExpense(
            id=int(row["id"]),
            date=date.fromisoformat(row["date"]),
            vendor=vendor,
            category_id=int(row.get("categoryid") or 0),
            cost=str(cost),
            markup_percent=str(markup),
        ),
    )
