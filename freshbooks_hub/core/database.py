"""hub.sqlite: one file for what the hub remembers, migrated to the newest layout when it is opened."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from freshbooks_hub.core.errors import HomeError
from freshbooks_hub.core.migrations import MIGRATIONS

BUSY_TIMEOUT = 10.0


@contextmanager
def transaction(path: Path, migrations: tuple[str, ...] = MIGRATIONS) -> Iterator[sqlite3.Connection]:
    """One transaction on the SQLite file `path`, whose tables are those of the newest of `migrations`.

    WAL mode, rows by name, a full fsync at commit, and the write lock taken at the start, so that what was
    read is still true when it is written. Raises HomeError when the file cannot be used, is damaged, or was made
    by a newer version of this program; then nothing of it is changed.
    """
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)) as db:
            version = _version(db)
            if version > len(migrations):
                raise HomeError(
                    f"{path} was made by a newer version of this program, and nothing in it was changed. Install "
                    "that version again: pip install --upgrade source-freshbooks"
                )
            path.chmod(0o600)
            db.row_factory = sqlite3.Row
            _use_wal(db)
            db.execute("PRAGMA synchronous = FULL")
            if version < len(migrations):
                migrate(db, migrations)
            db.execute("PRAGMA foreign_keys = ON")
            with _locked(db):
                yield db
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


def migrate(db: sqlite3.Connection, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Run the migrations that `db` lacks, each completely or not at all; raises sqlite3.Error.

    `db` has no transaction open. Another process may do the same: the lock is taken before the version is read.
    """
    db.execute("PRAGMA foreign_keys = OFF")  # a table that others refer to may be written anew
    for number, script in enumerate(migrations, 1):
        with _locked(db):
            if _version(db) >= number:
                continue
            for statement in _statements(script):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")


def _use_wal(db: sqlite3.Connection) -> None:
    """Wait where another connection does the same with a new file: for this, SQLite itself does not."""
    end = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(0.01)


@contextmanager
def _locked(db: sqlite3.Connection) -> Iterator[None]:
    """A transaction that holds the write lock from its start."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):  # the first error is the one to report
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """One by one: `executescript` would commit what came before it."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
