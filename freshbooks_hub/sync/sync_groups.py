"""What is kept up to date, and how often: each group is a few streams that make sense only together.

`with_streams` are streams that the group's rows name. They are read in the same run, so that no published row names
a client or a project that is not there yet; incrementally that is one request each.

A full refresh reads its streams from the beginning, with the ids of all stored rows: it finds what increments missed,
and rows deleted for good (freshbooks-api.md 3.5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from freshbooks_api.streams import group_streams
from freshbooks_hub.core.errors import HubError

MINUTES_20 = timedelta(minutes=20)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=31)
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(days=7)}


@dataclass(frozen=True)
class SyncGroup:
    """A group as it is by default."""

    name: str
    streams: tuple[str, ...]
    frequency: timedelta
    with_streams: tuple[str, ...] = ()
    is_full_reread: bool = False


def _group(
    name: str, frequency: timedelta, with_streams: tuple[str, ...] = (), is_full_reread: bool = False
) -> SyncGroup:
    return SyncGroup(name, group_streams(name), frequency, with_streams, is_full_reread)


# Which streams a group has, the table of streams says (freshbooks_api/streams.py).
SYNC_GROUPS = (
    _group("invoices", MINUTES_20, with_streams=("clients",)),
    _group("clients", HOUR),
    _group("expenses", HOUR, with_streams=("expense_categories",)),
    _group("time_entries", 2 * HOUR, with_streams=("projects", "services", "team_members")),
    _group("projects", 2 * HOUR, with_streams=("clients",)),
    _group("estimates", 6 * HOUR, with_streams=("clients",)),
    _group("services", 6 * HOUR),
    _group("categories", 6 * HOUR),
    _group("bills", 6 * HOUR, with_streams=("expense_categories",)),
    _group("other_income", 6 * HOUR),
    _group("recurring", DAY, with_streams=("clients",)),
    _group("items", DAY),
    _group("team", DAY),
    _group("businesses", DAY),
    _group("ledger", DAY),
    _group("reports", DAY),
    _group("invoices_whole", WEEK, with_streams=("clients",), is_full_reread=True),
    _group("lists_whole", WEEK, is_full_reread=True),
)
BY_NAME = {group.name: group for group in SYNC_GROUPS}
# They take longest, and most figures do without: a first sync reads them after the others.
SLOW = frozenset(stream for name in ("ledger", "reports") for stream in BY_NAME[name].streams)


def parse_frequency(text: str) -> timedelta:
    """`30m`, `2h`, `1d`, `1w`; raises HubError."""
    match = re.fullmatch(r"(\d{1,5})\s*([mhdw])", text.strip().lower())
    frequency = int(match[1]) * UNITS[match[2]] if match else timedelta()
    if not SHORTEST <= frequency <= LONGEST:
        raise HubError(
            f"{text!r} is not a frequency. Write it as 30m, 2h, 1d or 1w; it must be between "
            f"{format_frequency(SHORTEST)} and {format_frequency(LONGEST)}."
        )
    return frequency


def format_frequency(frequency: timedelta) -> str:
    """As `parse_frequency` reads it."""
    unit = next(u for u in ("w", "d", "h", "m") if not frequency % UNITS[u] or u == "m")
    return f"{frequency // UNITS[unit]}{unit}"
