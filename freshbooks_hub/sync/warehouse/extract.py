"""A tenant's marts out of the shared warehouse, as the file `freshbooks.duckdb` that pages and agents read."""
# ruff: noqa: S608 - names come from the catalog of PostgreSQL and are quoted; business ids are numbers

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from freshbooks_hub.core.errors import TransformFailed, disk_errors
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.batch_sql import literal, quoted
from freshbooks_hub.sync.refresh import publish
from freshbooks_hub.sync.warehouse.address import Warehouse

TYPES = {
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "double precision": "DOUBLE",
    "integer": "INTEGER",
    "jsonb": "JSON",
    "text": "VARCHAR",
    "timestamp without time zone": "TIMESTAMP",
}
# Of one row of a mart; the longest texts are bodies of odd rows.
LINE_BYTES = 64 * 1024 * 1024
_DECIMAL = re.compile(r"numeric\((\d+),(\d+)\)")


@dataclass(frozen=True)
class Column:
    """A column of a mart, in DuckDB's type; `comment` is its description."""

    name: str
    type: str
    required: bool
    comment: str | None

    def defined(self) -> str:
        return f"{quoted(self.name)} {self.type}{' NOT NULL' if self.required else ''}"


@dataclass(frozen=True)
class Extracted:
    """Marts of a tenant that were published. `as_of_date` is theirs; `build` names the build that they are of."""

    as_of_date: str
    build: str


def businesses_of(raw: Path) -> list[int]:
    """The businesses in the raw tables of a connection; none where there are no raw tables yet."""
    try:
        with duckdb.connect(raw, read_only=True) as db:
            rows = db.execute(
                "SELECT DISTINCT business_id FROM freshbooks.businesses WHERE business_id IS NOT NULL"
            ).fetchall()
    except duckdb.Error:
        return []
    return [int(business) for (business,) in rows]


def extract(
    home: Home, warehouse: Warehouse, businesses: Iterable[int], earlier: str | None = None
) -> Extracted | None:
    """Publish the marts of these businesses in `home`; None where there is nothing to publish.

    That is so before the first build that has all of the businesses, and where `earlier` is the build that is there.
    The caller holds the sync lock. Raises WarehouseFailed, TransformFailed or HomeError; the earlier file stays then.
    """
    ids = sorted(set(businesses))
    with warehouse.connect() as db, db.cursor() as cursor:
        build = _locked(cursor, warehouse.place)
        if not ids or build is None or build == earlier:
            return None
        days = _as_of_days(cursor, ids)
        if days.keys() != set(ids):
            return None
        new = home.run / "marts_extract.duckdb"
        with disk_errors(home.run), tempfile.TemporaryDirectory(dir=home.run) as folder:
            new.unlink(missing_ok=True)
            _write(cursor, new, ids, Path(folder))
    publish(new, home.marts)
    return Extracted(max(days.values()), build)


def _locked(cursor: Any, place: str) -> str | None:
    """Hold the marts that are published now until the end of the transaction; None where there are none.

    Each build's marts are tables of their own, never changed after they are published: whoever holds all of them reads
    one build. The swap takes its locks in the same order.
    """
    cursor.execute(
        "SELECT string_agg(format('marts.%I', relname), ', ' ORDER BY relname) FROM pg_class "
        "WHERE relnamespace = to_regnamespace('marts') AND relkind = 'r'"
    )
    (names,) = cursor.fetchone()
    if not names:
        return None
    cursor.execute(f"LOCK TABLE {names} IN ACCESS SHARE MODE")
    # Each build's schema is another one.
    cursor.execute("SELECT to_regnamespace('marts')::oid")
    return f"warehouse {place} {cursor.fetchone()[0]}"


def _as_of_days(cursor: Any, ids: list[int]) -> dict[int, str]:
    """Business to its as-of day, of those that the marts know."""
    cursor.execute(
        "SELECT business_id, max(as_of_date)::text FROM marts.fb_freshness WHERE business_id = ANY(%s) GROUP BY 1",
        [ids],
    )
    return dict(cursor.fetchall())


def _write(cursor: Any, new: Path, ids: list[int], folder: Path) -> None:
    chosen = ", ".join(map(str, ids))
    try:
        with duckdb.connect() as made:
            made.execute("SET TimeZone = 'UTC'")
            made.execute("SET enable_progress_bar = false")
            # As dbt's profile has it: DuckDB 1.4 and later can open the file.
            made.execute(f"ATTACH {literal(str(new))} AS made (STORAGE_VERSION 'v1.2.0')")
            made.execute("CREATE SCHEMA made.marts")
            for table, comment in _marts(cursor):
                columns = _columns(cursor, table)
                target = f"made.marts.{quoted(table)}"
                made.execute(f"CREATE TABLE {target} ({', '.join(column.defined() for column in columns)})")
                _comment(made, "TABLE", target, comment)
                for column in columns:
                    _comment(made, "COLUMN", f"{target}.{quoted(column.name)}", column.comment)
                is_tenants = any(column.name == "business_id" for column in columns)
                where = f" WHERE business_id IN ({chosen})" if is_tenants else ""
                rows = folder / "rows.csv"
                with rows.open("wb") as file:
                    names = ", ".join(quoted(column.name) for column in columns)
                    query = f"SELECT {names} FROM marts.{quoted(table)}{where}"
                    cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)", file)
                types = ", ".join(f"{literal(column.name)}: {literal(column.type)}" for column in columns)
                made.execute(
                    f"INSERT INTO {target} FROM read_csv({literal(str(rows))}, header = false, delim = ',', "
                    "quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, auto_detect = false, "
                    f"max_line_size = {LINE_BYTES}, columns = {{{types}}})"
                )
    except duckdb.Error as error:
        raise TransformFailed(
            f"The marts of the warehouse could not be copied: {str(error).splitlines()[0]} "
            "The earlier marts are unchanged."
        ) from error


def _marts(cursor: Any) -> list[tuple[str, str | None]]:
    """Name and description of each."""
    cursor.execute(
        "SELECT relname, obj_description(oid, 'pg_class') FROM pg_class "
        "WHERE relnamespace = to_regnamespace('marts') AND relkind = 'r' ORDER BY relname"
    )
    return list(cursor.fetchall())


def _columns(cursor: Any, table: str) -> list[Column]:
    cursor.execute(
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull, col_description(attrelid, attnum) "
        "FROM pg_attribute WHERE attrelid = format('marts.%%I', %s::text)::regclass "
        "AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [table],
    )
    return [
        Column(name, _type(kind), required, comment) for name, kind, required, comment in cursor.fetchall()
    ]


def _type(kind: str) -> str:
    if decimal := _DECIMAL.fullmatch(kind):
        return f"DECIMAL({decimal[1]},{decimal[2]})"
    return TYPES.get(kind, "VARCHAR")


def _comment(made: duckdb.DuckDBPyConnection, kind: str, target: str, comment: str | None) -> None:
    if comment:
        made.execute(f"COMMENT ON {kind} {target} IS {literal(comment)}")
