"""`freshbooks sync --due`: read what is due now, in one run. Whoever asks, and how often, does not matter.

What is due follows from hub.sqlite alone, so a restart, a pause or a second caller changes nothing: a group
that missed ten turns is read once. Imports stay light: most calls find nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import Clock, utc_now
from freshbooks_hub.core.errors import HubError, NotConnected, SyncBusy
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock
from freshbooks_hub.sync import alarms
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.schedule import Schedule, ScheduledGroup

BUSINESSES = "businesses"

if TYPE_CHECKING:
    from freshbooks_hub.sync.extract import Source
    from freshbooks_hub.sync.progress import Reporter
    from freshbooks_hub.sync.run import SyncResult


@dataclass(frozen=True)
class Selection:
    """The streams of one run; `full_reread` are read from the beginning."""

    groups: tuple[str, ...]
    streams: tuple[str, ...]
    full_reread: frozenset[str]


@dataclass(frozen=True)
class DueResult:
    """What a call did. `outcome`: synced, nothing due, paused, busy, not connected or refused.

    `next_due`: when there is something to do again; None when only a person can tell.
    """

    outcome: str
    message: str
    groups: tuple[str, ...] = ()
    next_due: datetime | None = None
    result: SyncResult | None = None


def select(groups: list[ScheduledGroup], now: datetime) -> Selection:
    """What to read at `now`: the groups that are due, and the streams that their rows name.

    Every row names its business, and who is connected to which is asked in every run anyway.
    """
    due = [group for group in groups if group.is_due(now)]
    streams: dict[str, None] = {}
    if due and any(BUSINESSES in group.streams for group in groups):
        streams[BUSINESSES] = None
    for group in due:
        streams |= dict.fromkeys((*group.with_streams, *group.streams))
    full_reread = frozenset(stream for group in due if group.is_full_reread for stream in group.streams)
    return Selection(tuple(group.name for group in due), tuple(streams), full_reread)


def idle(home: Home, now: datetime) -> DueResult | None:
    """Why nothing is to be done at `now`; None when a sync is due. Reads two small files."""
    store = ConnectionStore(home.connection)
    try:
        connection = store.load()
    except NotConnected as error:
        return DueResult("not connected", str(error))
    if connection.dead_since:
        message = (
            f"FreshBooks has refused this connection since {connection.dead_since:%Y-%m-%d %H:%M} UTC. "
            "Connect again with `freshbooks connect`."
        )
        Alarms(home).raise_(alarms.CONNECTION, message, now)
        return DueResult("refused", message)
    groups = Schedule(home).groups(now)
    if groups[0].paused:
        return DueResult("paused", "The schedule is paused. Resume it with `freshbooks resume`.")
    if select(groups, now).groups:
        return None
    soonest = min(group.next_due for group in groups if group.next_due)
    return DueResult("nothing due", f"Nothing is due before {soonest:%Y-%m-%d %H:%M} UTC.", (), soonest)


def sync_due(
    home: Home, reporter: Reporter, source: Source | None = None, clock: Clock = utc_now
) -> DueResult:
    """Read what is due and publish the marts; a second caller at the same time gets `busy`.

    Raises HubError when the run failed; the failure, the time of the next try and, where a person is needed,
    one alarm are stored before.
    """
    if reason := idle(home, clock()):  # first: a home that was removed must not come back
        return reason
    home.ensure()
    try:
        with sync_lock(home.root):
            # Whoever held the lock until now may have done it.
            if reason := idle(home, clock()):
                return reason
            return _run(home, reporter, source, clock)
    except SyncBusy as error:
        return DueResult("busy", str(error))


def _run(home: Home, reporter: Reporter, source: Source | None, clock: Clock) -> DueResult:
    from freshbooks_hub.sync.outcomes import note_failure
    from freshbooks_hub.sync.run import SyncOptions, sync_locked

    schedule = Schedule(home)
    now = clock()
    groups = schedule.groups(now)
    chosen = select(groups, now)
    schedule.begin(now)
    options = SyncOptions(list(chosen.streams), full_reread=chosen.full_reread)
    try:
        result = sync_locked(home, options, reporter, source, clock)
    except HubError as error:
        note_failure(home, [e for e in groups if e.name in chosen.groups], error, now, clock())
        raise
    following = min((e.next_due for e in schedule.groups(clock()) if e.next_due), default=None)
    return DueResult("synced", f"Read {', '.join(chosen.groups)}.", chosen.groups, following, result)
