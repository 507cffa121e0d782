"""Home: the figures an owner asks for first, what needs a person, and what to do next before there are figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.agent.actions.waiting import waiting
from freshbooks_hub.connection.store import Connection, ConnectionStore
from freshbooks_hub.core.currencies import known_sum
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import plural
from freshbooks_hub.core.reporting_currency import Total
from freshbooks_hub.marts.reconciliation import counted
from freshbooks_hub.status.health import health
from freshbooks_hub.sync.progress import read_progress
from freshbooks_hub.web.figures import FORECAST_WEEKS, MARTS, Days, Figures, days_of, figures_of
from freshbooks_hub.web.first_steps import first_steps
from freshbooks_hub.web.marts import Marts, PageGaps, Row, opened, page_gaps
from freshbooks_hub.web.reports import Reporting
from freshbooks_hub.web.request_context import choose_business, context_of
from freshbooks_hub.web.views import link, render


@dataclass(frozen=True)
class Item:
    """One figure. `before`: the same days a year earlier, None without anything to compare with."""

    label: str
    amount: Decimal | None
    address: str
    before: Decimal | None = None
    late: bool = False


@dataclass(frozen=True)
class Card:
    """What one business has in one currency."""

    business: Row
    code: str
    items: list[Item]


@dataclass(frozen=True)
class Together:
    """Every figure in the reporting currency; nothing without one, or when `problem` says what is wrong with it."""

    code: str = ""
    totals: list[tuple[str, Total]] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True)
class Need:
    """Something for a person to do. `path`: the page for it, if there is one, and `remedy` what to do there."""

    what: str
    path: str = ""
    remedy: str = ""
    grave: bool = True


@dataclass(frozen=True)
class OfBusiness:
    """A business with its figures."""

    business: Row
    days: Days
    figures: list[Figures]
    gaps: PageGaps


def page(request: Request) -> Response:
    """`/`, `?business=all`"""
    home = context_of(request).home
    connection, now = ConnectionStore(home.connection).find(), datetime.now(UTC)
    state = health(home, now)
    with opened(home.marts) as marts:
        choice = choose_business(request, marts, accounting=False)
        shown = choice.shown
        found = [_of_business(marts, business) for business in shown] if marts else []
        hours = _hours(marts, shown)
        differing = _differing(marts, shown)
    cards = [card for one in found for card in _cards(request, one, connection)]
    today = max((one.days.today for one in found if one.days.today), default=None)
    return render(
        request,
        "home.html",
        zone=choice.zone,
        now=now,
        choice=choice,
        connection=connection,
        last=state["last_sync"],
        needs=_needs(home, state, found, differing),
        steps=first_steps(context_of(request), connection, now),
        found=found,
        hours=hours,
        today=today,
        cards=sorted(cards, key=lambda card: card.code) if choice.everything else cards,
        together=_together(home, cards, today),
        progress=read_progress(home),
    )


def _of_business(marts: Marts, business: Row) -> OfBusiness:
    gaps = page_gaps(marts, business, *MARTS)
    days = days_of(marts, business["business_id"])
    return OfBusiness(business, days, figures_of(marts, business, gaps.missing), gaps)


def _cards(request: Request, one: OfBusiness, connection: Connection | None) -> list[Card]:
    start = connection.config.get("start_date") if connection else None
    read_from = date.fromisoformat(str(start)[:10]) if start else None
    return [
        Card(one.business, figures.code, _items(request, one, figures, read_from)) for figures in one.figures
    ]


def _items(request: Request, one: OfBusiness, figures: Figures, read_from: date | None) -> list[Item]:
    amounts, today = figures.amounts, one.days.today or date.today()
    month = {"from": today.replace(day=1), "to": today}
    year = {"from": today.replace(month=1, day=1), "to": today}

    def to(path: str, **query: Any) -> str:
        return link(request, path, business=one.business["business_id"], currency=figures.code, **query)

    def profit(label: str, name: str, days: dict[str, date]) -> Item:
        kept = one.days.compares(_year_before(days["from"]), _year_before(today), read_from)
        return Item(
            label,
            amounts[name],
            to("/ledger", accounts="profit", **days),
            amounts[f"{name}_before"] if kept else None,
        )

    forecast = f"{to('/money')}#forecast"
    return [
        Item("Owed to you", amounts["owed"], to("/invoices", status="open")),
        Item("Overdue", amounts["overdue"], to("/invoices", status="overdue"), late=bool(amounts["overdue"])),
        Item("Collected this month", amounts["collected"], to("/payments", status="received", **month)),
        profit("Profit this month", "profit_month", month),
        profit("Profit this year", "profit_year", year),
        Item(f"Expected in, {FORECAST_WEEKS} weeks", amounts["expected_in"], forecast),
        Item(f"Expected out, {FORECAST_WEEKS} weeks", amounts["expected_out"], forecast),
        Item("Unbilled work", amounts["unbilled"], to("/time")),
    ]


def _year_before(day: date) -> date:
    """The same day a year earlier; 28 February for the 29th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _together(home: Home, cards: list[Card], today: date | None) -> Together:
    """Each figure in the reporting currency, over the businesses and currencies shown."""
    reporting = Reporting.beside(home.marts)
    if reporting.currency is None or today is None or not cards:
        return Together(problem=reporting.problem)
    totals = []
    for index, item in enumerate(cards[0].items):
        sums: dict[str, Decimal | None] = {}
        for card in cards:
            sums[card.code] = known_sum([sums.get(card.code, Decimal(0)), card.items[index].amount])
        totals.append((item.label, reporting.currency.total(sums, today)))
    return Together(reporting.currency.code, totals)


