"""The timers of the connected user, read live.

A timer is one or more unlogged entries, its segments, with one `timer.id`; the segment that runs has no duration. An
unlogged entry without one is no timer (freshbooks-api.md 3.7).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.api import Api
from freshbooks_hub.agent.actions.books import Books, resolve_business
from freshbooks_hub.agent.actions.models import Timing
from freshbooks_hub.agent.actions.time_entries import Work, as_instant, utc, work_of
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.home import Home

# One that was started longer ago is not found: without a bound, all time ever logged would be read.
LOOKED_BACK = timedelta(days=31)


@dataclass(frozen=True)
class Timer:
    """One timer; `segments`: the earliest first."""

    id: int
    segments: tuple[Json, ...]

    @property
    def is_running(self) -> bool:
        """False while it is paused."""
        return any(segment.get("duration") is None for segment in self.segments)

    @property
    def current(self) -> Json:
        """The segment that runs, else the latest: it says what the work is."""
        running = [segment for segment in self.segments if segment.get("duration") is None]
        return (running or self.segments)[-1]

    @property
    def started_at(self) -> datetime:
        at = as_instant(self.segments[0]["started_at"])
        assert at is not None  # `timers_of` takes no other
        return at

    def durations(self, now: datetime) -> list[int]:
        """The seconds of each segment, of the one that runs those up to now."""
        return [_seconds(segment, now) for segment in self.segments]


class ShownTimer(Work):
    """A timer for people and models: since when on the clock of the business, and the minutes until now."""

    id: int
    is_running: bool
    started_at: str
    timezone: str
    minutes: int


def timers_of(books: Books, now: datetime) -> list[Timer]:
    """The timers of the connected user, running or paused, the earliest first."""
    segments: dict[int, list[Json]] = defaultdict(list)
    for row in entries_since(books, now - LOOKED_BACK):
        timer = row.get("timer") or {}
        if not row.get("is_logged") and timer.get("id") and as_instant(row.get("started_at")):
            segments[int(timer["id"])].append(row)
    found = [Timer(number, tuple(sorted(rows, key=_order))) for number, rows in segments.items()]
    return sorted(found, key=lambda timer: (timer.started_at, timer.id))


def entries_since(books: Books, since: datetime) -> list[Json]:
    """Entries of the connected user that started at or after an instant, those of timers too."""
    # It is not known whether FreshBooks leaves out entries that started at that very second.
    params = [("include_unlogged", "true"), ("started_from", utc(since - timedelta(minutes=1)))]
    rows = books.api.rows(books.entries_path, "time_entries", params)
    # An ignored filter answers everything (freshbooks-api.md 3.3).
    return [
        row for row in rows if row.get("active", True) and str(row.get("started_at"))[:19] >= utc(since)[:19]
    ]


def shown_timer(books: Books, timer: Timer, now: datetime) -> ShownTimer:
    """The timer with the names of its client, project and service."""
    local = timer.started_at.astimezone(ZoneInfo(books.business.timezone))
    return ShownTimer(
        **dict(work_of(books, timer.current)),
        id=timer.id,
        is_running=timer.is_running,
        started_at=f"{local:%Y-%m-%d %H:%M}",
        timezone=books.business.timezone,
        minutes=whole_minutes(sum(timer.durations(now))),
    )


def whole_minutes(seconds: int) -> int:
    """To the nearest minute, as FreshBooks logs a timer (freshbooks-api.md 3.7)."""
    return (seconds + 30) // 60


def timers_now(home: Home, business_id: int | None = None) -> list[ShownTimer]:
    """The timers of the user who connected this home, asked of FreshBooks now. Raises HubError."""
    clock = SystemClock()
    api = Api.of(home, clock, Timing())
    business = resolve_business(
        api, ConnectionStore(home.connection).load().config.get("business_ids"), business_id
    )
    books, now = Books(api, business), clock.now()
    return [shown_timer(books, timer, now) for timer in timers_of(books, now)]


def _seconds(segment: Json, now: datetime) -> int:
    if segment.get("duration") is not None:
        return int(segment["duration"])
    at = as_instant(segment["started_at"])
    assert at is not None
    return max(int((now - at).total_seconds()), 0)


def _order(segment: Json) -> tuple[str, int]:
    return str(segment["started_at"]), int(segment["id"])
