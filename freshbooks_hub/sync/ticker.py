"""A clock that ticks and decides nothing: what is due follows from each home's stored state.

A sync is a process of its own (`freshbooks sync --due`), so its memory goes back when it ends and a crash
affects nobody else; it is only started when something is due.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.processes import Process, start_sync, stop
from freshbooks_hub.sync.scheduled_run import idle

logger = logging.getLogger(__name__)
TICK = timedelta(seconds=30)
# The token owner says itself whether a grant has been idle for long.
KEEP_ALIVE = timedelta(hours=12)
SETTLE = timedelta(minutes=1)
Homes = Callable[[], Sequence[Home]]


class Ticker:
    """Starts what is due of each connection; at most one sync of each, and as many at once as there are cores."""

    def __init__(self, homes: Homes, parallel: int | None = None) -> None:
        self._homes = homes
        self._parallel = parallel or os.cpu_count() or 1
        self._running: dict[Path, Process] = {}

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
                    self._running[home.root] = start_sync(home, "--due")
            except HubError as error:
                logger.warning("%s: %s", home.name, error)

    def each(self, work: Callable[[Home], object]) -> None:
        """Do `work` for each connection; a failure of one is logged and holds up no other."""
        for home in self._homes():
            try:
                work(home)
            except HubError as error:
                logger.warning("%s: %s", home.name, error)

    def stop(self) -> None:
        """Ask running syncs to stop and wait for them; what they committed stays."""
        stop(self._running.values())


class Serving:
    """A started ticker."""

    def __init__(self, ticker: Ticker, scheduler: BackgroundScheduler) -> None:
        self.ticker = ticker
        self._scheduler = scheduler

    def stop(self) -> None:
        """Stop ticking, and the syncs that it started."""
        self._scheduler.shutdown(wait=True)
        self.ticker.stop()


def start(homes: Homes = Home.connections, settle: Callable[[Home], None] | None = None) -> Serving:
    """Keep the connections that `homes` lists, asked at each tick, up to date until `stop`.

    `settle` finds out what became of a connection's actions whose answer was lost.
    """
    ticker = Ticker(homes)
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    jobs: list[tuple[Callable[[], None], timedelta]] = [
        (ticker.tick, TICK),
        (lambda: ticker.each(_keep_alive), KEEP_ALIVE),
    ]
    if settle:
        jobs.append((lambda: ticker.each(settle), SETTLE))
    for work, every in jobs:
        scheduler.add_job(work, "interval", seconds=every.total_seconds(), next_run_time=datetime.now(UTC))
    scheduler.start()
    return Serving(ticker, scheduler)


def _keep_alive(home: Home) -> None:
    """Use the grant now and then, so that it does not lapse while the schedule is paused."""
    from freshbooks_hub.connection.tokens import keep_alive

    keep_alive(ConnectionStore(home.connection))
