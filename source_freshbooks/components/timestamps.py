"""FreshBooks timestamps to UTC.

Accounting stamps are US/Eastern wall time without an offset, whatever the account's own zone
(freshbooks-api.md 3.4). The hour that repeats each November is read as its first pass, so that a cursor is
never later than the event; the overlap of the next sync covers the difference.
"""

from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import requests

# Where streams start: the cursor of a business that gave no row yet, whatever the user's start date.
BEGINNING = "1970-01-01T00:00:00Z"
# A stamp later than the server's clock would hide every later change behind it.
CLOCK_TOLERANCE = timedelta(hours=1)
EASTERN = ZoneInfo("America/New_York")
ZONES = {"eastern": EASTERN, "utc": UTC}


def to_utc(text: object, zone: str) -> str | None:
    """`2020-11-16 21:27:03` in `zone` ("eastern" or "utc") as `2020-11-17T02:27:03Z`; None if malformed.

    A text that carries its own offset keeps it. Fractions of a second are cut.
    """
    if not isinstance(text, str) or len(text) < 19:
        return None
    try:
        stamp = datetime.fromisoformat(text)
        if stamp.tzinfo is not None:
            return format_utc(stamp)
        if (offset := ZONES[zone].utcoffset(stamp)) is None:
            return None
        return (stamp - offset).isoformat(timespec="seconds") + "Z"
    except (ValueError, OverflowError):
        return None


def format_utc(stamp: datetime) -> str:
    """An aware datetime as the cursors are written: `2020-11-17T02:27:03Z`."""
    return stamp.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def parse_utc(text: str) -> datetime:
    """The inverse of `format_utc`."""
    return datetime.fromisoformat(text)


def eastern_day(stamp: datetime) -> date:
    """The calendar day in US/Eastern: the granularity of `search[updated_min]` (freshbooks-api.md 3.3)."""
    return stamp.astimezone(EASTERN).date()


def server_time(response: requests.Response) -> datetime:
    """The time of an answer by the server's clock, UTC; by ours if it does not tell."""
    try:
        return parsedate_to_datetime(response.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return datetime.now(UTC)


def observed_at(response: requests.Response) -> str:
    """When `response` was seen, by the server's clock, which is free of our clock's faults; a second early."""
    return format_utc(server_time(response) - timedelta(seconds=1))
