"""When a group is read next: from its frequency, its last read, wake-ups and failures. Pure; every instant is UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# A wake-up does not bring a group sooner than this after its last read: events come many at a time.
WAKE_PAUSE = timedelta(minutes=1)
# Of a frequency; the same for all groups of a connection, so that hourly reads meet every third 20 minutes.
JITTER = 0.1
RETRY_FIRST = timedelta(minutes=1)
# A read from the beginning takes many requests, and is never urgent.
RETRY_FIRST_FULL_REREAD = timedelta(hours=1)
# Shorter than every default frequency: when FreshBooks is back, nothing waits longer than usual.
RETRY_CAP = timedelta(minutes=10)


@dataclass(frozen=True)
class Trouble:
    """Failures in a row, and the earliest next try."""

    failures: int
    retry_at: datetime
    error: str


@dataclass(frozen=True)
class State:
    """What is stored of one group."""

    last_success: datetime | None = None
    woken_at: datetime | None = None
    trouble: Trouble | None = None


def next_due(
    frequency: timedelta, state: State, connection: Trouble | None, jitter: float, now: datetime
) -> datetime:
    """When a group should be read next; at or before `now` means at once.

    A stored instant that lies in the future was written under a wrong clock: it does not count.
    """
    last = state.last_success
    if last is None or last > now:
        due = now
    else:
        due = last + frequency * (1 - jitter)
        if state.woken_at and last < state.woken_at <= now:
            due = min(due, max(state.woken_at, last + WAKE_PAUSE))
    for trouble, cap in ((state.trouble, max(frequency, RETRY_CAP)), (connection, RETRY_CAP)):
        if trouble and trouble.retry_at <= now + cap:
            due = max(due, trouble.retry_at)
    return due


def retry_after(failures: int, cap: timedelta, first: timedelta = RETRY_FIRST) -> timedelta:
    """The wait after so many failures in a row: 1, 2, 4, 8 … times `first`, at most `cap`."""
    return min(first * (1 << min(failures - 1, 20)), cap)
