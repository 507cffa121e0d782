"""The ticker of a running server: it starts what is due, once, and cleans up behind itself."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.processes import Process
from freshbooks_hub.sync import ticker as module
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.sync_groups import SYNC_GROUPS
from freshbooks_hub.sync.ticker import Ticker, start


class Running:
    """A process that runs until it is asked to stop."""

    pid = 0

    def __init__(self) -> None:
        self.ended = threading.Event()

    def poll(self) -> int | None:
        return 0 if self.ended.is_set() else None

    def send_signal(self, number: int, /) -> None:
        self.ended.set()

    def wait(self, timeout: float | None = None) -> int:
        assert self.ended.wait(timeout)
        return 0

    def kill(self) -> None:
        self.ended.set()


class Started:
    """Stands in for the processes: one that runs for each sync, and whose it was."""

    def __init__(self) -> None:
        self.homes: list[Path] = []
        self.runs: list[Running] = []
        self.another = threading.Event()

    def __call__(self, home: Home, *options: str) -> Process:
        self.homes.append(home.root)
        self.runs.append(Running())
        self.another.set()
        return self.runs[-1]


@pytest.fixture
def started() -> Started:
    return Started()


def connected(parent: Path, config: Any, count: int) -> list[Home]:
    homes = [Home(parent / f"home-{n}").ensure() for n in range(count)]
    for home in homes:
        ConnectionStore(home.connection).connect(config())
    return homes


def test_each_connection_is_synced_once_and_so_many_as_fit(
    tmp_path: Path, config: Any, started: Started
) -> None:
    homes = connected(tmp_path, config, 3)
    ticker = Ticker(lambda: homes, parallel=2, start_sync=started)
    try:
        ticker.tick()
        ticker.tick()
        assert started.homes == [homes[0].root, homes[1].root]
        started.another.clear()
        started.runs[0].kill()
        assert started.another.wait(30)  # without a tick: there is room again, for the one that waits
        assert started.homes[2:] == [homes[2].root]
        ticker.tick()
    finally:
        ticker.stop()
    ticker.tick()
    assert len(started.homes) == 3


def test_what_stays_due_after_its_sync_is_not_started_again_at_once(
    tmp_path: Path, config: Any, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a crash, or where another sync was at work."""
    ticker = Ticker(lambda: connected(tmp_path, config, 1), start_sync=started)
    ticker.tick()
    started.runs[0].kill()
    ticker.tick()
    assert len(started.homes) == 1
    monkeypatch.setattr(module, "TICK", timedelta(0))
    ticker.tick()
    assert len(started.homes) == 2
    ticker.stop()


def test_a_sync_that_takes_long_lets_others_begin_beside_it_up_to_a_bound(
    tmp_path: Path, config: Any, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where FreshBooks answers one of them slowly."""
    monkeypatch.setattr(module, "OVERTAKEN", 0.0)
    homes = connected(tmp_path, config, 3)
    ticker = Ticker(lambda: homes, parallel=1, start_sync=started)
    ticker.tick()
    assert started.homes == [homes[0].root, homes[1].root]
    ticker.stop()


def test_who_is_due_for_longest_is_first_however_lately_it_was_started(
    tmp_path: Path, config: Any, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one whose expenses were read just before its invoices became due."""
    monkeypatch.setattr(module, "TICK", timedelta(0))
    homes = connected(tmp_path, config, 3)
    for minutes, home in zip((0, 70, 30), homes, strict=True):
        home.raw.touch()
        read = stamp(datetime.now(UTC) - timedelta(minutes=minutes))
        with transaction(home.history) as db:
            for group in SYNC_GROUPS:
                for stream in group.streams:
                    db.execute("INSERT OR REPLACE INTO stream_reads VALUES (?, ?, ?)", [stream, read, read])
    ticker = Ticker(lambda: homes, parallel=1, start_sync=started)
    ticker.tick()
    assert started.homes == [homes[1].root]
    started.another.clear()
    started.runs[0].kill()  # without having read anything
    assert started.another.wait(30)
    assert started.homes[1:] == [homes[1].root]
    ticker.stop()


def test_a_wake_up_starts_what_is_due_without_waiting_for_a_tick(
    tmp_path: Path, config: Any, started: Started
) -> None:
    homes: list[Home] = []
    serving = start(lambda: homes, start_sync=started)
    try:
        homes += connected(tmp_path, config, 1)
        serving.wake(datetime.now(UTC) + timedelta(seconds=0.5))
        serving.wake(datetime.now(UTC) + timedelta(days=1))
        assert started.another.wait(20)  # the next tick is in 30 seconds
    finally:
        serving.stop()


def test_what_is_paused_or_not_connected_is_not_started(
    tmp_path: Path, config: Any, started: Started
) -> None:
    [paused] = connected(tmp_path, config, 1)
    Schedule(paused).pause(datetime.now(UTC))
    Ticker(lambda: [paused, Home(tmp_path / "nobody")], start_sync=started).tick()
    assert started.homes == []


@pytest.mark.long
def test_the_process_is_the_command_for_that_connection(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is stood in for: the command runs, and says in the log that FreshBooks is not there."""
    monkeypatch.setenv("FRESHBOOKS_CONNECTION", "another")
    serving = start(lambda: [home])
    try:
        deadline = time.monotonic() + 60
        while Schedule(home).trouble() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert Schedule(home).trouble() is not None
    finally:
        before = time.monotonic()
        serving.stop()
    assert time.monotonic() - before < 20
