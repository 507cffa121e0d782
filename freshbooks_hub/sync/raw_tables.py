"""The file raw.duckdb: how it is opened, which tables it has in which columns, when each changed, what its errors mean.

What tables of earlier versions lack is added, and no row is removed. A new column of a key is filled for the rows there
are: one whose key is null would never be replaced by what is read anew. A column that the models name is added for
builds that come before the next sync.
"""
# ruff: noqa: S608 - our own names

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from freshbooks_hub.core.errors import HomeError, LoadFailed
from freshbooks_hub.sync import batch_sql as sql
from freshbooks_hub.sync.catalog import StreamTable
from freshbooks_hub.sync.repeated_batches import LastBatches

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
SHADOW_PREFIX = "_shadow_"
META_COLUMNS = {
    "_airbyte_raw_id": "VARCHAR",
    "_airbyte_extracted_at": "TIMESTAMP",
    "_airbyte_meta": "JSON",
}
# Rows that DuckDB keeps together. As many and more in a batch go to the table at once, and not through the log to a
# checkpoint at the end; by default 122,880, which no batch has.
ROW_GROUP = 10_240
# Reports that were read on one basis alone, the one that FreshBooks takes unasked (freshbooks-api.md 3.10).
WITH_BASIS = ("report_profit_and_loss", "report_tax_summary")
LATER = {**dict.fromkeys(WITH_BASIS, ("basis", "VARCHAR")), "invoice_profiles": ("next_issue_date", "DATE")}


def open_raw(path: Path, temp_folder: Path) -> duckdb.DuckDBPyConnection:
    """The file, made if there is none, with its schemas. Raises as `raw_errors`."""
    with raw_errors(path, "open the raw tables"):
        db = duckdb.connect(
            config={
                "memory_limit": "512MB",
                "threads": 2,
                # The default writes every batch twice, to the log and at once to the table.
                "wal_autocheckpoint": "256MB",
                "temp_directory": str(temp_folder),
            },
        )
        db.execute(f"ATTACH {sql.literal(str(path))} AS raw (TYPE duckdb, ROW_GROUP_SIZE {ROW_GROUP})")
        db.execute("USE raw")
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


class RawTables:
    """The tables of the open file; nobody else writes it meanwhile. `last`: the last batch of each."""

    def __init__(self, path: Path, db: duckdb.DuckDBPyConnection) -> None:
        self._path, self._db = path, db
        self.last = LastBatches(db)
        self._columns: dict[str, dict[str, str]] | None = None

    def names(self, shadows: bool = False) -> list[str]:
        """Names of the raw tables."""
        return [name for name in sorted(self.columns()) if shadows or not name.startswith(SHADOW_PREFIX)]

    def columns(self) -> dict[str, dict[str, str]]:
        """Table to column to type."""
        if self._columns is None:
            self._columns = {}
            for table, column, kind in self._db.execute(sql.columns()).fetchall():
                self._columns.setdefault(table, {})[column] = kind
        return self._columns

    def count(self, table: str) -> int:
        """Rows of a raw table; 0 if there is none."""
        if table not in self.columns():
            return 0
        row = self._db.execute(sql.row_count(table)).fetchone()
        return int(row[0]) if row else 0

    def version(self) -> int:
        """A number that grows whenever a raw row or table changes."""
        row = self._db.execute("SELECT version FROM freshbooks_sync.version").fetchone()
        return int(row[0]) if row else 0

    def changed_since(self, version: int) -> set[str] | None:
        """The tables that changed after `version`; None when that is not known of every table."""
        rows = dict(self._db.execute("SELECT table_name, version FROM freshbooks_sync.changed").fetchall())
        if not rows.keys() >= set(self.names()):
            return None  # a file from before changes were kept by table
        return {table for table, changed in rows.items() if changed > version}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that the block writes, or nothing."""
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._columns = None
            self._db.execute("ROLLBACK")
            self.last.read()
            raise
        self._db.execute("COMMIT")

    def create(self, table: StreamTable) -> None:
        """A new, empty table."""
        columns = [f"{sql.quoted(column.name)} {column.type}" for column in table.columns]
        columns += [f"{name} {kind}" for name, kind in META_COLUMNS.items()]
        self._db.execute(f"CREATE TABLE {sql.qualified(table.name)} ({', '.join(columns)})")
        self._columns = None
        if not table.name.startswith(SHADOW_PREFIX):
            self.last.keep(table.name, None)

    def replace(self, live: str, shadow: str) -> None:
        """Put the table `shadow` in place of `live`."""
        self._db.execute(f"DROP TABLE IF EXISTS {sql.qualified(live)}")
        self._db.execute(f"ALTER TABLE {sql.qualified(shadow)} RENAME TO {sql.quoted(live)}")
        self._altered(live)

    def drop_shadow(self, shadow: str) -> None:
        """It counts for nothing."""
        self._db.execute(f"DROP TABLE {sql.qualified(shadow)}")
        self._columns = None

    def rows_changed(self, table: str) -> None:
        """Count a change."""
        self._db.execute("UPDATE freshbooks_sync.version SET version = version + 1")
        self._db.execute(
            "INSERT OR REPLACE INTO freshbooks_sync.changed SELECT ?, version FROM freshbooks_sync.version",
            [table],
        )

    def upgrade(self) -> None:
        """Add what a merge or dbt needs and earlier versions did not make."""
        columns = self.columns()
        lacking = [
            table for table, (column, _) in LATER.items() if column not in columns.get(table, {column: ""})
        ]
        for table in lacking:
            column, kind = LATER[table]
            name = sql.qualified(table)
            self._db.execute(f"ALTER TABLE {name} ADD COLUMN {sql.quoted(column)} {kind}")
            if table in WITH_BASIS:
                is_cash = "coalesce(cash_based, false)" if "cash_based" in columns[table] else "false"
                self._db.execute(
                    f"UPDATE {name} SET basis = CASE WHEN {is_cash} THEN 'cash' ELSE 'accrual' END"
                )
            self._altered(table)

    def widen(self, version: str, tables: Iterable[StreamTable]) -> None:
        """Add what a newer source has learned to the tables that are there, whichever of them are read now.

        The models name every column, and a stream may not be due before they are built. `version`: the source's, of
        which `tables` are; nothing is looked at where that was done.
        """
        if self._db.execute("FROM freshbooks_sync.source").fetchall() == [(version,)]:
            return
        with raw_errors(self._path, "add columns"), self.transaction():
            self._db.execute("DELETE FROM freshbooks_sync.source")
            self._db.execute("INSERT INTO freshbooks_sync.source VALUES (?)", [version])
            existing = self.columns()
            for table in tables:
                for column in table.columns if table.name in existing else ():
                    if column.name not in existing[table.name]:
                        self._db.execute(
                            f"ALTER TABLE {sql.qualified(table.name)} "
                            f"ADD COLUMN {sql.quoted(column.name)} {column.type}"
                        )
                        self._altered(table.name)

    def _altered(self, table: str) -> None:
        """A table is another one: what was known of it does not hold."""
        self._columns = None
        self.last.keep(table, None)
        self.rows_changed(table)
