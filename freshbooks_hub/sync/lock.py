"""One sync of a connection at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from freshbooks_hub.clock import stamp, utc_now
from freshbooks_hub.errors import SyncBusy, disk_errors

LOCK, HOLDER = "sync.lock", "sync.holder.json"


@contextmanager
def sync_lock(root: Path) -> Iterator[None]:
    """Hold the sync lock of the home `root`; raises SyncBusy naming the holder. Dies with its process."""
    holder = root / HOLDER
    lock = FileLock(root / LOCK, timeout=0, mode=0o600)
    with disk_errors(root):
        try:
            lock.acquire()
        except Timeout as error:
            raise SyncBusy(
                f"Another sync is running ({_describe(holder)}). Wait for it to end, or end that process."
            ) from error
    try:
        with disk_errors(root):
            since = stamp(utc_now())
            holder.write_text(json.dumps({"pid": os.getpid(), "since": since}), "utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@dataclass(frozen=True)
class Holder:
    """The process that syncs now."""

    pid: int
    since: datetime


def sync_holder(root: Path) -> Holder | None:
    """Who holds the sync lock of the home `root`, or None. What a killed process left behind does not count."""
    try:
        content = json.loads((root / HOLDER).read_text("utf-8"))
        holder = Holder(int(content["pid"]), datetime.fromisoformat(content["since"]).astimezone(UTC))
        # Only tried when somebody seems to hold it: trying takes it, for an instant.
        return holder if is_held(root / LOCK, 0) else None
    except (OSError, ValueError, KeyError):
        return None


def is_held(path: Path, patience: float) -> bool:
    """Whether somebody else holds the lock file `path`, after waiting for `patience` seconds."""
    lock = FileLock(path, timeout=patience, mode=0o600)
    try:
        with lock:
            return False
    except Timeout:
        return True
    except OSError:
        return False  # the home cannot be written, and says so itself


def _describe(holder: Path) -> str:
    try:
        content = json.loads(holder.read_text("utf-8"))
        return f"process {content['pid']}, since {content['since']}"
    except (OSError, ValueError, KeyError):
        return "it has just started"
