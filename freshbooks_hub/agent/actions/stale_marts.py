"""After a write: which marts are out of date, and a sync of only the touched streams once no other sync is running.

Run as a program (`python -m freshbooks_hub.agent.actions.stale_marts`) it is the detached process that waits
for a running sync to end and then syncs. What is behind follows from the ledger, so a killed one loses nothing.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from freshbooks_hub.agent.actions.action_store import as_action
from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.models import SENT, Action, Status
from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_holder
from freshbooks_hub.core.processes import spawn, start_sync

LONGEST_SYNC = 3600.0
TRIES = 3


def newer_actions(home: Home, marts_published_at: datetime | None) -> list[Action]:
    """Actions that marts published at that time cannot show, newest first; `unknown` ones may be among them.

    Marts show an action once a sync that began after it has read its streams, and they were published since.
    """
    began = _shown_since(home, marts_published_at) if marts_published_at else {}
    states = ", ".join(f"'{status.value}'" for status in SENT)
    with transaction(home.history) as db:
        query = f"SELECT * FROM actions WHERE status IN ({states}) ORDER BY dispatched_at DESC"  # noqa: S608
        actions = [as_action(row) for row in db.execute(query)]
    return [action for action in actions if not _shown(action, began)]


def stale_streams(home: Home) -> list[str]:
    """Streams that were written to and that no sync has read and shown since."""
    began = _shown_since(home, datetime.now(UTC))
    with transaction(home.history) as db:
        rows = db.execute("SELECT * FROM actions WHERE status = ?", [Status.confirmed.value])
        actions = [as_action(row) for row in rows]
    stale = {
        stream
        for action in actions
        for stream in KINDS[action.kind].streams
        if stream not in began or action.finished_at is None or began[stream] <= action.finished_at
    }
    return sorted(stale)


def start_stale_sync(home: Home) -> None:
    """Sync what is stale, if anything is, in a process of its own."""
    if stale_streams(home):
        spawn(home, "freshbooks_hub.agent.actions.stale_marts")


def sync_stale(home: Home) -> None:
    """Sync until nothing is stale; at once when another process does so already."""
    waiting = FileLock(home.root / "after_write.lock", timeout=0, mode=0o600)
    try:
        waiting.acquire()
    except Timeout:
        return
    try:
        for _ in range(TRIES):
            streams = stale_streams(home)
            if not streams:
                return
            _wait_for_others(home)
            start_sync(home, *(word for stream in streams for word in ("--stream", stream))).wait()
    finally:
        waiting.release()


def _wait_for_others(home: Home) -> None:
    """Wait until no sync runs, without taking the lock, so that no new sync finds it taken."""
    until = time.monotonic() + LONGEST_SYNC
    while sync_holder(home.root) and time.monotonic() < until:
        time.sleep(1)


def _shown_since(home: Home, marts_published_at: datetime) -> dict[str, datetime]:
    """For each stream, the start of the newest sync whose rows the open marts hold.

    A reader tells these by the time of their file, which is a moment older than their entry in the history: theirs
    is the first entry that is not older, or the newest one. A sync that found nothing new publishes nothing: its
    reading is in the marts that were there.
    """
    newest = """
        SELECT s.stream, max(r.started_at) AS began
        FROM sync_run_streams s JOIN sync_runs r ON r.id = s.run_id
        WHERE s.completed AND r.status = 'succeeded'
            AND coalesce((SELECT max(g.id) FROM generations g WHERE g.run_id <= r.id), 0) <= coalesce(
                (SELECT min(g.id) FROM generations g WHERE g.published_at >= ?),
                (SELECT max(g.id) FROM generations g),
                0
            )
        GROUP BY s.stream
    """
    with transaction(home.history) as db:
        rows = db.execute(newest, [stamp(marts_published_at)]).fetchall()
    return {row["stream"]: datetime.fromisoformat(row["began"]) for row in rows}


def _shown(action: Action, began: dict[str, datetime]) -> bool:
    at = action.finished_at
    if at is None or action.status is not Status.confirmed:
        return False
    return all(stream in began and at < began[stream] for stream in KINDS[action.kind].streams)


if __name__ == "__main__":
    sync_stale(Home.from_environment())
