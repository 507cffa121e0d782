"""After a write: which marts are behind, and a sync of just the touched streams, once no other sync runs.

Run as a program (`python -m freshbooks_hub.agent.actions.after_write HOME`) it is the detached process that waits
for a running sync to end and then syncs. What is behind follows from the ledger, so a killed one loses nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from freshbooks_hub.agent.actions.desk import WORKS
from freshbooks_hub.agent.actions.ledger import as_action
from freshbooks_hub.agent.actions.models import SENT, Action, Status
from freshbooks_hub.agent.actions.tables import ledger_transaction
from freshbooks_hub.history import History
from freshbooks_hub.home import Home

LONGEST_SYNC = 3600.0
TRIES = 3


def newer_actions(home: Home, marts_published_at: datetime | None) -> list[Action]:
    """Actions that marts published at that time cannot show, newest first; `unknown` ones may be among them.

    Marts show an action once a sync that began after it has read its streams, and they were published since.
    """
    read = _read_since(home)
    states = ", ".join(f"'{status.value}'" for status in SENT)
    with ledger_transaction(home) as db:
        query = f"SELECT * FROM actions WHERE status IN ({states}) ORDER BY dispatched_at DESC"  # noqa: S608
        actions = [as_action(row) for row in db.execute(query)]
    return [action for action in actions if not _shown(action, read, marts_published_at)]


def stale_streams(home: Home) -> list[str]:
    """Streams that were written to and not read since."""
    read = _read_since(home)
    with ledger_transaction(home) as db:
        rows = db.execute("SELECT * FROM actions WHERE status = ?", [Status.confirmed.value])
        actions = [as_action(row) for row in rows]
    stale = {
        stream
        for action in actions
        for stream in WORKS[action.kind].streams
        if stream not in read or action.finished_at is None or read[stream] <= action.finished_at
    }
    return sorted(stale)


def start_sync(home: Home) -> bool:
    """Sync what is stale in a process of its own; False when there is nothing to do or no marts to keep fresh."""
    if not home.marts.exists() or not stale_streams(home):
        return False
    command = [sys.executable, "-m", "freshbooks_hub.agent.actions.after_write", str(home.root)]
    subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return True


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
            with FileLock(home.root / "sync.lock", timeout=LONGEST_SYNC, mode=0o600).acquire(poll_interval=1):
                pass  # whoever was syncing is done
            command = [sys.executable, "-m", "freshbooks_hub.cli", "sync", "--json"]
            command += [word for stream in streams for word in ("--stream", stream)]
            environment = {**os.environ, "FRESHBOOKS_HOME": str(home.root)}
            subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
    finally:
        waiting.release()


def _read_since(home: Home) -> dict[str, datetime]:
    """For each stream, when the newest sync that read it whole began."""
    return {
        row["stream"]: datetime.fromisoformat(row["started_at"])
        for row in History(home.history).latest_streams()
        if row["completed"]
    }


def _shown(action: Action, read: dict[str, datetime], published_at: datetime | None) -> bool:
    if published_at is None or action.finished_at is None or action.status is not Status.confirmed:
        return False
    begun = [read.get(stream) for stream in WORKS[action.kind].streams]
    return all(at is not None and action.finished_at < at <= published_at for at in begun)


if __name__ == "__main__":
    sync_stale(Home(Path(sys.argv[1])))
