"""How often each group is read, when it was read last and when it is next (next_due.py): state in hub.sqlite.

Nothing here runs anything or looks at a clock; `now` is handed in. Every instant is UTC.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_holder
from freshbooks_hub.sync.history import reads as reads_of
from freshbooks_hub.sync.next_due import (
    JITTER,
    RETRY_CAP,
    RETRY_FIRST,
    RETRY_FIRST_FULL_REREAD,
    WAKE_PAUSE,
    State,
    Trouble,
    next_due,
    retry_after,
)
from freshbooks_hub.sync.sync_groups import BY_NAME, SYNC_GROUPS, SyncGroup

CONNECTION = ""
STOPPED = "The last sync was stopped before it finished."


@dataclass(frozen=True)
class ScheduledGroup:
    """One group at an instant.

    `last_success`: start of the last run that read all of its streams to the end. `next_due`: never before
    that instant, and at or before `now` when it is due; None while the schedule is paused and while FreshBooks
    refuses the connection. `age`: how long ago `last_success` was.
    """

    name: str
    streams: tuple[str, ...]
    with_streams: tuple[str, ...]
    is_full_reread: bool
    frequency: timedelta
    default_frequency: timedelta
    last_success: datetime | None
    next_due: datetime | None
    last_error: str | None
    failures: int
    age: timedelta | None
    paused: bool
    refused: bool = False

    def is_due(self, now: datetime) -> bool:
        """Whether it should be read now."""
        return self.next_due is not None and self.next_due <= now


class Schedule:
    """The schedule of one connection. Raises HubError."""

    def __init__(self, home: Home) -> None:
        self._home = home
        digest = hashlib.sha256(str(home.root).encode()).digest()
        self._jitter = int.from_bytes(digest[:4]) / 2**32 * JITTER

    def groups(self, now: datetime) -> list[ScheduledGroup]:
        """All groups at `now`, in the order of the table.

        Reads of other businesses than those chosen now, and reads whose raw tables are gone, do not count.
        """
        stored = ConnectionStore(self._home.connection).find()
        refused = stored is not None and stored.dead_since is not None
        if not self._home.history.exists():
            return [
                self._scheduled(group, group.frequency, State(), None, refused, False, now)
                for group in SYNC_GROUPS
            ]
        with self._connection() as db:
            kept = self._home.raw.exists()
            reads = reads_of(db, stored.business_ids if stored else None) if kept else {}
            frequencies = dict(db.execute("SELECT entity, seconds FROM schedule_frequencies").fetchall())
            wakes = dict(db.execute("SELECT entity, woken_at FROM schedule_wakes").fetchall())
            paused = db.execute("SELECT 1 FROM schedule_pause").fetchone() is not None
            troubles = _troubles(db)
        return [
            self._scheduled(
                group,
                timedelta(seconds=frequencies.get(group.name, group.frequency.total_seconds())),
                State(_last_success(group, reads), _instant(wakes.get(group.name)), troubles.get(group.name)),
                troubles.get(CONNECTION),
                refused,
                paused,
                now,
            )
            for group in SYNC_GROUPS
        ]

    def set(self, group: str, frequency: timedelta) -> None:
        """Read `group` this often from now on."""
        self._known(group)
        with self._connection() as db:
            db.execute(
                "INSERT OR REPLACE INTO schedule_frequencies VALUES (?, ?)",
                [group, int(frequency.total_seconds())],
            )

    def reset(self, group: str) -> timedelta:
        """Read `group` as often as by default; how often that is."""
        self._known(group)
        with self._connection() as db:
            db.execute("DELETE FROM schedule_frequencies WHERE entity = ?", [group])
        return BY_NAME[group].frequency

    def pause(self, now: datetime) -> None:
        """Nothing is due until `resume`; `freshbooks sync` by hand still works."""
        with self._connection() as db:
            db.execute("INSERT OR IGNORE INTO schedule_pause VALUES (1, ?)", [stamp(now)])

    def resume(self) -> None:
        """Go on; whatever became due meanwhile is read once, in one run."""
        with self._connection() as db:
            db.execute("DELETE FROM schedule_pause")

    def paused_since(self) -> datetime | None:
        """When the schedule was paused; None while it runs."""
        if not self._home.history.exists():
            return None
        with self._connection() as db:
            row = db.execute("SELECT paused_at FROM schedule_pause").fetchone()
        return _instant(row["paused_at"]) if row else None

    def wake(self, groups: list[str], now: datetime) -> None:
        """Something changed at FreshBooks: read these groups soon."""
        with self._connection() as db:
            db.executemany(
                "INSERT OR REPLACE INTO schedule_wakes VALUES (?, ?)",
                [(self._known(name), stamp(now)) for name in groups],
            )

    def woken(self, now: datetime) -> dict[str, datetime]:
        """Groups that FreshBooks said had changed since they were read last, and when it said so; also while paused.

        One that was read within `WAKE_PAUSE` waits.
        """
        if not self._home.history.exists():
            return {}
        with self._connection() as db:
            wakes = dict(db.execute("SELECT entity, woken_at FROM schedule_wakes").fetchall())
        found: dict[str, datetime] = {}
        for group in self.groups(now):
            at, last = _instant(wakes.get(group.name)), group.last_success
            if at and at <= now and (last is None or (last < at and last + WAKE_PAUSE <= now)):
                found[group.name] = at
        return found

    def trouble(self) -> Trouble | None:
        """What keeps the connection as a whole from being read; None when the last try worked, or is running."""
        if not self._home.history.exists():
            return None
        with self._connection() as db:
            trouble = _troubles(db).get(CONNECTION)
        # Noted when the try begins; true once its process is gone without having said anything else.
        running = trouble is not None and trouble.error == STOPPED and sync_holder(self._home.root)
        return None if running else trouble

    def begin(self, now: datetime) -> None:
        """Note a try of the connection before it is made, so that one that is killed is not repeated at every tick."""
        self.failed(CONNECTION, STOPPED, now)

    def failed(self, name: str, error: str, now: datetime) -> None:
        """Note a failed try of a group, or of the connection (name CONNECTION)."""
        is_full_reread = name != CONNECTION and BY_NAME[name].is_full_reread
        first = RETRY_FIRST_FULL_REREAD if is_full_reread else RETRY_FIRST
        cap = RETRY_CAP if name == CONNECTION else max(self._frequency(name), RETRY_CAP)
        with self._connection() as db:
            before = _troubles(db).get(name)
            failures = before.failures + 1 if before else 1
            db.execute(
                "INSERT OR REPLACE INTO schedule_failures VALUES (?, ?, ?, ?)",
                [name, failures, stamp(now + retry_after(failures, cap, first)), error],
            )

    def explain(self, error: str, now: datetime) -> None:
        """Say why the last try of the connection failed, and count the wait from now."""
        with self._connection() as db:
            trouble = _troubles(db)[CONNECTION]
            retry_at = stamp(now + retry_after(trouble.failures, RETRY_CAP))
            db.execute(
                "UPDATE schedule_failures SET error = ?, retry_at = ? WHERE entity = ?",
                [error, retry_at, CONNECTION],
            )

    def worked(self, *names: str) -> None:
        """Forget the failures of groups, or of the connection."""
        with self._connection() as db:
            db.executemany("DELETE FROM schedule_failures WHERE entity = ?", [(name,) for name in names])

    def _scheduled(
        self,
        group: SyncGroup,
        frequency: timedelta,
        state: State,
        connection: Trouble | None,
        refused: bool,
        paused: bool,
        now: datetime,
    ) -> ScheduledGroup:
        waits = paused or refused
        return ScheduledGroup(
            name=group.name,
            streams=group.streams,
            with_streams=group.with_streams,
            is_full_reread=group.is_full_reread,
            frequency=frequency,
            default_frequency=group.frequency,
            last_success=state.last_success,
            next_due=None if waits else next_due(frequency, state, connection, self._jitter, now),
            last_error=state.trouble.error if state.trouble else None,
            failures=state.trouble.failures if state.trouble else 0,
            age=now - state.last_success if state.last_success else None,
            paused=paused,
            refused=refused,
        )

    def _frequency(self, group: str) -> timedelta:
        self._known(group)
        with self._connection() as db:
            row = db.execute("SELECT seconds FROM schedule_frequencies WHERE entity = ?", [group]).fetchone()
        return timedelta(seconds=row["seconds"]) if row else BY_NAME[group].frequency

    def _known(self, group: str) -> str:
        if group not in BY_NAME:
            raise HubError(f"The schedule has no data called {group!r}. It has: {', '.join(BY_NAME)}.")
        return group

    def _connection(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._home.history)


def _last_success(group: SyncGroup, reads: dict[str, sqlite3.Row]) -> datetime | None:
    """The oldest of the last reads of its streams; None when one was never read."""
    column = "whole_read_at" if group.is_full_reread else "read_at"
    instants = [_instant(reads[s][column]) if s in reads else None for s in group.streams]
    known = [instant for instant in instants if instant is not None]
    return min(known) if len(known) == len(instants) else None


def _troubles(db: sqlite3.Connection) -> dict[str, Trouble]:
    rows = db.execute("SELECT * FROM schedule_failures").fetchall()
    return {
        row["entity"]: Trouble(
            row["failures"], datetime.fromisoformat(row["retry_at"]).astimezone(UTC), row["error"]
        )
        for row in rows
    }


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
