"""The raw tables in the warehouse: those of raw.duckdb, with the connection that each row is of.

Schema `freshbooks` holds them, as a loader with lower-case names writes them (docs/warehouses.md); `freshbooks_sync`
holds, for each connection and table, what was loaded, and the rows that PostgreSQL would not take.
"""

from __future__ import annotations

from typing import Any

from freshbooks_hub.sync.batch_sql import qualified, quoted
from freshbooks_hub.sync.warehouse.address import WarehouseFailed

OWNER = "_freshbooks_connection"
TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DECIMAL(38,9)": "numeric(38, 9)",
    "JSON": "jsonb",
    "TIMESTAMP": "timestamp with time zone",
    "VARCHAR": "text",
}
# Of the advisory lock under which tables are made and widened, for many connections may want the same one.
_LAYOUT = 7_304_112

_OURS = """
    CREATE SCHEMA IF NOT EXISTS freshbooks;
    CREATE SCHEMA IF NOT EXISTS freshbooks_sync;
    CREATE TABLE IF NOT EXISTS freshbooks_sync.loaded (
        connection text NOT NULL,
        table_name text NOT NULL,
        content text NOT NULL,
        row_count bigint NOT NULL,
        loaded_at timestamp with time zone NOT NULL DEFAULT now(),
        PRIMARY KEY (connection, table_name)
    );
    CREATE TABLE IF NOT EXISTS freshbooks_sync.set_aside (
        connection text NOT NULL,
        table_name text NOT NULL,
        raw_id text NOT NULL,
        reason text NOT NULL,
        noticed_at timestamp with time zone NOT NULL DEFAULT now(),
        PRIMARY KEY (connection, table_name, raw_id)
    );
"""


def prepare(db: Any, tables: dict[str, dict[str, str]]) -> None:
    """Make what is missing, and commit: `tables` has DuckDB's columns and types of each. Raises WarehouseFailed.

    A column keeps the type that it has. Tables of another loader are left alone: whose rows are whose is not known.
    """
    with db.cursor() as cursor:
        wanted = {(table, name) for table, columns in tables.items() for name in [*columns, OWNER]}
        if not wanted - _existing(cursor):
            return
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LAYOUT])
        cursor.execute(_OURS)
        existing = _existing(cursor)
        for table, columns in tables.items():
            there = {column for name, column in existing if name == table}
            if there and OWNER not in there:
                raise WarehouseFailed(
                    f"freshbooks.{table} in the warehouse was made by another loader. Give this one a database of "
                    "its own."
                )
            if not there:
                cursor.execute(_create(table, columns))
            for name in columns.keys() - there if there else ():
                kind = TYPES.get(columns[name], "text")
                cursor.execute(f"ALTER TABLE {qualified(table)} ADD COLUMN {quoted(name)} {kind}")
    db.commit()


def _existing(cursor: Any) -> set[tuple[str, str]]:
    """Table and column of schema `freshbooks`; none before both schemas are there."""
    cursor.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'freshbooks' "
        "AND to_regclass('freshbooks_sync.set_aside') IS NOT NULL"
    )
    return set(cursor.fetchall())


def _create(table: str, columns: dict[str, str]) -> str:
    defined = [f"{quoted(name)} {TYPES.get(kind, 'text')}" for name, kind in columns.items()]
    key = f"PRIMARY KEY ({OWNER}, _airbyte_raw_id)"
    return f"CREATE TABLE {qualified(table)} ({', '.join([*defined, f'{OWNER} text NOT NULL', key])})"
