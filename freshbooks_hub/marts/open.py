"""A file that is damaged, told in one sentence: what to delete, and what is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from freshbooks_hub.core.errors import HomeError

# A wrong checksum comes as the bare `duckdb.Error`.
_KINDS = (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)


class MartsDamaged(HomeError):
    """The published marts are there and cannot be read."""


@contextmanager
def damaged_marts(path: Path) -> Iterator[None]:
    """Raise MartsDamaged where the block finds that the marts at `path` cannot be read."""
    try:
        yield
    except duckdb.Error as error:
        if type(error) is not duckdb.Error and not isinstance(error, _KINDS):
            raise
        raise MartsDamaged(
            f"{path} is damaged ({said(error)}). Nothing is lost: build it anew from the raw tables with "
            "`freshbooks build`."
        ) from error


def said(error: Exception) -> str:
    """What the database said, short."""
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__


def are_readable(marts: Path, whole: bool = False) -> bool:
    """Whether the marts at `marts` can be opened; with `whole`, whether every value of them can be read too."""
    if not marts.exists():
        return False
    try:
        with duckdb.connect(marts, read_only=True) as db:
            if whole:
                read_whole(db, "marts")
            return True
    except (duckdb.Error, OSError):
        return False


def read_whole(db: duckdb.DuckDBPyConnection, schema: str) -> str:
    """Count the rows of every table, and read every value of it: DuckDB compares each block's checksum then."""
    tables = db.execute(
        "SELECT database_name, table_name FROM duckdb_tables() WHERE schema_name = ?", [schema]
    ).fetchall()
    total = 0
    for database, name in tables:
        # The database's name too: marts.duckdb has a schema of the same name.
        table = f'"{database}"."{schema}"."{name}"'
        row = db.execute(f"SELECT count(*), max(hash(t)) FROM {table} t").fetchone()  # noqa: S608 - names of the catalogue
        total += row[0] if row else 0
    return f"{len(tables)} tables, {total:,} rows"
