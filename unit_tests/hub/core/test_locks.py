"""Asking who syncs disturbs nobody."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from freshbooks_hub.core.errors import SyncBusy
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import HOLDER, LOCK, sync_holder, sync_lock
from freshbooks_hub.status.summary import as_text, status
from freshbooks_hub.sync.schedule import STOPPED, Schedule
from freshbooks_hub.sync.scheduled_run import sync_due


def test_the_holder_is_told_while_it_holds(tmp_path: Path) -> None:
    assert sync_holder(tmp_path) is None
    with sync_lock(tmp_path):
        holder = sync_holder(tmp_path)
        assert holder is not None
        assert holder.pid == os.getpid()
        assert abs((datetime.now(UTC) - holder.since).total_seconds()) < 600
        with pytest.raises(SyncBusy, match=f"process {os.getpid()}"), sync_lock(tmp_path):
            pass
    assert sync_holder(tmp_path) is None


def test_the_file_of_a_killed_one_does_not_count(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from freshbooks_hub.core.locks import sync_lock\n"
        "with sync_lock(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert (tmp_path / HOLDER).exists()
    assert sync_holder(tmp_path) is None
    with sync_lock(tmp_path):
        assert sync_holder(tmp_path) is not None


def test_asking_does_not_touch_the_lock(tmp_path: Path) -> None:
    (tmp_path / HOLDER).write_text(json.dumps({"pid": 1, "since": "2026-01-01T00:00:00Z"}))
    sync_holder(tmp_path)
    assert not (tmp_path / LOCK).exists()


def test_a_sync_waits_for_whoever_is_asking(tmp_path: Path) -> None:
    """The asker has the holder's file for an instant; here it is slow."""
    file = tmp_path / HOLDER
    file.touch()
    held = threading.Event()

    def hold() -> None:
        with sync_lock(tmp_path):
            held.set()

    with file.open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        sync = threading.Thread(target=hold)
        sync.start()
        time.sleep(0.1)
        assert not held.is_set()
    sync.join()
    assert held.is_set()


def test_no_sync_fails_because_somebody_asks(tmp_path: Path) -> None:
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            sync_holder(tmp_path)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(80):
            with sync_lock(tmp_path):
                pass
    finally:
        done.set()
        for asker in askers:
            asker.join()


def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    (tmp_path / HOLDER).touch(0o644)
    with sync_lock(tmp_path):
        assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (LOCK, HOLDER)} == {0o600}


def test_a_scheduled_sync_that_runs_was_not_stopped(home: Home) -> None:
    now = datetime.now(UTC)
    with sync_lock(home.root):
        Schedule(home).begin(now)
        assert Schedule(home).trouble() is None
        assert "stopped" not in as_text(status(home))
        assert sync_due(home, None).outcome in {"busy", "nothing due"}  # type: ignore[arg-type]
    trouble = Schedule(home).trouble()
    assert trouble is not None
    assert trouble.error == STOPPED
