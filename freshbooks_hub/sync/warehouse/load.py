"""Rows of one connection's raw tables into the shared warehouse.

Both sides are compared, so nothing depends on clocks or on what an earlier load remembers: of a table that changed, the
rows of the connection that are in the warehouse and not (any more) in raw.duckdb are deleted, those that are not there
are added. A row is known by `_airbyte_raw_id` and `_airbyte_extracted_at`: a merge changes one of them. All tables of a
load are one transaction, with the record of what was loaded. Whatever is killed or restored, the next load is right. A
table that raw.duckdb does not have (any more) stays as it is: the file may be lost, and be filled again by and by.
"""
# ruff: noqa: S608 - names come from the catalog of raw.duckdb and are quoted; no value is put into SQL

from __future__ import annotations

import json
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from freshbooks_hub.core.errors import LoadFailed, disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import plural, stream_label
from freshbooks_hub.sync.batch_sql import literal, qualified, quoted
from freshbooks_hub.sync.warehouse.address import Warehouse
from freshbooks_hub.sync.warehouse.copy_lines import CopyLines, line_value
from freshbooks_hub.sync.warehouse.tables import OWNER, prepare

REASON_LENGTH = 300


@dataclass(frozen=True)
class Loaded:
    """What a load did; `set_aside`: rows of a table that PostgreSQL would not take."""

    added: int = 0
    deleted: int = 0
    tables: list[str] = field(default_factory=list)
    set_aside: dict[str, int] = field(default_factory=dict)

    def warnings(self) -> list[str]:
        """A sentence for each table with rows that could not be loaded."""
        return [
            f"{stream_label(table)}: {plural(rows, 'row')} could not be loaded into the warehouse, because PostgreSQL "
            "does not take a value in them; freshbooks_sync.set_aside names each."
            for table, rows in self.set_aside.items()
        ]


def connection_id(home: Home) -> str:
    """By which the warehouse knows this connection's rows: made once, and kept in its home."""
    path = home.root / "warehouse.json"
    try:
        return str(json.loads(path.read_bytes())["connection"])
    except (OSError, ValueError, KeyError):
        made = str(uuid.uuid4())
        with disk_errors(home.root):
            write_private(path, json.dumps({"connection": made}).encode())
        return made


def load(home: Home, warehouse: Warehouse) -> Loaded:
    """Bring the warehouse's rows of this connection up to its raw tables. The caller holds the sync lock.

    Raises WarehouseFailed, LoadFailed or HomeError; the warehouse is as it was then.
    """
    connection = connection_id(home)
    with disk_errors(home.run), tempfile.TemporaryDirectory(dir=home.run) as folder, _raw(home) as raw:
        tables = _tables(raw)
        contents = {table: _content(raw, table) for table in tables}
        with warehouse.connect() as db:
            prepare(db, tables)
            with db.cursor() as cursor:
                # Another load of the same connection, from a copy of its home, waits.
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [connection])
                cursor.execute(
                    "SELECT table_name, content FROM freshbooks_sync.loaded WHERE connection = %s",
                    [connection],
                )
                known = dict(cursor.fetchall())
                changed = [table for table in tables if known.get(table) != contents[table]]
                done = Loaded(tables=changed)
                for table in changed:
                    move = _Move(raw, cursor, connection, table, list(tables[table]), Path(folder))
                    done = _sum(done, move.run(is_known=table in known))
                    _note(cursor, connection, table, contents[table], raw)
            db.commit()
    return done


def forget(home: Home, warehouse: Warehouse) -> int:
    """Delete all rows of this connection from the warehouse; how many. The marts are without them at the next build."""
    connection, deleted = connection_id(home), 0
    with warehouse.connect() as db, db.cursor() as cursor:
        cursor.execute(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'freshbooks' AND column_name = %s "
            "OR table_schema = 'freshbooks_sync' AND column_name = 'connection' ORDER BY 1, 2",
            [OWNER],
        )
        for schema, table, column in cursor.fetchall():
            cursor.execute(
                f"DELETE FROM {quoted(schema)}.{quoted(table)} WHERE {quoted(column)} = %s", [connection]
            )
            deleted += cursor.rowcount if schema == "freshbooks" else 0
        db.commit()
    return deleted


