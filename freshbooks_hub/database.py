"""hub.sqlite: one file for what the hub remembers; each module that keeps tables there declares its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from freshbooks_hub.errors import HomeError

BUSY_TIMEOUT = 10.0


@contextmanager
def transaction(path: Path, tables: str) -> Iterator[sqlite3.Connection]:
    """One transaction on the SQLite file `path`, after creating `tables` (`CREATE … IF NOT EXISTS`).

    WAL mode, rows by name, a full fsync at commit, and the write lock taken at the start, so that what was
    read is still true when it is written. Raises HomeError when the file cannot be used.
    """
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)) as db:
            path.chmod(0o600)
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            db.executescript(tables)
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if "full" in str(error):
            raise HomeError(
                f"The disk that holds {path} is full. Free some space and run the command again."
            ) from error
        raise HomeError(f"{path} cannot be used ({error}). Check that the folder is writable.") from error
