"""The ticker of a running server: it starts what is due, once, and cleans up behind itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import ticker as module
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.ticker import Ticker, start


class Running:
    """A process that runs until it is asked to stop."""

    stopped = False

    def poll(self) -> int | None:
        return 0 if self.stopped else None

    def send_signal(self, number: int) -> None:
        self.stopped = True

    def wait(self, timeout: float | None = None) -> int:
        assert self.stopped
        return 0


class Started:
    """Stands in for the processes: one that runs for each sync, and whose it was."""

    def __init__(self) -> None:
        self.homes: list[Path] = []

    def __call__(self, home: Home, *options: str) -> Any:
        self.homes.append(home.root)
        return Running()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    started = Started()
    monkeypatch.setattr(module, "start_sync", started)
    return started


def connected(parent: Path, config: Any, count: int) -> list[Home]:
    homes = [Home(parent / f"home-{n}").ensure() for n in range(count)]
    for home in homes:
        ConnectionStore(home.connection).connect(config())
    return homes


def test_each_connection_is_synced_once_and_so_many_as_fit(
    tmp_path: Path, config: Any, started: Started
) -> None:
    homes = connected(tmp_path, config, 3)
    ticker = Ticker(lambda: homes, parallel=2)
    try:
        ticker.tick()
        ticker.tick()
        assert started.homes == [homes[0].root, homes[1].root]
    finally:
        ticker.stop()
    ticker.tick()
    assert len(started.homes) == 4  # those two ended: there is room again
    ticker.stop()


def test_what_is_paused_or_not_connected_is_not_started(
    tmp_path: Path, config: Any, started: Started
) -> None:
    from datetime import UTC, datetime

    [paused] = connected(tmp_path, config, 1)
    Schedule(paused).pause(datetime.now(UTC))
    Ticker(lambda: [paused, Home(tmp_path / "nobody")]).tick()
    assert started.homes == []


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
