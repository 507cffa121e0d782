"""The change record: the last change of each row of a mart since somebody first asked, numbered in ascending order.

Of each row the record keeps a hash and the number of its last change, so it does not grow with time, and whoever has
stored everything up to some number is given what changed after it. Nothing is kept of marts that nobody asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.errors import HubError

# How long it is known that a row was removed; an older number has missed some of these.
REMOVALS_KEPT = timedelta(days=90)


@dataclass(frozen=True)
class Watched:
    """A mart or state as it is now. `read`: for each key (a JSON list) a text that differs when the row changed.

    `version`: tells a publication from the next, so that nothing is read twice. `columns`: when these differ, so do
    all states.
    """

    name: str
    version: str
    columns: str
    read: Callable[[], dict[str, str]]


@dataclass(frozen=True)
class Change:
    """One row whose state changed; None where the row does not exist."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Recorded:
    """The result of a comparison. `first`: nothing to compare with; `columns_changed`: so everything differs."""

    first: bool
    columns_changed: bool
    changes: list[Change]


def version_of(marts: Path) -> str:
    """Identifies a published file."""
    found = marts.stat()
    return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"


def mart(marts: duckdb.DuckDBPyConnection, name: str, version: str) -> tuple[Watched, list[str]]:
    """All columns of the mart `name`, and those of its key. Raises NoSuchMart."""
    known = dict(marts.execute("SELECT DISTINCT mart_name, grain FROM fb_dictionary").fetchall())
    if name not in known:
        raise NoSuchMart(f"There is no mart called {name!r}. There are: {', '.join(sorted(known))}.")
    try:
        columns = [row[0] for row in marts.execute(f'DESCRIBE "{name}"').fetchall()]
    except duckdb.CatalogException as error:
        raise NoSuchMart(
            f"The mart {name} is not there, since data that it needs was not synced. `freshbooks status` says what."
        ) from error
    keys = [column.strip() for column in known[name].split(",")]
    query = f'SELECT {key_of(keys)}, left(md5(t::VARCHAR), 16) FROM "{name}" t'  # noqa: S608 - names of the dictionary
    return Watched(name, version, " ".join(columns), lambda: dict(marts.execute(query).fetchall())), keys


def key_of(columns: Iterable[str]) -> str:
    """SQL of a row's key; numbers in it stay numbers."""
    quoted = ", ".join(f'"{column}"' for column in columns)
    return f"json_array({quoted})::VARCHAR"


def record(db: sqlite3.Connection, watched: Watched, now: datetime) -> Recorded:
    """Bring the record up to date with what is `watched`, and return the differences.

    `db` holds the write lock since before the marts were opened, so that nothing older is recorded over a newer one.
    """
    row = db.execute(
        "SELECT version, columns, last_seq FROM watched WHERE name = ?", [watched.name]
    ).fetchone()
    if row and row["version"] == watched.version:
        return Recorded(False, False, [])
    found = watched.read()
    known: dict[str, str | None] = {
        key: None if removed else state
        for key, state, removed in db.execute(
            "SELECT key, state, removed_at FROM objects WHERE watched = ?", [watched.name]
        )
    }
    changes = [Change(key, known.get(key), state) for key, state in found.items() if known.get(key) != state]
    changes += [Change(key, state, None) for key, state in known.items() if state and key not in found]
    last = row["last_seq"] if row else 0
    db.execute(
        "INSERT INTO watched VALUES (?, ?, ?, ?, 0) ON CONFLICT (name) DO UPDATE SET "
        "version = excluded.version, columns = excluded.columns, last_seq = excluded.last_seq",
        [watched.name, watched.version, watched.columns, last + len(changes)],
    )
    db.executemany(
        "INSERT INTO objects VALUES (?, ?, ?, ?, ?) ON CONFLICT (watched, key) DO UPDATE SET "
        "state = excluded.state, seq = excluded.seq, removed_at = excluded.removed_at",
        [
            (
                watched.name,
                change.key,
                change.after or "",
                last + number,
                None if change.after else stamp(now),
            )
            for number, change in enumerate(changes, 1)
        ],
    )
    _forget_removals(db, watched.name, now)
    return Recorded(row is None, row is not None and row["columns"] != watched.columns, changes)


def _forget_removals(db: sqlite3.Connection, name: str, now: datetime) -> None:
    old = [name, stamp(now - REMOVALS_KEPT)]
    where = "watched = ? AND removed_at < ?"
    db.execute(
        f"UPDATE watched SET oldest_seq = max(oldest_seq, (SELECT coalesce(max(seq), 0) FROM objects WHERE {where})) "  # noqa: S608
        "WHERE name = ?",
        [*old, name],
    )
    db.execute(f"DELETE FROM objects WHERE {where}", old)  # noqa: S608


class NoSuchMart(HubError):
    """No mart of this name can be exported."""
