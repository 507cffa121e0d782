"""`freshbooks export`: the rows of a mart that changed after a token, each with the token to go on from.

At least once, each row as it is now, in the order of the changes. A row without a mark of its change would be lost to
whoever stops in the middle; so each row carries its token, and the last one stored is the one to continue with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.events.changes import key_of, mart, record, version_of
from freshbooks_hub.events.layout import events_file
from freshbooks_hub.marts.open import check_published, open_marts
from freshbooks_hub.marts.rows import money_writer

CHANGED, REMOVED = "changed", "removed"
TOKEN = re.compile(r"([0-9a-f]{8})\.([a-z_]+)\.(\d{1,18})")
BATCH = 5000


class TokenUnknown(HubError):
    """A token that was not issued here for this mart."""


class TokenTooOld(HubError):
    """What was removed after this token is not known any more."""


@dataclass(frozen=True)
class Feed:
    """Rows in the order of `columns`, whose first two are the change (changed, removed) and the token.

    A removed row has its key alone. `token`: the one to go on from when all `count` rows are stored.
    """

    columns: list[str]
    rows: Iterator[tuple[Any, ...]]
    token: str
    count: int


@contextmanager
def changed_rows(home: Home, name: str, since: str | None, now: datetime) -> Iterator[Feed]:
    """Changes in the mart `name` after the token `since`; without one, all its rows.

    The rows are read while the block runs, all of one publication. Raises NoMarts, NoSuchMart, TokenUnknown,
    TokenTooOld, HomeError.
    """
    check_published(home.marts)
    with ExitStack() as opened:
        with events_file(home) as db:  # its lock first: see `record`
            version = version_of(home.marts)
            marts = opened.enter_context(open_marts(home.marts))
            watched, keys = mart(marts, name, version)
            record(db, watched, now)
            (own,) = db.execute("SELECT id FROM record").fetchone()
            prefix = f"{own}.{name}."
            last, oldest = db.execute(
                "SELECT last_seq, oldest_seq FROM watched WHERE name = ?", [name]
            ).fetchone()
            after = _number(since, prefix, last, oldest) if since else 0
            changes = db.execute(
                "SELECT seq, key FROM objects WHERE watched = ? AND seq > ? AND (? OR removed_at IS NULL)",
                [name, after, since is not None],
            ).fetchall()
        columns, rows = _rows(marts, name, keys, [tuple(change) for change in changes])
        marked = ((change, f"{prefix}{seq}", *row) for change, seq, *row in rows)
        yield Feed(["change", "token", *columns], marked, f"{prefix}{last}", len(changes))


def _rows(
    marts: duckdb.DuckDBPyConnection, name: str, keys: list[str], changes: list[tuple[int, str]]
) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """The mart's columns; and of each change what it was, its number and the row, or what is known of one removed."""
    cursor = marts.execute(
        "WITH changes AS (SELECT unnest(?::BIGINT[]) AS seq, unnest(?::VARCHAR[]) AS key), "  # noqa: S608 - names of ours
        f'found AS (SELECT {key_of(keys)} AS key, t AS found FROM "{name}" t) '
        "SELECT seq, key, found IS NULL, unnest(found) FROM changes LEFT JOIN found USING (key) ORDER BY seq",
        [[seq for seq, _ in changes], [key for _, key in changes]],
    )
    described = (cursor.description or [])[3:]
    columns, written = [column[0] for column in described], money_writer(described)

    def rows() -> Iterator[tuple[Any, ...]]:
        while batch := cursor.fetchmany(BATCH):
            for seq, key, removed, *row in batch:
                if removed:
                    known = dict(zip(keys, json.loads(key), strict=True))
                    yield REMOVED, seq, *(known.get(column) for column in columns)
                else:
                    yield CHANGED, seq, *written(tuple(row))

    return columns, rows()


def _number(token: str, prefix: str, last: int, oldest: int) -> int:
    again = "Start again without --since, and replace what you have"
    if not TOKEN.fullmatch(token) or not token.startswith(prefix):
        raise TokenUnknown(f"This token is not one of this mart and this connection. {again}.")
    number = int(token.removeprefix(prefix))
    if number > last:
        raise TokenUnknown(f"This token is newer than everything recorded here. {again}.")
    if number < oldest:
        raise TokenTooOld(
            f"Rows were removed after this token and before the 90 days that are kept. {again}."
        )
    return number
