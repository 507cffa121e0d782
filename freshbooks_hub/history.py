"""hub.sqlite: what each sync did, and which generation of the marts is published."""

from __future__ import annotations

import os
import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from freshbooks_hub.clock import Clock, stamp, utc_now
from freshbooks_hub.database import transaction

TABLES = """
CREATE TABLE IF NOT EXISTS sync_runs (
    id INTEGER PRIMARY KEY,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    status TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'interrupted')),
    pid INTEGER NOT NULL,
    rows_read INTEGER NOT NULL DEFAULT 0,
    rows_changed INTEGER NOT NULL DEFAULT 0,
    published INTEGER NOT NULL DEFAULT 0,
    error TEXT
);
CREATE TABLE IF NOT EXISTS sync_run_streams (
    run_id INTEGER NOT NULL REFERENCES sync_runs (id),
    stream TEXT NOT NULL,
    completed INTEGER NOT NULL,
    rows_read INTEGER NOT NULL,
    rows_inserted INTEGER NOT NULL,
    rows_updated INTEGER NOT NULL,
    rows_total INTEGER NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (run_id, stream)
);
CREATE TABLE IF NOT EXISTS stream_reads (
    stream TEXT PRIMARY KEY,
    read_at TEXT NOT NULL, -- start of the last run that read it to the end
    whole_read_at TEXT -- the same, of a run that read it from the beginning
);
CREATE TABLE IF NOT EXISTS generations (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES sync_runs (id),
    published_at TEXT NOT NULL,
    as_of_date TEXT NOT NULL,
    raw_version INTEGER NOT NULL,
    project TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class StreamResult:
    """One stream of one sync; `total` is the rows of its raw table afterwards, `whole`: from the beginning."""

    stream: str
    completed: bool
    read: int
    inserted: int
    updated: int
    total: int
    seconds: float
    whole: bool = False


@dataclass(frozen=True)
class Generation:
    """What the published marts were built from, by which run."""

    run_id: int
    published_at: datetime
    as_of_date: str
    raw_version: int
    project: str


class History:
    """Opens hub.sqlite for each call; times are UTC, those of `clock`."""

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        self.path = path
        self._clock = clock

    def start(self) -> int:
        """Begin a run; the caller holds the sync lock, so a run that still says running was killed."""
        with self._connection() as db:
            db.execute(
                "UPDATE sync_runs SET status = 'interrupted', finished_at = ?, error = ? "
                "WHERE status = 'running'",
                [self._now(), "The sync was stopped before its end."],
            )
            row = db.execute(
                "INSERT INTO sync_runs (started_at, status, pid) VALUES (?, 'running', ?) RETURNING id",
                [self._now(), os.getpid()],
            ).fetchone()
        return int(row["id"])

    def streams(self, run_id: int, results: list[StreamResult]) -> None:
        """Record what the run did to each stream."""
        with self._connection() as db:
            db.executemany(
                "INSERT INTO sync_run_streams VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (run_id, r.stream, r.completed, r.read, r.inserted, r.updated, r.total, r.seconds)
                    for r in results
                ],
            )
            read_to_the_end = [(r.stream, r.whole) for r in results if r.completed]
            db.executemany(
                "INSERT INTO stream_reads SELECT ?1, started_at, iif(?2, started_at, NULL) FROM sync_runs "
                "WHERE id = ?3 ON CONFLICT (stream) DO UPDATE SET read_at = excluded.read_at, "
                "whole_read_at = coalesce(excluded.whole_read_at, whole_read_at)",
                [(*read, run_id) for read in read_to_the_end],
            )
            db.execute(
                "UPDATE sync_runs SET rows_read = ?, rows_changed = ? WHERE id = ?",
                [sum(r.read for r in results), sum(r.inserted + r.updated for r in results), run_id],
            )

    def finish(self, run_id: int, error: str | None = None) -> None:
        """End the run: succeeded, or failed with `error`."""
        with self._connection() as db:
            db.execute(
                "UPDATE sync_runs SET finished_at = ?, status = ?, error = ? WHERE id = ?",
                [self._now(), "failed" if error else "succeeded", error, run_id],
            )

    def published(self, run_id: int, as_of_date: str, raw_version: int, project: str) -> None:
        """Record the generation that was just published."""
        with self._connection() as db:
            db.execute(
                "INSERT INTO generations (run_id, published_at, as_of_date, raw_version, project) "
                "VALUES (?, ?, ?, ?, ?)",
                [run_id, self._now(), as_of_date, raw_version, project],
            )
            db.execute("UPDATE sync_runs SET published = 1 WHERE id = ?", [run_id])

    def generation(self) -> Generation | None:
        """The newest published generation."""
        with self._connection() as db:
            row = db.execute("SELECT * FROM generations ORDER BY id DESC LIMIT 1").fetchone()
        if row is None:
            return None
        return Generation(
            row["run_id"],
            datetime.fromisoformat(row["published_at"]),
            row["as_of_date"],
            row["raw_version"],
            row["project"],
        )

    def last_run(self) -> dict[str, Any] | None:
        """The newest run, as its columns, with the list `streams`."""
        with self._connection() as db:
            run = db.execute("SELECT * FROM sync_runs ORDER BY id DESC LIMIT 1").fetchone()
            return dict(run) | {"streams": self._streams_of(db, run["id"])} if run else None

    def runs(self, limit: int) -> list[dict[str, Any]]:
        """The newest runs, as their columns, newest first."""
        with self._connection() as db:
            rows = db.execute("SELECT * FROM sync_runs ORDER BY id DESC LIMIT ?", [limit]).fetchall()
            return [dict(row) for row in rows]

    def were_read(self, streams: list[str]) -> bool:
        """Whether each of `streams` was ever read to its end."""
        with self._connection() as db:
            known = {stream for (stream,) in db.execute("SELECT stream FROM stream_reads")}
        return known >= set(streams)

    def latest_streams(self) -> list[dict[str, Any]]:
        """For each stream, the row of the newest run that read it."""
        with self._connection() as db:
            rows = db.execute(
                "SELECT s.*, r.started_at FROM sync_run_streams s JOIN sync_runs r ON r.id = s.run_id "
                "WHERE s.run_id = (SELECT max(run_id) FROM sync_run_streams WHERE stream = s.stream) "
                "ORDER BY s.stream"
            )
            return [dict(row) for row in rows]

    def _streams_of(self, db: sqlite3.Connection, run_id: int) -> list[dict[str, Any]]:
        rows = db.execute("SELECT * FROM sync_run_streams WHERE run_id = ? ORDER BY stream", [run_id])
        return [dict(row) for row in rows]

    def _now(self) -> str:
        return stamp(self._clock())

    def _connection(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self.path, TABLES)
