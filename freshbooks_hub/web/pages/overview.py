"""Connections: the state of each, side by side, for somebody who keeps the books of several."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from freshbooks_hub.agent.actions.waiting import waiting
from freshbooks_hub.agent.reads.periods import known_sum
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.status.health import health, in_short
from freshbooks_hub.web.access import Need
from freshbooks_hub.web.marts import opened
from freshbooks_hub.web.request_context import person, title_of, visible
from freshbooks_hub.web.views import render

SHOWN = 25
# A currency in which nothing is overdue is left out; one that is unknown is not.
OVERDUE = f"""
SELECT currency_code, {known_sum("overdue_amount")} AS amount,
       any_value(gap_reason) AS reason
FROM outstanding_balances
GROUP BY currency_code
HAVING amount IS NULL OR amount <> 0
ORDER BY currency_code
"""  # noqa: S608 - our own column


@dataclass(frozen=True)
class Overdue:
    """What is overdue in one currency; null where a part is unknown, for `reason`."""

    code: str
    amount: Decimal | None
    reason: str | None


@dataclass(frozen=True)
class Line:
    """One connection. `overdue`: None if unknown, since its invoices were not read or not built yet.

    `health` is as `health.health` tells it, `notes` what to look at; times are UTC.
    """

    home: Home
    title: str
    health: dict[str, Any]
    notes: list[str]
    approvals: int
    may_approve: bool
    overdue: list[Overdue] | None

    @property
    def look(self) -> tuple[str, str]:
        """Look and words of its pill."""
        if self.health["needs_attention"]:
            return "bad", "needs attention" if self.health["state"] == "connected" else self.health["state"]
        return ("good", "fine") if self.health["state"] == "connected" else ("quiet", self.health["state"])


def page(request: Request) -> Response:
    """`/connections`: those that this person may see; `?q=` in its name or its businesses', `?page=2`."""
    wanted = request.query_params.get("q", "").strip()
    seen = visible(request).values()
    titles = {home.name: title_of(home) for home in seen}
    found = [home for home in seen if wanted.casefold() in f"{home.name} {titles[home.name]}".casefold()]
    now = datetime.now(UTC)
    known = {home.name: (health(home, now), waiting(home)) for home in found}
    # What needs attention comes first.
    found.sort(key=lambda home: (not known[home.name][0]["needs_attention"], not known[home.name][1]))
    pages = max(1, ceil(len(found) / SHOWN))
    asked = request.query_params.get("page", "")
    number = min(max(int(asked), 1), pages) if asked.isdecimal() and len(asked) < 6 else 1
    here = found[(number - 1) * SHOWN : number * SHOWN]
    return render(
        request,
        "overview.html",
        zone=UTC,  # of connections in many zones
        lines=[_line(request, home, titles[home.name], *known[home.name]) for home in here],
        count=len(found),
        every=len(titles),
        wanted=wanted,
        number=number,
        pages_count=pages,
    )


def moved(_: Request) -> Response:
    """`/settings/connections`, its earlier address."""
    return RedirectResponse("/connections", 303)


def _line(request: Request, home: Home, title: str, found: dict[str, Any], approvals: int) -> Line:
    _, __, notes = in_short(found | {"gaps": []})  # gaps have a column of their own
    return Line(
        home,
        title,
        found,
        notes,
        approvals,
        person(request).may(Need.approve, home.name),
        _overdue(home),
    )


def _overdue(home: Home) -> list[Overdue] | None:
    try:
        found = _read_overdue(home.marts, home.marts.stat().st_mtime_ns)
    except (OSError, HubError):  # not built yet, or damaged, which its own pages report
        return None
    return None if found is None else list(found)


@lru_cache(maxsize=500)
def _read_overdue(path: Path, _changed: int) -> tuple[Overdue, ...] | None:
    """`_changed` makes new marts a new reading: opening the marts of many connections is what this page costs."""
    with opened(path) as marts:
        # Without the mart there are no rows either.
        if marts is None or not marts.rows("SELECT count(*) FROM outstanding_balances"):
            return None
        return tuple(
            Overdue(row["currency_code"], row["amount"], row["reason"]) for row in marts.rows(OVERDUE)
        )


routes = [
    Route("/connections", page, methods=["GET"]),
    Route("/settings/connections", moved, methods=["GET"]),
]
