"""Whether something is due, asked of many connections at every turn: a look is saved while a home's files stay.

A look reads connection.json and hub.sqlite, which takes a few milliseconds; whether they have changed, a few
microseconds tell. With hundreds of connections that decides what a server at rest costs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.scheduled_run import idle

# A file that was written this shortly before a look may be written again without looking newer, in seconds.
SETTLED = 2.0
LONGEST = 600.0  # seconds until a look is repeated anyway, should the machine's clock have been set

Stamp = tuple[int, int, int] | None  # of a file: change in ns, size, inode


@dataclass(frozen=True)
class _Look:
    files: tuple[Stamp, ...]
    next_due: datetime | None
    at: float  # monotonic

    def holds(self, files: tuple[Stamp, ...], now: datetime) -> bool:
        """Whether nothing is due still."""
        same = self.files == files and time.monotonic() - self.at < LONGEST
        return same and (self.next_due is None or now < self.next_due)


class Looks:
    """What was found at the last look at each home."""

    def __init__(self) -> None:
        self._known: dict[Path, _Look] = {}

    def is_due(self, home: Home, now: datetime) -> bool:
        """Whether a sync of `home` is due at `now`. Raises HubError."""
        files = _files(home)
        known = self._known.get(home.root)
        if known and known.holds(files, now):
            return False
        self._known.pop(home.root, None)
        reason = idle(home, now)
        if reason is None:
            return True
        newest = max((stamp[0] for stamp in files if stamp), default=0)
        if time.time() - newest / 1e9 > SETTLED:
            self._known[home.root] = _Look(files, reason.next_due, time.monotonic())
        return False

    def keep(self, homes: Iterable[Home]) -> None:
        """Forget all but these."""
        roots = {home.root for home in homes}
        self._known = {root: look for root, look in self._known.items() if root in roots}


def _files(home: Home) -> tuple[Stamp, ...]:
    """Of everything that decides what is due; a write to hub.sqlite may be in its log yet."""
    wal = home.history.with_name(f"{home.history.name}-wal")
    there = (0, 0, 0) if home.raw.exists() else None
    return (_stamp(home.connection), _stamp(home.history), _stamp(wal), there)


def _stamp(path: Path) -> Stamp:
    try:
        found = os.stat(path)  # noqa: PTH116 - hundreds at every turn
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
