"""Runs, what they read of each stream, and what could be read of each business: kept in hub.sqlite."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from freshbooks_hub.core.clock import Clock, stamp, utc_now
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_holder

STOPPED = "The sync was stopped before it finished."
# raw_version when the raw file that these marts were built from no longer exists.
RAW_FILE_GONE = -1
# Of a row of the stream `stream_availability`.
AVAILABILITY_COLUMNS = ("business_id", "stream_name", "status", "missing_scopes", "row_count", "counted")


@dataclass(frozen=True)
class StreamResult:
    """One stream of one sync. `total`: the rows of its raw table afterwards. `is_full_reread`: from the beginning."""

    stream: str
    completed: bool
    read: int
    inserted: int
    updated: int
    total: int
    seconds: float
    is_full_reread: bool = False


@dataclass(frozen=True)
class Generation:
    """What published marts were built from; `id` is one for each time that some were published."""

    id: int
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
                [self._now(), STOPPED],
            )
            row = db.execute(
                "INSERT INTO sync_runs (started_at, status, pid) VALUES (?, 'running', ?) RETURNING id",
                [self._now(), os.getpid()],
            ).fetchone()
        return int(row["id"])

    def streams(
        self,
        run_id: int,
        results: list[StreamResult],
        business_ids: Iterable[int] | None = None,
        warnings: Iterable[str] = (),
    ) -> None:
        """Record what the run did to each stream, of which chosen businesses, and what it was warned of.

        Once for each of its reads, which are of different streams.
        """
        with self._connection() as db:
            db.executemany(
                "INSERT INTO sync_run_streams VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (run_id, r.stream, r.completed, r.read, r.inserted, r.updated, r.total, r.seconds)
                    for r in results
                ],
            )
            read_to_the_end = [(r.stream, r.is_full_reread) for r in results if r.completed]
            db.executemany(
                "INSERT INTO stream_reads SELECT ?1, started_at, iif(?2, started_at, NULL) FROM sync_runs "
                "WHERE id = ?3 ON CONFLICT (stream) DO UPDATE SET read_at = excluded.read_at, "
                "whole_read_at = coalesce(excluded.whole_read_at, whole_read_at)",
                [(*read, run_id) for read in read_to_the_end],
            )
            if business_ids is not None:
                key = _key(business_ids)
                db.executemany(
                    "INSERT OR REPLACE INTO stream_read_businesses VALUES (?, ?)",
                    [(stream, key) for stream, _ in read_to_the_end],
                )
            db.executemany(
                "INSERT INTO sync_run_warnings VALUES (?, '', ?)",
                [(run_id, warning) for warning in warnings],
            )
            db.execute(
                "UPDATE sync_runs SET rows_read = rows_read + ?, rows_changed = rows_changed + ? WHERE id = ?",
                [sum(r.read for r in results), sum(r.inserted + r.updated for r in results), run_id],
            )

    def finish(self, run_id: int, error: str | None = None) -> None:
        """End the run: succeeded, or failed with `error`."""
        with self._connection() as db:
            db.execute(
                "UPDATE sync_runs SET finished_at = ?, status = ?, error = ? WHERE id = ?",
                [self._now(), "failed" if error else "succeeded", error, run_id],
            )

    def stopped(self, run_id: int) -> None:
        """End the run, which a person or the machine stopped."""
        with self._connection() as db:
            db.execute(
                "UPDATE sync_runs SET finished_at = ?, status = 'interrupted', error = ? WHERE id = ?",
                [self._now(), STOPPED, run_id],
            )

    def published(self, run_id: int, as_of_date: str, raw_version: int, project: str) -> int:
        """Record the generation that was just published; its id."""
        with self._connection() as db:
            row = db.execute(
                "INSERT INTO generations (run_id, published_at, as_of_date, raw_version, project) "
                "VALUES (?, ?, ?, ?, ?) RETURNING id",
                [run_id, self._now(), as_of_date, raw_version, project],
            ).fetchone()
            db.execute("UPDATE sync_runs SET published = 1 WHERE id = ?", [run_id])
        return int(row["id"])

    def generation(self) -> Generation | None:
        """The newest published generation."""
        with self._connection() as db:
            row = db.execute("SELECT * FROM generations ORDER BY id DESC LIMIT 1").fetchone()
        if row is None:
            return None
        return Generation(
            row["id"],
            datetime.fromisoformat(row["published_at"]),
            row["as_of_date"],
            row["raw_version"],
            row["project"],
        )

    def last_run(self) -> dict[str, Any] | None:
        """The newest run, as its columns, with the lists `streams` and `warnings`."""
        with self._connection() as db:
            run = db.execute("SELECT * FROM sync_runs ORDER BY id DESC LIMIT 1").fetchone()
            if run is None:
                return None
            return self._run(run) | {
                "streams": self._streams_of(db, run["id"]),
                "warnings": [
                    message
                    for (message,) in db.execute(
                        "SELECT message FROM sync_run_warnings WHERE run_id = ?", [run["id"]]
                    )
                ],
            }

    def runs(self, limit: int) -> list[dict[str, Any]]:
        """The newest runs, as their columns, newest first."""
        with self._connection() as db:
            rows = db.execute("SELECT * FROM sync_runs ORDER BY id DESC LIMIT ?", [limit]).fetchall()
            return [self._run(row) for row in rows]

    def keep_reads(self, tables: list[str]) -> None:
        """Forget the reads of streams that have no raw table (any more): they count as never read."""
        with self._connection() as db:
            read = {stream for (stream,) in db.execute("SELECT stream FROM stream_reads")}
            if not (lost := sorted(read - set(tables))):
                return
            db.executemany("DELETE FROM stream_reads WHERE stream = ?", [(stream,) for stream in lost])
            db.execute("UPDATE generations SET raw_version = ?", [RAW_FILE_GONE])

    def were_read(self, streams: list[str], business_ids: Iterable[int] | None = None) -> bool:
        """Whether each of `streams` was ever read to its end, for these chosen businesses."""
        with self._connection() as db:
            return reads(db, business_ids).keys() >= set(streams)

    def latest_streams(self) -> list[dict[str, Any]]:
        """For each stream, the row of the newest run that read it."""
        with self._connection() as db:
            rows = db.execute(
                "SELECT s.*, r.started_at FROM sync_run_streams s JOIN sync_runs r ON r.id = s.run_id "
                "WHERE s.run_id = (SELECT max(run_id) FROM sync_run_streams WHERE stream = s.stream) "
                "ORDER BY s.stream"
            ).fetchall()
            return [dict(row) for row in rows]

    def _streams_of(self, db: sqlite3.Connection, run_id: int) -> list[dict[str, Any]]:
        rows = db.execute("SELECT * FROM sync_run_streams WHERE run_id = ? ORDER BY stream", [run_id])
        return [dict(row) for row in rows]

    def _run(self, row: sqlite3.Row) -> dict[str, Any]:
        """The columns; a run that still says running and whose process is gone was interrupted."""
        run = dict(row)
        if run["status"] == "running" and not self._lives(run["pid"]):
            run |= {"status": "interrupted", "error": STOPPED}
        return run

    def _lives(self, pid: int) -> bool:
        """Whether the process holds the sync lock of the home that hub.sqlite lies in."""
        holder = sync_holder(self.path.parent)
        return holder is not None and holder.pid == pid

    def _now(self) -> str:
        return stamp(self._clock())

    def _connection(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self.path)


def reads(db: sqlite3.Connection, business_ids: Iterable[int] | None = None) -> dict[str, sqlite3.Row]:
    """By stream the row of `stream_reads`; with `business_ids` only of reads of just these chosen businesses."""
    rows = db.execute(
        "SELECT r.* FROM stream_reads r LEFT JOIN stream_read_businesses b ON b.stream = r.stream "
        "WHERE ?1 IS NULL OR b.businesses IS NULL OR b.businesses = ?1",
        [None if business_ids is None else _key(business_ids)],
    )
    return {row["stream"]: row for row in rows}


def _key(business_ids: Iterable[int]) -> str:
    return " ".join(map(str, sorted(set(business_ids))))


@dataclass(frozen=True)
class Outcome:
    """How the last read of a stream of a business ended. `missing_scopes`: names with spaces between them.

    `row_count` of `counted` rows were sent, where the status is `short`.
    """

    business_id: int
    stream: str
    status: str
    missing_scopes: str | None = None
    row_count: int | None = None
    counted: int | None = None


class Availability:
    """The outcomes of one connection, in hub.sqlite."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def keep(self, outcomes: Iterable[Outcome]) -> None:
        """Put these in place of all earlier ones."""
        with self._connection() as db:
            db.execute("DELETE FROM stream_availability")
            db.executemany(
                "INSERT INTO stream_availability VALUES (?, ?, ?, ?, ?, ?)", map(astuple, outcomes)
            )

    def outcomes(self, business_ids: Iterable[int] = ()) -> list[Outcome]:
        """By business and stream; of these businesses, or of all."""
        if not self._home.history.exists():
            return []
        chosen = set(business_ids)
        with self._connection() as db:
            rows = db.execute("SELECT * FROM stream_availability ORDER BY business_id, stream").fetchall()
        return [Outcome(*row) for row in rows if not chosen or row["business_id"] in chosen]

    def _connection(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._home.history)
