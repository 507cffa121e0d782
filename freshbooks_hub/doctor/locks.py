"""Who holds the locks of the home."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from filelock import FileLock, Timeout

from freshbooks_hub.doctor.finding import Check, Finding
from freshbooks_hub.home import Home

# A first sync of very large books takes a while; nothing else does.
LONG = timedelta(hours=2)
# A refresh holds the connection for as long as one request.
PATIENCE = 5.0


@dataclass(frozen=True)
class Holder:
    """The process that syncs now."""

    pid: int
    since: datetime


def sync_holder(home: Home) -> Holder | None:
    """Who holds the sync lock, or None. A file that a killed process left behind does not count."""
    try:
        content = json.loads((home.root / "sync.holder.json").read_text("utf-8"))
        holder = Holder(int(content["pid"]), datetime.fromisoformat(content["since"]).astimezone(UTC))
        # Only tried when somebody seems to hold it: trying takes it, for an instant.
        return holder if _is_held(home.root / "sync.lock", 0) else None
    except (OSError, ValueError, KeyError):
        return None


def check(home: Home) -> Iterator[Finding]:
    """Both locks."""
    yield _sync(home)
    if _is_held(home.root / f"{home.connection.name}.lock", PATIENCE):
        yield Finding(
            Check.connection_lock,
            False,
            "another process has held the connection for some seconds",
            f"Wait a minute. If it stays so, find the process and end it: fuser -v {home.connection}.lock",
        )
    else:
        yield Finding(Check.connection_lock, True, "free")


def _sync(home: Home) -> Finding:
    holder = sync_holder(home)
    if holder is None:
        return Finding(Check.sync_lock, True, "free")
    return Finding(
        Check.sync_lock,
        datetime.now(UTC) - holder.since < LONG,
        f"process {holder.pid} has been syncing since {holder.since:%Y-%m-%d %H:%M} UTC",
        f"Wait for it. If it hangs, end it: kill {holder.pid}; the next sync goes on from what was read.",
    )


def _is_held(path: object, patience: float) -> bool:
    lock = FileLock(str(path), timeout=patience, mode=0o600)
    try:
        with lock:
            return False
    except Timeout:
        return True
    except OSError:
        return False  # the home cannot be written, and says so itself
