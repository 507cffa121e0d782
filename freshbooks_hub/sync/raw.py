"""raw.duckdb: typed tables as Airbyte's destinations write them, and each stream's state beside them.

Schema `freshbooks` holds the tables, `freshbooks_sync` the states, a counter that grows with every change of a
row, for each table what the counter was at its last change, and what its last batch was. Rows and the state that
follows them are committed in one transaction, states that follow no new row in one for all streams.
"""

from __future__ import annotations

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
from freshbooks_hub.sync.raw_tables import META_COLUMNS, SHADOW_PREFIX, RawTables, open_raw, raw_errors
from freshbooks_hub.sync.repeated_batches import digest_of


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
        self._saved: dict[str, str] = {}
        self._held: dict[str, str] = {}
        self._db = open_raw(path, temp_folder)
        with raw_errors(self.path, "open the raw tables"):
            self.tables = RawTables(self.path, self._db)
            for table in self.tables.names(shadows=True):
                if table.startswith(SHADOW_PREFIX):
                    self.tables.drop_shadow(table)
            with self.tables.transaction():
                self.tables.upgrade()

    def close(self) -> None:
        """Checkpoint, so that no write-ahead log stays beside the file, and release the file."""
        try:
            with raw_errors(self.path, "finish the raw tables"):
                self._db.execute("CHECKPOINT")
        finally:
            self._db.close()

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
        if AVAILABILITY not in self.tables.names():
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
        with raw_errors(self.path, f"prepare the table {table.name}"), self.tables.transaction():
            if shadow:
                prepared = replace(table, name=SHADOW_PREFIX + table.name)
                self.tables.create(prepared)
                return prepared
            existing = self.tables.columns().get(table.name, {})
            if not existing:
                self.tables.create(table)
                self.tables.rows_changed(table.name)
                return table
            columns = tuple(replace(c, type=existing.get(c.name, c.type)) for c in table.columns)
            return replace(table, columns=columns)

    def write(
        self, table: StreamTable, spool: Path, rows: int, longest: int, state: dict[str, Any] | None
    ) -> Written:
        """Merge the `rows` record lines of `spool` and save `state`, in one transaction.

        Where there are none, or the same came last time, `state` waits for `save_held`.
        """
        digest = digest_of(table, spool, rows) if rows else None
        if not rows or self.tables.last.is_repeated(table.name, digest):
            if state is not None:
                self._held[table.name] = orjson.dumps(state).decode()
            return Written(0, 0)
        with raw_errors(self.path, f"load {table.name}"):
            if self._is_filling(table.name):
                try:
                    with self.tables.transaction():
                        self._insert(table, spool, rows, longest)
                        return self._note(table, Written(rows, 0), state, digest)
                except _NotNew:
                    self._filling[table.name] = False
            self._stage(table, spool, rows, longest)
            with self.tables.transaction():
                written = self._note(table, self._merge(table), state, digest)
            self._db.execute("DROP TABLE IF EXISTS batch")
        return written

    def save_held(self) -> None:
        """Save the states that wait, in one transaction; those that say what is saved already stay as they are."""
        changed = {table: text for table, text in self._held.items() if self._saved.get(table) != text}
        self._held = {}
        if changed:
            with raw_errors(self.path, "save the states"), self.tables.transaction():
                for table, text in changed.items():
                    self._save_state(table, text)

    def _is_filling(self, table: str) -> bool:
        if table not in self._filling:
            self._filling[table] = not self.tables.count(table)
        return self._filling[table]

    def _note(
        self, table: StreamTable, written: Written, state: dict[str, Any] | None, digest: str | None
    ) -> Written:
        if state is not None:
            self._save_state(table.name, orjson.dumps(state).decode())
        # Rows of a shadow count when it is swapped in.
        if not table.name.startswith(SHADOW_PREFIX):
            self.tables.last.keep(table.name, digest)
            if written.inserted or written.updated:
                self.tables.rows_changed(table.name)
        return written

    def swap(self, shadow: StreamTable, state: dict[str, Any] | None) -> Written:
        """Put a completed shadow table in place of the live one and save its state, in one transaction.

        A shadow that says the same as the live table is dropped: nothing changed.
        """
        live = shadow.name.removeprefix(SHADOW_PREFIX)
        with raw_errors(self.path, f"replace the table {live}"), self.tables.transaction():
            columns = {*META_COLUMNS, *(column.name for column in shadow.columns)}
            if self.tables.columns().get(live, {}).keys() == columns:
                changed = self._scalar(sql.rows_not_in(shadow, shadow.name, live))
                gone = self._scalar(sql.rows_not_in(shadow, live, shadow.name))
                written, differs = Written(0, changed), bool(changed or gone)
            else:
                written, differs = Written(self.tables.count(shadow.name), 0), True
            if differs:
                self.tables.replace(live, shadow.name)
            else:
                self.tables.drop_shadow(shadow.name)
            if state is not None:
                self._save_state(live, orjson.dumps(state).decode())
        return written

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
        before = self.tables.count(table.name)
        # Most batches of a first load meet no stored key, and a plain insert costs half of a merge.
        merges = table.primary_key and before and self._scalar(sql.any_match(table))
        affected = self._scalar(sql.merge(table) if merges else sql.append(table))
        inserted = self.tables.count(table.name) - before
        return Written(inserted, affected - inserted)

    def _save_state(self, table: str, text: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO freshbooks_sync.state VALUES (?, ?, now()::TIMESTAMP)", [table, text]
        )
        self._saved[table] = text
        self._held.pop(table, None)

    def _scalar(self, statement: str) -> int:
        row = self._db.execute(statement).fetchone()
        return int(row[0]) if row else 0
