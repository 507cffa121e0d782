"""The file raw.duckdb: how it is opened for writing, what it has besides the raw tables, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from freshbooks_hub.core.errors import HomeError, LoadFailed

_LAYOUT = """
    CREATE SCHEMA IF NOT EXISTS freshbooks;
    CREATE SCHEMA IF NOT EXISTS freshbooks_sync;
    CREATE TABLE IF NOT EXISTS freshbooks_sync.state (
        stream VARCHAR PRIMARY KEY, state JSON NOT NULL, saved_at TIMESTAMP NOT NULL
    );
    CREATE TABLE IF NOT EXISTS freshbooks_sync.version (version BIGINT NOT NULL);
    INSERT INTO freshbooks_sync.version
        SELECT 0 WHERE NOT EXISTS (FROM freshbooks_sync.version);
    CREATE TABLE IF NOT EXISTS freshbooks_sync.source (version VARCHAR NOT NULL);
    CREATE TABLE IF NOT EXISTS freshbooks_sync.changed (
        table_name VARCHAR PRIMARY KEY, version BIGINT NOT NULL
    );
"""


def open_raw(path: Path, temp_folder: Path) -> duckdb.DuckDBPyConnection:
    """The file, made if there is none, with its schemas. Raises as `raw_errors`."""
    with raw_errors(path, "open the raw tables"):
        db = duckdb.connect(
            path,
            config={
                "memory_limit": "512MB",
                "threads": 2,
                # The default writes every batch twice, to the log and at once to the table.
                "wal_autocheckpoint": "256MB",
                "temp_directory": str(temp_folder),
            },
        )
        path.chmod(0o600)
        # Timestamps are stored naive, in UTC; the machine's zone must not matter.
        db.execute("SET TimeZone = 'UTC'")
        # DuckDB 2 draws one on standard output, where `--json` answers.
        db.execute("SET enable_progress_bar = false")
        db.execute(_LAYOUT)
        return db


@contextmanager
def raw_errors(path: Path, doing: str) -> Iterator[None]:
    """Turn what DuckDB says in the block, which is `doing` something, into LoadFailed, or HomeError for a full disk."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        if "No space left" in text or "Disk quota" in text:
            raise HomeError(
                f"The disk that holds {path.parent} is full. "
                "Free some space and run `freshbooks sync` again; nothing committed is lost."
            ) from error
        if "lock" in text.lower():
            raise LoadFailed(
                f"{path} is open in another program. Close it and run `freshbooks sync` again."
            ) from error
        raise LoadFailed(
            f"Could not {doing}: {text} Run `freshbooks sync` again; nothing committed is lost."
        ) from error
