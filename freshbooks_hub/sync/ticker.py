"""A clock that ticks and decides nothing: what is due follows from each home's stored state.

A sync is a process of its own (`freshbooks sync --due`), so its memory goes back when it ends and a crash takes
nobody along; it is only started when something is due.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import HubError, disk_errors
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.scheduled_run import idle

logger = logging.getLogger(__name__)
TICK = timedelta(seconds=30)
# The token owner says itself whether a grant has been idle for long.
KEEP_ALIVE = timedelta(hours=12)
SETTLE = timedelta(minutes=1)
STOP_SECONDS = 20.0
LOG_BYTES = 1024 * 1024
Homes = Callable[[], Sequence[Home]]


class Ticker:
    """Starts what is due of each connection; at most one sync of each, and as many at once as there are cores."""

    def __init__(self, homes: Homes, parallel: int | None = None) -> None:
        self._homes = homes
        self._parallel = parallel or os.cpu_count() or 1
        self._running: dict[Path, subprocess.Popen[bytes]] = {}

    def tick(self) -> None:
        """Start the syncs that are due, while there is room; the others wait for the next tick."""
        self._running = {root: run for root, run in self._running.items() if run.poll() is None}
        for home in self._homes():
            if len(self._running) >= self._parallel:
                return
            if home.root in self._running:
                continue
            try:
                if idle(home, datetime.now(UTC)) is None:
                    self._running[home.root] = _start(home)
            except HubError as error:
                logger.warning("%s: %s", home.name, error)

    def keep_alive(self) -> None:
        """Use each grant now and then, so that it does not lapse while the schedule is paused."""
        from freshbooks_hub.connection.tokens import keep_alive

        for home in self._homes():
            try:
                keep_alive(ConnectionStore(home.connection))
            except HubError as error:
                logger.warning("%s: %s", home.name, error)

    def settle_actions(self) -> None:
        """Find out what became of agents' actions whose answer was lost."""
        from freshbooks_hub.agent.actions.lifecycle import ActionService

        for home in self._homes():
            if not (home.history.exists() and home.connection.exists()):
                continue
            try:
                ActionService(home).settle_open()
            except HubError as error:
                logger.warning("%s: %s", home.name, error)

    def stop(self) -> None:
        """Ask running syncs to stop and wait for them; what they committed stays."""
        for run in self._running.values():
            run.send_signal(signal.SIGINT)
        for run in self._running.values():
            try:
                run.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                run.kill()
                run.wait()


class Serving:
    """A started ticker."""

    def __init__(self, ticker: Ticker, scheduler: BackgroundScheduler) -> None:
        self.ticker = ticker
        self._scheduler = scheduler

    def stop(self) -> None:
        """Stop ticking, and the syncs that it started."""
        self._scheduler.shutdown(wait=True)
        self.ticker.stop()


def start(homes: Homes = Home.connections) -> Serving:
    """Keep the connections that `homes` lists, asked at each tick, in step until `stop`."""
    ticker = Ticker(homes)
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    now = datetime.now(UTC)
    for work, every in (
        (ticker.tick, TICK),
        (ticker.keep_alive, KEEP_ALIVE),
        (ticker.settle_actions, SETTLE),
    ):
        scheduler.add_job(work, "interval", seconds=every.total_seconds(), next_run_time=now)
    scheduler.start()
    return Serving(ticker, scheduler)


def _start(home: Home) -> subprocess.Popen[bytes]:
    home.ensure()
    path = home.logs / "serve-sync.log"
    with disk_errors(home.logs):
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "freshbooks_hub.cli.main", "sync", "--due"],
                env=os.environ | home.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C at the server reaches the sync by `stop`, once.
                start_new_session=True,
            )
