"""A look at a home is saved while its files stay, and never where something became due."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import due_cache as module
from freshbooks_hub.sync.due_cache import DueCache
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.sync_groups import SYNC_GROUPS


class Counted(DueCache):
    """Counts the looks that were not saved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.looks = 0
        idle = module.idle

        def counting(home: Home, now: datetime) -> Any:
            self.looks += 1
            return idle(home, now)

        monkeypatch.setattr(module, "idle", counting)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


@pytest.fixture
def home(tmp_path: Path, config: Any) -> Home:
    """Connected, everything read a moment ago, and its files a little older than that."""
    home = Home(tmp_path / "home").ensure()
    ConnectionStore(home.connection).connect(config())
    home.raw.touch()
    now = stamp(datetime.now(UTC))
    with transaction(home.history) as db:
        for group in SYNC_GROUPS:
            for stream in group.streams:
                db.execute("INSERT OR REPLACE INTO stream_reads VALUES (?, ?, ?)", [stream, now, now])
    settle(home)
    return home


def settle(home: Home) -> None:
    for path in (home.connection, home.history):
        found = path.stat()
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns - 10_000_000_000))


def now(minutes: int = 0) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def test_nothing_is_looked_at_twice_until_something_is_due(home: Home, looks: Counted) -> None:
    assert [looks.due_since(home, now(minute)) for minute in range(10)] == [None] * 10
    due = looks.due_since(home, now(30))
    assert due
    assert now(17) < due <= now(20)  # of the invoices, whatever else is due by then
    assert looks.looks == 1


def test_what_is_written_meanwhile_counts_at_once(home: Home, looks: Counted) -> None:
    assert not looks.due_since(home, now())
    Schedule(home).wake(["invoices"], now(2))
    settle(home)
    assert looks.due_since(home, now(3))
    Schedule(home).pause(now())
    settle(home)
    assert not looks.due_since(home, now(60))
    assert not looks.due_since(home, now(600))
    Schedule(home).resume()
    assert looks.due_since(home, now(60))
    home.connection.unlink()
    assert not looks.due_since(home, now(60))


def test_files_that_were_written_just_now_are_looked_at_again(home: Home, looks: Counted) -> None:
    """A second write within the same tick of the file system's clock would not show."""
    os.utime(home.history)
    assert [looks.due_since(home, now()) for _ in range(3)] == [None] * 3
    assert looks.looks == 3


def test_a_connection_that_is_gone_is_forgotten(home: Home, looks: Counted) -> None:
    looks.due_since(home, now())
    looks.keep([])
    looks.due_since(home, now())
    assert looks.looks == 2
