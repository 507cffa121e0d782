"""A clock that ticks and decides nothing: what is due follows from each home's stored state.

A sync is a process of its own (`freshbooks sync --due`), so its memory goes back when it ends and a crash
affects nobody else; it is only started when something is due. Besides its ticks the clock looks again when a sync
ends, for there is room for the next one then, and when a wake-up makes something due.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.processes import Process, StartSync, start_sync, stop
from freshbooks_hub.sync.due_cache import DueCache

logger = logging.getLogger(__name__)
TICK = timedelta(seconds=30)
# The token owner says itself whether a grant has been idle for long.
KEEP_ALIVE = timedelta(hours=12)
SETTLE = timedelta(minutes=1)
TELL = timedelta(seconds=30)
NOTIFY = timedelta(minutes=1)
WAKE_UP = "wake-up"
# A sync that has run so long, in seconds, mostly waits for FreshBooks: another one may begin beside it.
OVERTAKEN = 60.0
Homes = Callable[[], Sequence[Home]]


class Ticker:
    """Starts what is due of each connection; at most one sync of each, and as many at once as there are cores.

    Those that take longer than `OVERTAKEN` are not counted, up to as many again: a connection whose FreshBooks answers
    slowly holds up no other. None is started twice within `TICK`: what fails before it can say so, or finds another
    sync at work, stays due.
    """

    def __init__(self, homes: Homes, parallel: int | None = None, start_sync: StartSync = start_sync) -> None:
        self._homes = homes
        self._parallel = parallel or os.cpu_count() or 1
        self._start_sync = start_sync
        self._lock = threading.Lock()
        self._due = DueCache()
        self._running: dict[Path, Process] = {}
        self._started_at: dict[Path, float] = {}
        self._stopping = False

    def tick(self) -> None:
        """Start the syncs that are due, the longest due first, while there is room for them."""
        with self._lock:
            self._running = {root: run for root, run in self._running.items() if run.poll() is None}
            homes = self._homes()
            self._forget_others(homes)
            for home in self._waiting(homes) if self._has_room() else ():
                if self._stopping or not self._has_room():
                    return
                self._start(home)

    def _waiting(self, homes: Sequence[Home]) -> list[Home]:
        """Those with something due, the longest due first: who was read most lately may be the latest all the same."""
        now, found = datetime.now(UTC), []
        for home in homes:
            if home.root in self._running or self._age(home.root) < TICK.total_seconds():
                continue
            try:
                due = self._due.due_since(home, now)
            except HubError as error:
                logger.warning("%s: %s", home.name, error)
            else:
                found += [(due, home)] if due else []
        return [home for _, home in sorted(found, key=lambda one: one[0])]

    def _has_room(self) -> bool:
        working = sum(self._age(root) < OVERTAKEN for root in self._running)
        return working < self._parallel and len(self._running) < 2 * self._parallel

    def _age(self, root: Path) -> float:
        """Seconds since a sync of this home was started."""
        return time.monotonic() - self._started_at.get(root, -math.inf)

    def _forget_others(self, homes: Sequence[Home]) -> None:
        """Connections come and go while the server runs."""
        self._due.keep(homes)
        roots = {home.root for home in homes} | self._running.keys()
        self._started_at = {root: at for root, at in self._started_at.items() if root in roots}

    def _start(self, home: Home) -> None:
        try:
            run = self._running[home.root] = self._start_sync(home, "--due")
        except HubError as error:
            logger.warning("%s: %s", home.name, error)
            return
        self._started_at[home.root] = time.monotonic()
        threading.Thread(target=self._follow, args=(run,), daemon=True).start()

    def _follow(self, run: Process) -> None:
        """Look again as soon as a sync has ended."""
        run.wait()
        self.tick()

    def each(self, work: Callable[[Home], object]) -> None:
        """Do `work` for each connection; a failure of one is logged and holds up no other."""
        for home in self._homes():
            try:
                work(home)
            except HubError as error:
                logger.warning("%s: %s", home.name, error)

    def stop(self) -> None:
        """Ask running syncs to stop and wait for them; what they committed stays. None is started any more."""
        with self._lock:
            self._stopping = True
        stop(self._running.values())


class Serving:
    """A started ticker."""

    def __init__(self, ticker: Ticker, scheduler: BackgroundScheduler) -> None:
        self.ticker = ticker
        self._scheduler = scheduler

    def wake(self, due: datetime) -> None:
        """Look again at `due`: something changed at FreshBooks. A wake-up that is earlier stands."""
        job = self._scheduler.get_job(WAKE_UP)
        if job is None or due < job.next_run_time:
            self._scheduler.add_job(self.ticker.tick, "date", run_date=due, id=WAKE_UP, replace_existing=True)

    def stop(self) -> None:
        """Stop ticking, and the syncs that it started."""
        self._scheduler.shutdown(wait=True)
        self.ticker.stop()


def start(
    homes: Homes = Home.connections,
    settle: Callable[[Home], None] | None = None,
    tell: Callable[[Home], None] | None = None,
    start_sync: StartSync = start_sync,
    notify: Callable[[Home], None] | None = None,
) -> Serving:
    """Keep the connections that `homes` lists, asked at each tick, up to date until `stop`.

    `settle` finds out what became of a connection's actions whose answer was lost; `tell` tells other systems what
    happened, and tries again where it could not be told; `notify` does that for people.
    """
    ticker = Ticker(homes, start_sync=start_sync)
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    jobs: list[tuple[Callable[[], None], timedelta]] = [
        (ticker.tick, TICK),
        (lambda: ticker.each(_keep_alive), KEEP_ALIVE),
    ]
    if settle:
        jobs.append((lambda: ticker.each(settle), SETTLE))
    if tell:
        jobs.append((lambda: ticker.each(tell), TELL))
    if notify:
        jobs.append((lambda: ticker.each(notify), NOTIFY))
    for work, every in jobs:
        scheduler.add_job(work, "interval", seconds=every.total_seconds(), next_run_time=datetime.now(UTC))
    scheduler.start()
    return Serving(ticker, scheduler)


def _keep_alive(home: Home) -> None:
    """Use the grant now and then, so that it does not lapse while the schedule is paused."""
    from freshbooks_hub.connection.tokens import keep_alive

    keep_alive(ConnectionStore(home.connection))
