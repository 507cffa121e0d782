"""Who holds the locks of the home."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import is_held, sync_holder
from freshbooks_hub.doctor.finding import Check, Finding

# A first sync of very large books takes a while; nothing else does.
LONG = timedelta(hours=2)
# A refresh holds the connection for as long as one request.
PATIENCE = 5.0


def check(home: Home) -> Iterator[Finding]:
    """Both locks."""
    yield _sync(home)
    if is_held(home.root / f"{home.connection.name}.lock", PATIENCE):
        yield Finding(
            Check.connection_lock,
            False,
            "another process has held the connection for some seconds",
            f"Wait a minute. If it stays so, find the process and end it: fuser -v {home.connection}.lock",
        )
    else:
        yield Finding(Check.connection_lock, True, "free")


def _sync(home: Home) -> Finding:
    holder = sync_holder(home.root)
    if holder is None:
        return Finding(Check.sync_lock, True, "free")
    return Finding(
        Check.sync_lock,
        datetime.now(UTC) - holder.since < LONG,
        f"process {holder.pid} has been syncing since {holder.since:%Y-%m-%d %H:%M} UTC",
        f"Wait for it. If it hangs, end it: kill {holder.pid}; the next sync goes on from what was read.",
    )
