"""When a sync of each home is due next, kept until one of the home's files changes: the server asks at every tick.

To find out, connection.json and hub.sqlite are read, which takes a few milliseconds; whether they changed takes a few
microseconds. With hundreds of connections that decides what an idle server costs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from freshbooks_hub.core.files import Identity, identity
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.scheduled_run import idle

# A file that was written this shortly before it was read may be written again without looking newer, in seconds.
SETTLED = 2.0
LONGEST = 600.0  # seconds until the files are read anyway, should the machine's clock have been set


@dataclass(frozen=True)
class _Entry:
    files: tuple[Identity | None, ...]
    next_due: datetime | None
    at: float  # monotonic

    def holds(self, files: tuple[Identity | None, ...]) -> bool:
        """Whether it would be found again."""
        return self.files == files and time.monotonic() - self.at < LONGEST


class DueCache:
    """What was found for each home."""

    def __init__(self) -> None:
        self._known: dict[Path, _Entry] = {}

    def due_since(self, home: Home, now: datetime) -> datetime | None:
        """Since when a sync of `home` is due at `now`; None where nothing is. Raises HubError."""
        files = _files(home)
        known = self._known.get(home.root)
        if known is None or not known.holds(files):
            known = self._known[home.root] = _Entry(files, _next_due(home, now), time.monotonic())
            newest = max((file.changed_ns for file in files if file), default=0)
            if time.time() - newest / 1e9 < SETTLED:
                del self._known[home.root]
        return known.next_due if known.next_due and known.next_due <= now else None

    def keep(self, homes: Iterable[Home]) -> None:
        """Forget all but these."""
        roots = {home.root for home in homes}
        self._known = {root: entry for root, entry in self._known.items() if root in roots}


def _next_due(home: Home, now: datetime) -> datetime | None:
    if reason := idle(home, now):
        return reason.next_due
    return min((group.next_due for group in Schedule(home).groups(now) if group.next_due), default=now)


def _files(home: Home) -> tuple[Identity | None, ...]:
    """Of everything that decides what is due; a write to hub.sqlite may be in its log yet."""
    wal = home.history.with_name(f"{home.history.name}-wal")
    there = Identity(0, 0, 0) if home.raw.exists() else None
    return (identity(home.connection), identity(home.history), identity(wal), there)
