"""The three database files: do they open, are they intact, do they belong together; and the last sync."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_holder
from freshbooks_hub.doctor.finding import Check, Finding
from freshbooks_hub.marts.open import MartsDamaged, NoMarts, open_marts, read_whole
from freshbooks_hub.sync.history import History

NONE_YET = "Run: freshbooks sync"


def check(home: Home) -> Iterator[Finding]:
    """Findings on raw.duckdb, freshbooks.duckdb and hub.sqlite."""
    busy = sync_holder(home.root) is not None
    version: int | None = None
    try:
        with _opened(home.raw) as raw:
            what = read_whole(raw, "freshbooks")
            row = raw.execute("SELECT version FROM freshbooks_sync.version").fetchone()
            version = row[0] if row else None
        yield Finding(Check.raw, True, what)
    except FileNotFoundError:
        yield Finding(Check.raw, True, "none yet", NONE_YET)
    except duckdb.Error as error:
        yield _raw_failed(home, busy, error)
    yield _marts(home)
    yield from _history(home, version, busy)


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    if not path.exists():
        raise FileNotFoundError(path)
    return duckdb.connect(path, read_only=True)


def _raw_failed(home: Home, busy: bool, error: duckdb.Error) -> Finding:
    said = str(error).splitlines()[0]
    if "lock" in said.lower():
        return Finding(
            Check.raw,
            busy,
            "in use by the running sync" if busy else f"another program has it open: {said}",
            "Wait for the sync."
            if busy
            else "Close that program; only a sync may open this file for writing.",
        )
    return Finding(
        Check.raw,
        False,
        f"{home.raw} is damaged: {said}",
        f"Move it away and read everything again: mv {home.raw} {home.raw}.damaged && freshbooks sync",
    )


def _marts(home: Home) -> Finding:
    what = "it contains no marts"
    try:
        with open_marts(home.marts) as marts:
            tables = marts.execute(
                "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'marts'"
            ).fetchone()
            if tables and tables[0]:
                return Finding(Check.marts, True, read_whole(marts, "marts"))
    except NoMarts:
        return Finding(Check.marts, True, "none yet", NONE_YET)
    except MartsDamaged as error:
        what = error.reason
    except duckdb.Error as error:
        what = str(error).splitlines()[0]
    return Finding(
        Check.marts,
        False,
        f"{home.marts} cannot be read: {what}",
        "Nothing is lost: rebuild it from the raw tables: freshbooks build",
    )


def _history(home: Home, version: int | None, busy: bool) -> Iterator[Finding]:
    if not home.history.exists():
        yield Finding(Check.history, True, "none yet", NONE_YET)
        return
    try:
        with closing(sqlite3.connect(f"{home.history.as_uri()}?mode=ro", uri=True)) as db:
            said = db.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        yield Finding(
            Check.history,
            False,
            f"{home.history} is damaged: {said}",
            "Restore it from a backup: it holds the record of agents' actions. Without one, move it away; "
            "syncs continue, and nothing is sent without a new approval.",
        )
        return
    yield Finding(Check.history, True, "whole")
    history = History(home.history)
    try:
        run, generation = history.last_run(), history.generation()
    except HubError as error:
        yield Finding(Check.history, False, str(error), "Fix that, then run `freshbooks doctor` again.")
        return
    if run is None:
        yield Finding(Check.last_sync, True, "none yet", NONE_YET)
    elif run["status"] in {"failed", "interrupted"} or (run["status"] == "running" and not busy):
        why = run["error"] or "it was stopped before it finished"
        yield Finding(
            Check.last_sync,
            False,
            f"{run['started_at']}: {why}",
            "Fix what the other lines show, then: freshbooks sync",
        )
    elif generation and version is not None and generation.raw_version != version and not busy:
        yield Finding(
            Check.last_sync, False, "the marts are older than the raw tables", "Publish them: freshbooks sync"
        )
    else:
        yield Finding(Check.last_sync, True, f"{run['status']}, started {run['started_at']}")
