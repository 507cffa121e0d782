"""One sync of a connection at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from freshbooks_hub.clock import stamp, utc_now
from freshbooks_hub.errors import SyncBusy, disk_errors


@contextmanager
def sync_lock(root: Path) -> Iterator[None]:
    """Hold the sync lock of the home `root`; raises SyncBusy naming the holder. Dies with its process."""
    holder = root / "sync.holder.json"
    lock = FileLock(root / "sync.lock", timeout=0, mode=0o600)
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


def _describe(holder: Path) -> str:
    try:
        content = json.loads(holder.read_text("utf-8"))
        return f"process {content['pid']}, since {content['since']}"
    except (OSError, ValueError, KeyError):
        return "it has just started"
