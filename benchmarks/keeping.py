"""What keeping in step costs: an idle minute, a sync that finds nothing, and one that finds 100 changed invoices.

The sandbox serves from this process; the figures are those of the `freshbooks` command and all it starts. The
general ledger and the reports stay out, and so do the questions to the account that end a first sync, which ask for
reports: at this size it is the sandbox that would be measured. dbt's statements are made before, as a release brings
them along.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from unittest.mock import patch

from benchmarks.forked import forked
from benchmarks.measure import Run, run
from benchmarks.scenarios import Result, Settings, Target
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import preparation
from freshbooks_hub.sync.scheduled_run import idle as idle_reason
from freshbooks_hub.sync.sync_groups import SYNC_GROUPS
from freshbooks_hub.sync.warm_syncs import WarmSyncs
from freshbooks_sandbox import Sandbox

BUSINESS = 439000
CHANGED = 100
INVOICES = ("invoices", "payments", "credit_notes", "clients")
OTHERS = ("businesses", "systems", "items", "taxes", "expenses", "expense_categories", "projects", "services")
TICKS_A_MINUTE = 2
TICK_CPU, IDLE_CPU, UNCHANGED_CPU, UNCHANGED_WALL, CHANGED_WALL = 0.05, 0.5, 4.0, 5.0, 8.0
SERVED, FIRST_WALL = 6.0, 20.0


def keeping(settings: Settings) -> Result:
    """As many invoices as `settings.rows`; each figure is the median of `settings.runs`, but for the first sync."""
    home = Home(settings.folder / "keeping").ensure()
    preparation.main()
    with Sandbox(seed="empty", scale=settings.rows, rate_limit=None) as sandbox, connected(sandbox, home):
        first = freshbooks("sync", "--json", *only(*INVOICES, *OTHERS))
        freshbooks("sync", "--json", *only(*INVOICES))
        unchanged = [freshbooks("sync", "--json", *only(*INVOICES)) for _ in range(settings.runs)]
        changed, served = [], []
        syncs = WarmSyncs()
        try:
            forked(syncs, home, *only(*INVOICES))  # imports
            for number in range(settings.runs):
                _edit(sandbox, settings.rows, 2 * number)
                changed.append(freshbooks("sync", "--json", *only(*INVOICES)))
                published = home.marts.stat().st_mtime_ns
                _edit(sandbox, settings.rows, 2 * number + 1)
                served.append(forked(syncs, home, *only(*INVOICES))[0])
                if home.marts.stat().st_mtime_ns == published:
                    raise RuntimeError("changed invoices led to no new marts")
        finally:
            syncs.close()
        _everything_was_read(home)
        idle = [freshbooks("sync", "--due") for _ in range(settings.runs)]
        minute = _idle_minute(home)
    quiet, few, warm, nothing = (median(runs) for runs in (unchanged, changed, served, idle))
    return Result(
        f"keeping {settings.rows:,} invoices in step",
        {
            "first sync": first,
            "sync, nothing changed": quiet,
            f"sync, {CHANGED} changed": few,
            "the same in freshbooks serve": warm,
            "sync --due, nothing due": nothing,
        },
        [
            seconds("CPU s of freshbooks serve, an idle minute", minute, TICK_CPU),
            seconds("CPU s of sync --due, nothing due", nothing.cpu, IDLE_CPU),
            seconds("CPU s, nothing changed", quiet.cpu, UNCHANGED_CPU),
            seconds("wall s, nothing changed", quiet.wall, UNCHANGED_WALL),
            seconds(f"wall s to fresh marts, {CHANGED} changed", few.wall, CHANGED_WALL),
            seconds("the same in freshbooks serve", warm.wall, SERVED),
            seconds("CPU s of that", warm.cpu, SERVED),
            seconds("wall s, first sync", first.wall, FIRST_WALL),
        ],
    )


def _edit(sandbox: Sandbox, rows: int, number: int) -> None:
    """Change as many invoices as CHANGED, others in each round `number`."""
    for invoice in islice(sandbox.books(BUSINESS)["invoices"], number, None, rows // CHANGED):
        sandbox.edit("invoices", BUSINESS, invoice, notes=f"round {number}")


def freshbooks(*arguments: str) -> Run:
    return run([sys.executable, "-m", "freshbooks_hub.cli.main", *arguments], {})


def only(*streams: str) -> list[str]:
    return [word for stream in streams for word in ("--stream", stream)]


@contextmanager
def connected(sandbox: Sandbox, home: Home) -> Iterator[None]:
    """Connected, with the environment of the commands pointing at the sandbox."""
    tokens = sandbox.grant()
    credentials = {
        "auth_type": "oauth2.0",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "redirect_uri": sandbox.redirect_uri,
        "refresh_token": tokens["refresh_token"],
    }
    ConnectionStore(home.connection).connect({"credentials": credentials, "business_ids": [BUSINESS]})
    names = {
        "FRESHBOOKS_API_URL": sandbox.url,
        "FRESHBOOKS_AUTH_URL": sandbox.url,
        "FRESHBOOKS_HOME": str(home.root),
        "FRESHBOOKS_VERIFY": "never",
    }
    with patch.dict(os.environ, names):
        yield


def _everything_was_read(home: Home) -> None:
    """So that nothing is due: as after a sync of all streams, just now."""
    streams = {stream for group in SYNC_GROUPS for stream in group.streams}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with sqlite3.connect(home.history) as db:
        db.executemany(
            "INSERT OR REPLACE INTO stream_reads VALUES (?, ?, ?)", [(stream, now, now) for stream in streams]
        )


def _idle_minute(home: Home) -> float:
    """CPU seconds of the looks that a running server takes in a minute, when nothing is due."""
    looks = 100
    started = time.process_time()
    for _ in range(looks):
        if idle_reason(home, datetime.now(UTC)) is None:
            raise RuntimeError("something is due")
    return (time.process_time() - started) / looks * TICKS_A_MINUTE


def median(runs: list[Run]) -> Run:
    return sorted(runs, key=lambda one: one.wall)[len(runs) // 2]


def seconds(what: str, figure: float, bound: float) -> Target:
    return Target(what, figure, f"at most {bound:g}", figure <= bound)
