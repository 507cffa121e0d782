"""hub.sqlite: one file for what the hub remembers; each module that keeps tables there declares its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from freshbooks_hub.core.errors import HomeError

BUSY_TIMEOUT = 10.0


@contextmanager
def transaction(path: Path, tables: str) -> Iterator[sqlite3.Connection]:
    """One transaction on the SQLite file `path`, after creating `tables` (`CREATE … IF NOT EXISTS`).

    WAL mode, rows by name, a full fsync at commit, and the write lock taken at the start, so that what was
    read is still true when it is written. Raises HomeError when the file cannot be used, or is damaged.
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
                with suppress(sqlite3.Error):  # the first error is the one to tell
                    db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if "full" in str(error):
            raise HomeError(
                f"The disk that holds {path} is full. Free some space and run the command again."
            ) from error
        raise HomeError(f"{path} cannot be used ({error}). Check that the folder is writable.") from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:  # a fault of the statement
            raise
        raise HomeError(
            f"{path} is damaged ({error}). Restore it from a backup; without one, move it away, with the files "
            f"{path.name}-wal and {path.name}-shm beside it, and go on: the schedule's settings and the record of "
            "syncs and of agents' actions are lost, the books are not."
        ) from error