class _Move:
    """One changed table."""

    def __init__(
        self,
        raw: duckdb.DuckDBPyConnection,
        cursor: Any,
        connection: str,
        table: str,
        columns: list[str],
        folder: Path,
    ) -> None:
        self._raw, self._cursor, self._connection = raw, cursor, connection
        self._table, self._columns, self._folder = table, columns, folder
        self._set_aside = 0

    def run(self, is_known: bool) -> Loaded:
        self._cursor.execute(
            "DELETE FROM freshbooks_sync.set_aside WHERE connection = %s AND table_name = %s",
            [self._connection, self._table],
        )
        deleted = self._compare() if is_known else self._take_all()
        rows = _scalar(self._raw, "SELECT count(*) FROM fresh")
        if rows:
            self._copy(0, rows)
        aside = {self._table: self._set_aside} if self._set_aside else {}
        return Loaded(rows - self._set_aside, deleted, [], aside)

    def _take_all(self) -> int:
        """All rows are fresh; those of a load whose record is gone are deleted."""
        self._fresh("true")
        self._cursor.execute(f"DELETE FROM {qualified(self._table)} WHERE {OWNER} = %s", [self._connection])
        return int(self._cursor.rowcount)

    def _compare(self) -> int:
        """Make the DuckDB table `fresh` of the rows to add, and delete those that are to go; how many went."""
        kept = self._folder / "kept.tsv"
        with kept.open("wb") as file:
            mine = self._cursor.mogrify("%s", [self._connection]).decode()
            self._cursor.copy_expert(
                "COPY (SELECT _airbyte_raw_id, (extract(epoch FROM _airbyte_extracted_at) * 1000000)::bigint "
                f"FROM {qualified(self._table)} WHERE {OWNER} = {mine}) TO STDOUT",
                file,
            )
        self._raw.execute(
            "CREATE OR REPLACE TEMP TABLE kept AS FROM read_csv(?, delim = '\t', header = false, quote = '', "
            "columns = {'raw_id': 'VARCHAR', 'micros': 'BIGINT'})",
            [str(kept)],
        )
        same = "kept.raw_id = r._airbyte_raw_id AND kept.micros = epoch_us(r._airbyte_extracted_at)"
        self._fresh(f"NOT EXISTS (SELECT 1 FROM kept WHERE {same})")
        gone = self._raw.execute(
            f"SELECT raw_id FROM kept WHERE NOT EXISTS (SELECT 1 FROM raw.{qualified(self._table)} AS r WHERE {same})"
        )
        self._cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS gone (raw_id text) ON COMMIT DROP; TRUNCATE gone"
        )
        self._cursor.copy_expert("COPY gone FROM STDIN", CopyLines(gone))
        self._cursor.execute(
            f"DELETE FROM {qualified(self._table)} AS t USING gone "
            f"WHERE t.{OWNER} = %s AND t._airbyte_raw_id = gone.raw_id",
            [self._connection],
        )
        return int(self._cursor.rowcount)

    def _fresh(self, condition: str) -> None:
        """The rows to add as `fresh`: their number from 0, their id, and their line for COPY."""
        kinds = dict(self._raw.execute(_columns_of(self._table)).fetchall())
        values = " || chr(9) || ".join(line_value(name, kinds[name]) for name in self._columns)
        self._raw.execute(
            "CREATE OR REPLACE TEMP TABLE fresh AS SELECT row_number() OVER () - 1 AS number, "
            f"_airbyte_raw_id AS raw_id, {values} || chr(9) || {literal(self._connection)} AS line "
            f"FROM raw.{qualified(self._table)} AS r WHERE {condition}"
        )

    def _copy(self, first: int, end: int) -> None:
        """Copy the fresh rows from `first` to before `end`; a row that PostgreSQL does not take is set aside alone."""
        from psycopg2 import DataError

        names = ", ".join([*map(quoted, self._columns), OWNER])
        rows = self._raw.execute(
            "SELECT line FROM fresh WHERE number >= ? AND number < ? ORDER BY number", [first, end]
        )
        self._cursor.execute("SAVEPOINT rows")
        try:
            self._cursor.copy_expert(f"COPY {qualified(self._table)} ({names}) FROM STDIN", CopyLines(rows))
            self._cursor.execute("RELEASE SAVEPOINT rows")
        except DataError as error:
            self._cursor.execute("ROLLBACK TO SAVEPOINT rows")
            if end - first > 1:
                middle = (first + end) // 2
                self._copy(first, middle)
                self._copy(middle, end)
                return
            (raw_id,) = self._raw.execute("SELECT raw_id FROM fresh WHERE number = ?", [first]).fetchall()[0]
            self._cursor.execute(
                "INSERT INTO freshbooks_sync.set_aside (connection, table_name, raw_id, reason) "
                "VALUES (%s, %s, %s, %s)",
                [self._connection, self._table, raw_id, str(error.diag.message_primary)[:REASON_LENGTH]],
            )
            self._set_aside += 1


