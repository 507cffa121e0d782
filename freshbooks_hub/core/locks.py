"""One sync of a connection at a time."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from freshbooks_hub.core.clock import stamp, utc_now
from freshbooks_hub.core.errors import SyncBusy, disk_errors
from freshbooks_hub.core.files import open_private

if TYPE_CHECKING:
    from filelock import FileLock

LOCK, HOLDER = "sync.lock", "sync.holder.json"


@contextmanager
def sync_lock(root: Path) -> Iterator[None]:
    """Hold the sync lock of the home `root`; raises SyncBusy naming the holder. Dies with its process.

    The holder's own file is locked as well, so that whoever only asks (`sync_holder`) need not touch the lock.
    """
    lock = _file_lock(root / LOCK, 0)
    with disk_errors(root):
        try:
            lock.acquire()
        except TimeoutError as error:
            raise SyncBusy(
                f"Another sync is running ({_describe(root)}). Wait for it to end, or end that process."
            ) from error
    try:
        with disk_errors(root):
            holder = open_private(root / HOLDER)
        with holder:
            with disk_errors(root):
                fcntl.flock(holder, fcntl.LOCK_EX)  # those who ask have it for an instant
                holder.truncate(0)
                json.dump({"pid": os.getpid(), "since": stamp(utc_now())}, holder)
                holder.flush()
            yield
    finally:
        (root / HOLDER).unlink(missing_ok=True)
        lock.release()


@dataclass(frozen=True)
class Holder:
    """The process that syncs now."""

    pid: int
    since: datetime


def sync_holder(root: Path) -> Holder | None:
    """Who holds the sync lock of the home `root`, or None. What a killed process left behind does not count."""
    try:
        with (root / HOLDER).open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                content = json.load(file)
                return Holder(int(content["pid"]), datetime.fromisoformat(content["since"]).astimezone(UTC))
    except (OSError, ValueError, KeyError):
        pass  # nobody, or a process that is just starting or ending
    return None


def is_held(path: Path, patience: float) -> bool:
    """Whether somebody else holds the lock file `path`, after waiting for `patience` seconds.

    Only for a lock that others wait for: trying takes it, for an instant.
    """
    lock = _file_lock(path, patience)
    try:
        with lock:
            return False
    except TimeoutError:
        return True
    except OSError:
        return False  # the home cannot be written, and says so itself


def _describe(root: Path) -> str:
    holder = sync_holder(root)
    return f"process {holder.pid}, since {stamp(holder.since)}" if holder else "it has just started"


def _file_lock(path: Path, patience: float) -> FileLock:
    # Imported here so that commands that only ask who holds a lock start faster.
    from filelock import FileLock

    return FileLock(path, timeout=patience, mode=0o600)