def _hours(marts: Marts | None, businesses: list[Row]) -> Row | None:
    """Unbilled hours of the businesses, and how many of them have no rate; None if there are none."""
    if marts is None or not businesses:
        return None
    rows = marts.rows(
        "SELECT sum(hours) AS hours, coalesce(sum(hours) FILTER (unbilled_amount IS NULL), 0) AS unpriced "
        "FROM unbilled_time WHERE list_contains(?, business_id)",
        [business["business_id"] for business in businesses],
    )
    return rows[0] if rows and rows[0]["hours"] else None


def _differing(marts: Marts | None, businesses: list[Row]) -> dict[str, int]:
    """How many figures of these businesses differ from what they should equal, by kind of check."""
    if marts is None:
        return {}
    rows = marts.rows(
        "SELECT check_kind, count(*) AS number FROM fb_reconciliation WHERE NOT is_ok "
        "AND list_contains(?, business_id) GROUP BY check_kind ORDER BY check_kind",
        [business["business_id"] for business in businesses],
    )
    return {row["check_kind"]: row["number"] for row in rows}


def _needs(
    home: Home, state: dict[str, Any], found: list[OfBusiness], differing: dict[str, int]
) -> list[Need]:
    """The gravest first; `state` by `health`."""
    needs = []
    if state["error"]:
        needs.append(Need(state["error"], "/status", "See Status"))
    for alarm in state["alarms"]:
        path = "/settings/freshbooks" if alarm["kind"] == "connection" else "/status"
        needs.append(Need(alarm["message"], path, "Fix it" if path != "/status" else "See Status"))
    if state["state"] in {"refused", "damaged"} and not needs:
        needs.append(
            Need(
                "FreshBooks no longer accepts this connection.", "/settings/freshbooks", "Authorise it again"
            )
        )
    if number := waiting(home):
        verb = "waits" if number == 1 else "wait"
        needs.append(Need(f"{plural(number, 'proposal')} of agents {verb} for you.", "/approvals", "Decide"))
    last = state["last_sync"]
    if last and last["status"] == "failed" and not state["alarms"]:
        needs.append(Need(f"The last sync failed. {last['error']}", "/status", "See Status", grave=False))
    needs += [
        Need(f"{one['what']} {one['remedy']}", "/status", "See Status", grave=False)
        for one in state["problems"]
    ]
    needs += [
        Need(f"{counted(kind, number)}.", "/status#checks", "See which", grave=False)
        for kind, number in differing.items()
    ]
    # While a sync runs, missing data may still arrive: the first figures show before reports are read.
    running = last is not None and last["status"] == "running"
    if not running and (lacking := sum(len(one.gaps.sentences) for one in found)):
        what = f"{plural(lacking, 'kind')} of data {'is' if lacking == 1 else 'are'} missing or not complete."
        needs.append(Need(what, "/status#gaps", "See what to do", grave=False))
    if state["paused_since"]:
        needs.append(Need("Syncing is paused.", "/status", "Resume it", grave=False))
    return needs


routes = [Route("/", page)]
