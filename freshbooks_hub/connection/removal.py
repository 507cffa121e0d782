"""Removal of a connection and its data: its sync, its grant, and everything of it on this machine."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from freshbooks_hub.connection import login
from freshbooks_hub.connection.login import Disconnected
from freshbooks_hub.core.errors import NotConnected, SyncBusy, disk_errors
from freshbooks_hub.core.files import fsync_folder
from freshbooks_hub.core.home import DEFAULT, Home
from freshbooks_hub.core.locks import sync_holder, sync_lock
from freshbooks_hub.core.processes import STOP_SECONDS

REMOVED = ".removed-"  # no connection's name begins so
# Of the default connection, whose folder holds what all share, too. Lock files stay: somebody may wait for one.
OF_DEFAULT = (
    *("connection.json", "connection.new.json", "login.json", "agent.token", "audit.head"),
    *("raw.duckdb", "raw.duckdb.wal", "freshbooks.duckdb", "freshbooks.duckdb.wal", "marts.duckdb"),
    *("assumptions.json", "catalog.json", "reporting_currency.json", "sync.holder.json"),
    *("notifications.json", "events.sqlite-wal", "events.sqlite-shm", "events.sqlite", "shell.history"),
    *("receipts", "logs", "run", "dbt", "hub.sqlite-wal", "hub.sqlite-shm", "hub.sqlite"),
)


def remove(home: Home) -> Disconnected:
    """Disconnect `home` and delete its data for good; returns whether FreshBooks revoked the grant.

    A running sync is ended first, so that no token is renewed behind the revoked one, and none begins meanwhile. What a
    killed call left is deleted by the next. Raises NotConnected where there is nothing, SyncBusy, HomeError.
    """
    left = _sweep(home)
    if not (home.root.is_dir() and any((home.root / name).exists() for name in OF_DEFAULT)):
        if left:
            return Disconnected(True)
        raise NotConnected(f"There is no connection {home.name}, and no data of one.")
    with _without_sync(home.root):
        outcome = _disconnected(home)
        with disk_errors(home.root):
            _delete(home)
    return outcome


def _disconnected(home: Home) -> Disconnected:
    if not (home.connection.exists() or home.candidate.exists()):
        return Disconnected(True)
    try:
        return login.disconnect(home)
    except NotConnected as damaged:
        return Disconnected(False, str(damaged))


@contextmanager
def _without_sync(root: Path) -> Iterator[None]:
    """Hold the sync lock of `root`: a running sync is asked to stop, as by Ctrl-C, and then killed."""
    asked: set[int] = set()
    until = time.monotonic() + STOP_SECONDS
    with ExitStack() as stack:
        while True:
            late = time.monotonic() > until
            try:
                stack.enter_context(sync_lock(root))
                break
            except SyncBusy:
                if late and time.monotonic() > until + STOP_SECONDS:
                    raise
            holder = sync_holder(root)
            if holder and (late or holder.pid not in asked):
                asked.add(holder.pid)
                with suppress(ProcessLookupError):
                    os.kill(holder.pid, signal.SIGKILL if late else signal.SIGINT)
            time.sleep(0.1)
        yield


def _delete(home: Home) -> None:
    if home.name == DEFAULT:
        for name in OF_DEFAULT:
            _delete_path(home.root / name)
        return
    gone = home.root.with_name(f"{REMOVED}{home.name}-{secrets.token_hex(4)}")
    home.root.rename(gone)  # from here on the connection does not exist, even if this process dies
    fsync_folder(gone.parent)
    _delete_path(gone)


def _sweep(home: Home) -> bool:
    """Delete what an earlier removal of this connection could not; whether there was anything."""
    left = [] if home.name == DEFAULT else list(home.root.parent.glob(f"{REMOVED}{home.name}-*"))
    for path in left:
        with disk_errors(path):
            _delete_path(path)
    return bool(left)


def _delete_path(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
