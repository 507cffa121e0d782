"""Clocks that tests can replace, timestamps, time zones, month ends and retry delays."""

from __future__ import annotations

import calendar
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """An instant as hub.sqlite stores it: UTC, to the second, sortable as text."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


class SystemClock:
    """The clock of code that sends requests and waits; tests pass their own, so that no test really waits."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def exact_stamp(at: datetime) -> str:
    """An instant as actions store it: UTC, to the microsecond, sortable as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def named_zone(name: str | None) -> ZoneInfo | None:
    """The time zone that FreshBooks calls `name`; None where this machine knows none of that name.

    A name that is a folder of the zone database (`America`) ends in an OSError, others in a ValueError.
    """
    try:
        return ZoneInfo(name or "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def month_end(day: date) -> date:
    """The last day of the month that this day is in."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def backoff(failures: int, first: timedelta, longest: timedelta) -> timedelta:
    """How long to wait after so many failures in a row: `first`, then twice as long each time, at most `longest`."""
    doubled: timedelta = first * 2 ** min(failures - 1, 20)
    return min(doubled, longest)
