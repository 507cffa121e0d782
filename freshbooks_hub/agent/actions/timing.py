"""The clock and the waits of actions; tests bring their own, so that no test waits for real."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time."""

    def now(self) -> datetime:
        """The current instant, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Timing:
    """How long things last. Seconds are for one request, durations for an action."""

    expiry: timedelta = timedelta(hours=24)
    absent_after: timedelta = timedelta(minutes=15)  # of reads that find nothing, after an answer was lost
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    longest_wait: float = 60.0  # that a 429 may ask for
    attempts: int = 3  # of a read; of a write that was answered 429
    lock_timeout: float = 30.0  # for another dispatch to end


def stamp(at: datetime) -> str:
    """An instant as the ledger stores it: UTC, sortable as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
