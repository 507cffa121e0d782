"""raw.duckdb: typed tables as Airbyte's destinations write them, and each stream's state beside them.

Schema `freshbooks` holds the tables, `freshbooks_sync` the states, a counter that grows with every change of a
row, for each table what the counter was at its last change, and what its last batch was. Rows and the state that
follows them are committed in one transaction, states that follow no new row in one for all streams.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
import orjson

from freshbooks_api.streams import AVAILABILITY
from freshbooks_hub.core.errors import LoadFailed
from freshbooks_hub.sync import batch_sql as sql
from freshbooks_hub.sync import history
from freshbooks_hub.sync.catalog import StreamTable
from freshbooks_hub.sync.history import Outcome
from freshbooks_hub.sync.raw_file import open_raw, raw_errors
from freshbooks_hub.sync.raw_upgrades import upgrade
from freshbooks_hub.sync.repeated_batches import LastBatches, digest_of

SHADOW_PREFIX = "_shadow_"
META_COLUMNS = {
    "_airbyte_raw_id": "VARCHAR",
    "_airbyte_extracted_at": "TIMESTAMP",
    "_airbyte_meta": "JSON",
}


class _NotNew(Exception):
    """Some rows of a batch are not new, or not of the types of their columns."""


@dataclass(frozen=True)
class Written:
    """What one batch did to its table."""

    inserted: int
    updated: int


class RawStore:
    """The one writer of raw.duckdb. Raises LoadFailed, or HomeError when the disk is full."""

    def __init__(self, path: Path, temp_folder: Path) -> None:
        self.path = path
        # By table: whether it was empty when its load began, and nothing but new rows came since.
        self._filling: dict[str, bool] = {}
        # Table to column to type; nobody else writes while this is open.
        self._layout: dict[str, dict[str, str]] | None = None
        self._saved: dict[str, str] = {}
        self._held: dict[str, str] = {}
        self._db = open_raw(path, temp_folder)
        with raw_errors(self.path, "open the raw tables"):
            self._last = LastBatches(self._db)
            for table in self.tables(shadows=True):
                if table.startswith(SHADOW_PREFIX):
                    self._db.execute(f"DROP TABLE {sql.qualified(table)}")
                    self._layout = None
            with self._transaction():
                for table in upgrade(self._db, self._columns()):
                    self._altered(table)

    def close(self) -> None:
        """Checkpoint, so that no write-ahead log stays beside the file, and release the file."""
        try:
            with raw_errors(self.path, "finish the raw tables"):
                self._db.execute("CHECKPOINT")
        finally:
            self._db.close()

    def tables(self, shadows: bool = False) -> list[str]:
        """Names of the raw tables."""
        return [name for name in sorted(self._columns()) if shadows or not name.startswith(SHADOW_PREFIX)]

    def version(self) -> int:
        """A number that grows whenever a raw row or table changes."""
        return self._scalar("SELECT version FROM freshbooks_sync.version")

    def changed_since(self, version: int) -> set[str] | None:
        """The tables that changed after `version`; None when that is not known of every table."""
        rows = dict(self._db.execute("SELECT table_name, version FROM freshbooks_sync.changed").fetchall())
        if not rows.keys() >= set(self.tables()):
            return None  # a file from before changes were kept by table
        return {table for table, changed in rows.items() if changed > version}

    def known_ids(
        self, table: StreamTable, dated: str | None = None
    ) -> dict[str, list[Any] | dict[str, list[Any]]]:
        """The ids of the rows that are not deleted, by business number as text; none for a table without ids.

        With the column `dated`, those of a business are by its day (ISO), "" where a row has none.
        """
        query = sql.known_ids(table, dated)
        if query is None:
            return {}
        rows = self._db.execute(query).fetchall()
        if dated is None:
            return {str(business): ids for business, _, ids in rows}
        by_day: dict[str, list[Any] | dict[str, list[Any]]] = {}
        for business, days in groupby(rows, itemgetter(0)):
            by_day[str(business)] = {day: ids for _, day, ids in days}
        return by_day

    def outcomes(self) -> list[Outcome]:
        """What the source said of each stream of each business; none where it never did."""
        if AVAILABILITY not in self.tables():
            return []
        columns = ", ".join(map(sql.quoted, history.AVAILABILITY_COLUMNS))
        query = f"SELECT {columns} FROM {sql.qualified(AVAILABILITY)}"  # noqa: S608 - our own names
        rows = self._db.execute(query).fetchall()
        return [Outcome(*row) for row in rows]

    def states(self) -> list[dict[str, Any]]:
        """The saved states of all streams, as the source's `--state` wants them."""
        rows = self._db.execute("SELECT stream, state FROM freshbooks_sync.state ORDER BY stream").fetchall()
        self._saved = dict(rows)
        return [orjson.loads(state) for _, state in rows]

    def prepare(self, table: StreamTable, shadow: bool) -> StreamTable:
        """Create the table, or take the one there is (`widen` comes first); a column keeps the type it has.

        With `shadow`, the table returned is a new, empty one that `swap` puts in place of the old.
        """
        with raw_errors(self.path, f"prepare the table {table.name}"), self._transaction():
            if shadow:
                prepared = replace(table, name=SHADOW_PREFIX + table.name)
                self._create(prepared)
                return prepared
            existing = self._columns().get(table.name, {})
            if not existing:
                self._create(table)
                self._bump(table.name)
                return table
            columns = tuple(replace(c, type=existing.get(c.name, c.type)) for c in table.columns)
            return replace(table, columns=columns)

    def widen(self, version: str, tables: Iterable[StreamTable]) -> None:
        """Add what a newer source has learned to the tables that are there, whichever of them are read now.

        The models name every column, and a stream may not be due before they are built. `version`: the source's, of
        which `tables` are; nothing is looked at where that was done.
        """
        if self._db.execute("FROM freshbooks_sync.source").fetchall() == [(version,)]:
            return
        with raw_errors(self.path, "add columns"), self._transaction():
            self._db.execute("DELETE FROM freshbooks_sync.source")
            self._db.execute("INSERT INTO freshbooks_sync.source VALUES (?)", [version])
            existing = self._columns()
            for table in tables:
                for column in table.columns if table.name in existing else ():
                    if column.name not in existing[table.name]:
                        self._db.execute(
                            f"ALTER TABLE {sql.qualified(table.name)} "
                            f"ADD COLUMN {sql.quoted(column.name)} {column.type}"
                        )
                        self._altered(table.name)

    def _columns(self) -> dict[str, dict[str, str]]:
        """Table to column to type."""
        if self._layout is None:
            self._layout = {}
            for table, column, kind in self._db.execute(sql.columns()).fetchall():
                self._layout.setdefault(table, {})[column] = kind
        return self._layout

    def _altered(self, table: str) -> None:
        """A table is another one: what was known of it does not hold."""
        self._layout = None
        self._last.keep(table, None)
        self._bump(table)

    def write(
        self, table: StreamTable, spool: Path, rows: int, longest: int, state: dict[str, Any] | None
    ) -> Written:
        """Merge the `rows` record lines of `spool` and save `state`, in one transaction.

        Where there are none, or the same came last time, `state` waits for `save_held`.
        """
        digest = digest_of(table, spool, rows) if rows else None
        if not rows or self._last.is_repeated(table.name, digest):
            if state is not None:
                self._held[table.name] = orjson.dumps(state).decode()
            return Written(0, 0)
        with raw_errors(self.path, f"load {table.name}"):
            if self._is_filling(table.name):
                try:
                    with self._transaction():
                        self._insert(table, spool, rows, longest)
                        return self._note(table, Written(rows, 0), state, digest)
                except _NotNew:
                    self._filling[table.name] = False
            self._stage(table, spool, rows, longest)
            with self._transaction():
                written = self._note(table, self._merge(table), state, digest)
            self._db.execute("DROP TABLE IF EXISTS batch")
        return written

    def save_held(self) -> None:
        """Save the states that wait, in one transaction; those that say what is saved already stay as they are."""
        changed = {table: text for table, text in self._held.items() if self._saved.get(table) != text}
        self._held = {}
        if changed:
            with raw_errors(self.path, "save the states"), self._transaction():
                for table, text in changed.items():
                    self._save_state(table, text)

    def _is_filling(self, table: str) -> bool:
        if table not in self._filling:
            self._filling[table] = not self._rows(table)
        return self._filling[table]

    def _note(
        self, table: StreamTable, written: Written, state: dict[str, Any] | None, digest: str | None
    ) -> Written:
        if state is not None:
            self._save_state(table.name, orjson.dumps(state).decode())
        # Rows of a shadow count when it is swapped in.
        if not table.name.startswith(SHADOW_PREFIX):
            self._last.keep(table.name, digest)
            if written.inserted or written.updated:
                self._bump(table.name)
        return written

    def swap(self, shadow: StreamTable, state: dict[str, Any] | None) -> Written:
        """Put a completed shadow table in place of the live one and save its state, in one transaction.

        A shadow that says the same as the live table is dropped: nothing changed.
        """
        live = shadow.name.removeprefix(SHADOW_PREFIX)
        with raw_errors(self.path, f"replace the table {live}"), self._transaction():
            if self._same_columns(shadow, live):
                changed = self._scalar(sql.rows_not_in(shadow, shadow.name, live))
                gone = self._scalar(sql.rows_not_in(shadow, live, shadow.name))
                written, differs = Written(0, changed), bool(changed or gone)
            else:
                written, differs = Written(self._rows(shadow.name), 0), True
            if differs:
                self._db.execute(f"DROP TABLE IF EXISTS {sql.qualified(live)}")
                self._db.execute(f"ALTER TABLE {sql.qualified(shadow.name)} RENAME TO {sql.quoted(live)}")
                self._altered(live)
            else:
                self._db.execute(f"DROP TABLE {sql.qualified(shadow.name)}")
                self._layout = None
            if state is not None:
                self._save_state(live, orjson.dumps(state).decode())
        return written

    def count(self, table: str) -> int:
        """Rows of a raw table; 0 if there is none."""
        if table not in self.tables(shadows=True):
            return 0
        return self._rows(table)

    def _insert(self, table: StreamTable, spool: Path, rows: int, longest: int) -> None:
        """Insert rows without staging them, which costs a quarter less; raises _NotNew if that is not enough."""
        last = self._scalar(sql.last_row(table))
        try:
            inserted = self._scalar(sql.insert(table, spool, longest))
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise _NotNew from error
        if inserted != rows or (table.primary_key and self._scalar(sql.any_repeated(table, last))):
            raise _NotNew

    def _stage(self, table: StreamTable, spool: Path, rows: int, longest: int) -> None:
        try:
            self._db.execute(sql.stage(table, spool, longest, typed=True))
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            # Some value does not fit its type: read the batch again as text, note what became NULL.
            self._db.execute(sql.stage(table, spool, longest, typed=False))
        staged = self._scalar("SELECT count(*) FROM batch")
        if staged != rows:
            raise LoadFailed(f"{rows} records of {table.name} were received but {staged} could be read.")
        if table.primary_key:
            self._db.execute(sql.drop_duplicates(table))

    def _merge(self, table: StreamTable) -> Written:
        before = self._rows(table.name)
        # Most batches of a first load meet no stored key, and a plain insert costs half of a merge.
        merges = table.primary_key and before and self._scalar(sql.any_match(table))
        affected = self._scalar(sql.merge(table) if merges else sql.append(table))
        inserted = self._rows(table.name) - before
        return Written(inserted, affected - inserted)

    def _same_columns(self, shadow: StreamTable, live: str) -> bool:
        return self._columns().get(live, {}).keys() == {column.name for column in shadow.columns} | set(
            META_COLUMNS
        )

    def _create(self, table: StreamTable) -> None:
        columns = [f"{sql.quoted(column.name)} {column.type}" for column in table.columns]
        columns += [f"{name} {kind}" for name, kind in META_COLUMNS.items()]
        self._db.execute(f"CREATE TABLE {sql.qualified(table.name)} ({', '.join(columns)})")
        self._layout = None
        if not table.name.startswith(SHADOW_PREFIX):
            self._last.keep(table.name, None)

    def _save_state(self, table: str, text: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO freshbooks_sync.state VALUES (?, ?, now()::TIMESTAMP)", [table, text]
        )
        self._saved[table] = text
        self._held.pop(table, None)

    def _rows(self, table: str) -> int:
        return self._scalar(sql.row_count(table))

    def _bump(self, table: str) -> None:
        self._db.execute("UPDATE freshbooks_sync.version SET version = version + 1")
        self._db.execute(
            "INSERT OR REPLACE INTO freshbooks_sync.changed SELECT ?, version FROM freshbooks_sync.version",
            [table],
        )

    def _scalar(self, statement: str) -> int:
        row = self._db.execute(statement).fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._layout = None
            self._db.execute("ROLLBACK")
            self._last.read()
            raise
        self._db.execute("COMMIT")
