"""What of a project is billed, at which rates, and as which lines of the invoice, in Decimal.

Hours are seconds / 3600 rounded half up to two decimals per line; a line's amount is hours * rate, before tax, rounded
half up to the decimals of the currency.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import Owners
from freshbooks_hub.agent.actions.books import Books, decimal, name_of
from freshbooks_hub.agent.actions.documents import TaxSet
from freshbooks_hub.agent.actions.models import ActionRefused, Status
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
    """A time entry with its rate; `rate` is None under a fixed price."""

    row: Json
    entry: Entry
    rate: Decimal | None


def billable(project: Json) -> Json:
    """The project, if it can be billed; raises ActionRefused saying why it cannot."""
    if not project.get("complete"):
        raise ActionRefused(
            "not_complete", "The project is not complete. Mark it as complete in FreshBooks first.",
            project_id=project["id"],
        )  # fmt: skip
    if project.get("client_id") is None:
        raise ActionRefused("no_client", "The project has no client, so there is nobody to bill.")
    for ability in project["abilities"]:
        if ability.get("name") == "can_generate_invoice" and ability.get("value") is False:
            raise ActionRefused("not_permitted", "FreshBooks does not let this user bill this project.")
    return project


def unbilled_entries(books: Books, project: Json, owners: Owners, left_out: dict[str, int]) -> list[Json]:
    """The project's time to bill; `left_out` counts the rest. Time under a retainer is paid for by its fee."""
    rows = books.billable_entries(project["id"], billed=False)
    kept = [row for row in rows if row.get("retainer_id") is None]
    if len(kept) < len(rows):
        left_out["under a retainer"] = len(rows) - len(kept)
    return _unowned(kept, entry_key(books.business.business_id), owners, left_out)


def unbilled_expenses(
    books: Books, project: Json, currency: str, owners: Owners, left_out: dict[str, int]
) -> list[Json]:
    """The project's expenses to rebill in the invoice's currency, oldest first."""
    rows = books.project_expenses(int(project["client_id"]), project["id"])
    same = [row for row in rows if row["amount"].get("code") == currency]
    if len(same) < len(rows):
        left_out["expense in another currency"] = len(rows) - len(same)
    free = _unowned(same, expense_key(books.business.business_id), owners, left_out)
    return sorted(free, key=lambda row: (row["date"], int(row["id"])))


def _unowned(
    rows: list[Json], key: Callable[[int], str], owners: Owners, left_out: dict[str, int]
) -> list[Json]:
    """Rows that no confirmed action has billed. Pending ones stay, so that the same proposal is found again."""
    free = [row for row in rows if owners.get(key(int(row["id"])), ("", None))[1] != Status.confirmed]
    if len(free) < len(rows):
        reason = "billed by an earlier action"
        left_out[reason] = left_out.get(reason, 0) + len(rows) - len(free)
    return free


def billed_before(business_id: int, project: Json, owners: Owners) -> bool:
    """Whether the fixed price is spent; raises ActionRefused when a part of it is, for the rest is a guess."""
    owner = owners.get(fixed_price_key(business_id, project["id"]))
    if owner is not None and owner[1] is Status.confirmed:
        return True
    if decimal(project.get("billed_amount")) > 0 or project.get("billed_status") not in (None, "unbilled"):
        raise ActionRefused(
            "partly_billed",
            "A part of the fixed price was billed already. Draft the rest in FreshBooks, where you see the parts.",
        )
    return False


def entry_key(business_id: int) -> Callable[[int], str]:
    return lambda entry_id: f"time_entry/{business_id}/{entry_id}"


def expense_key(business_id: int) -> Callable[[int], str]:
    """Of an expense that is billed on to a client."""
    return lambda expense_id: f"expense/{business_id}/{expense_id}"


def fixed_price_key(business_id: int, project_id: int) -> str:
    return f"fixed_price/{business_id}/{project_id}"


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
        known, key = _hourly_rates(books, "service_rates", "service_id"), "service_id"
    elif method == "team_member_rate":
        known, key = _hourly_rates(books, "team_member_rates", "identity_id"), "identity_id"
    else:
        return [None] * len(rows)  # the business's own rate is not in the API (freshbooks-api.md 7.4)
    return [decimal(known[row[key]]) if row.get(key) in known else None for row in rows]


def _hourly_rates(books: Books, name: str, key: str) -> dict[int, str]:
    """Rates by the id of a service or a person; those without a rate are left out."""
    rows = books.api.rows(f"/comments/business/{books.business.business_id}/{name}", name)
    return {int(row[key]): str(row["rate"]) for row in rows if row.get("rate")}


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