def _raw(home: Home) -> duckdb.DuckDBPyConnection:
    """A database of our own with the raw tables attached as `raw`, read-only. Raises LoadFailed."""
    db = duckdb.connect(
        config={"memory_limit": "512MB", "threads": 2, "temp_directory": str(home.run / "duckdb")}
    )
    try:
        db.execute("SET TimeZone = 'UTC'")
        db.execute("SET enable_progress_bar = false")
        db.execute(f"ATTACH {literal(str(home.raw))} AS raw (READ_ONLY)")
    except duckdb.Error as error:
        db.close()
        raise LoadFailed(f"The raw tables cannot be read: {str(error).splitlines()[0]}") from error
    return db


def _tables(raw: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Table to column to DuckDB's type."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in raw.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'raw' AND schema_name = 'freshbooks' ORDER BY table_name, column_index"
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return {table: columns for table, columns in found.items() if not table.startswith("_shadow_")}


def _columns_of(table: str) -> str:
    return (
        "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = 'raw' "
        f"AND schema_name = 'freshbooks' AND table_name = {literal(table)}"
    )


def _content(raw: duckdb.DuckDBPyConnection, table: str) -> str:
    """Changes whenever a row of the table does; DuckDB's hash may be another in another version of it.

    Of one text for each row: hashes of two columns are combined by xor, so equal changes of two rows would cancel out.
    """
    row = raw.execute(
        "SELECT count(*), bit_xor(hash(_airbyte_raw_id || ' ' || epoch_us(_airbyte_extracted_at))) "
        f"FROM raw.{qualified(table)}"
    ).fetchone()
    return " ".join(map(str, row or ()))


def _note(cursor: Any, connection: str, table: str, content: str, raw: duckdb.DuckDBPyConnection) -> None:
    rows = _scalar(raw, f"SELECT count(*) FROM raw.{qualified(table)}")
    cursor.execute(
        "INSERT INTO freshbooks_sync.loaded (connection, table_name, content, row_count) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (connection, table_name) DO UPDATE "
        "SET content = excluded.content, row_count = excluded.row_count, loaded_at = now()",
        [connection, table, content, rows],
    )


def _sum(one: Loaded, other: Loaded) -> Loaded:
    return Loaded(
        one.added + other.added, one.deleted + other.deleted, one.tables, one.set_aside | other.set_aside
    )


def _scalar(db: duckdb.DuckDBPyConnection, query: str) -> int:
    row = db.execute(query).fetchone()
    return int(row[0]) if row else 0
