"""The only way to open the published marts: read-only, without access to other files; damage is reported in words."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

# What `duckdb` is made of: all that reading takes, without the relations whose import costs as much as a small query.
import _duckdb as duckdb

from freshbooks_hub.core.errors import HomeError, QueryFailed
from freshbooks_hub.core.files import Identity, identity
from freshbooks_hub.marts.rows import money_writer

# A wrong checksum comes as the bare `duckdb.Error`.
_DAMAGE = (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)
_SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
}

# Of a look that is over at once: starting threads would be most of its cost.
ONE_LOOK = {"threads": "1"}

# Published marts kept open between two looks: to start DuckDB costs more CPU than most pages. A publication is a new
# file, so what is open never changes; it is closed as soon as another one is published.
MOST = 4  # files; each holds in memory what was read of it
Answers = dict[Hashable, Any]  # what was asked of a publication, and will be the same when asked again
_open: dict[Path, _Kept] = {}
_lock = Lock()


@dataclass(frozen=True)
class _Kept:
    version: Identity | None
    database: duckdb.DuckDBPyConnection
    answers: Answers


class NoMarts(QueryFailed):
    """Nothing was published yet."""


class MartsDamaged(HomeError):
    """The published marts exist but cannot be read. `reason`: what the database reported, shortened."""

    def __init__(self, marts: Path, reason: str) -> None:
        super().__init__(
            f"{marts} is damaged ({reason}). Nothing is lost: rebuild it from the raw tables with "
            "`freshbooks build`."
        )
        self.reason = reason


def check_published(marts: Path) -> None:
    """Raise NoMarts where nothing was published yet."""
    if not marts.exists():
        raise NoMarts("There are no marts yet. Run `freshbooks sync` first.")


@contextmanager
def open_marts(marts: Path, settings: Mapping[str, str] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts of one moment: a publication meanwhile does not change them. Names are looked up in schema `marts`.

    The connection reads this file and no other, loads nothing, and its settings are fixed; instants are shown in
    UTC. `settings` of DuckDB come on top. Raises NoMarts, or MartsDamaged, also for what the block finds damaged.
    """
    with damage_reported(marts), connect(marts, settings) as db:
        yield db


def connect(marts: Path, settings: Mapping[str, str] | None = None) -> duckdb.DuckDBPyConnection:
    """The connection of `open_marts`, to be closed by the caller. Raises NoMarts, MartsDamaged, duckdb.Error."""
    check_published(marts)
    config: dict[str, str | bool | int | float | list[str]] = {
        **_SETTINGS,
        "temp_directory": f"{marts}.tmp",
        **(settings or {}),
    }
    db = duckdb.connect(config=config)
    try:
        # Attached, so that the database has the same name whatever the file is called.
        quoted = str(marts).replace("'", "''")
        db.execute(f"ATTACH '{quoted}' AS freshbooks (READ_ONLY)")
        use_marts(db, marts)
        db.execute("SET GLOBAL TimeZone = 'UTC'")
        db.execute("SET enable_external_access = false")
        db.execute("SET lock_configuration = true")
    except BaseException:
        db.close()
        raise
    return db


def use_marts(db: duckdb.DuckDBPyConnection, marts: Path) -> None:
    """Look up names in schema `marts` from now on; a cursor of such a connection needs this too."""
    try:
        db.execute("USE freshbooks.marts")
    except duckdb.CatalogException:
        raise MartsDamaged(marts, "it contains no marts") from None


@contextmanager
def damage_reported(marts: Path) -> Iterator[None]:
    """Raise MartsDamaged for what the block finds damaged in this file."""
    try:
        yield
    except duckdb.Error as error:
        if type(error) is not duckdb.Error and not isinstance(error, _DAMAGE):
            raise
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise MartsDamaged(marts, reason) from error


@contextmanager
def kept_marts(marts: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Answers]]:
    """As `open_marts`, on one thread: a connection of its own to a database that stays open, and what is kept of it."""
    with damage_reported(marts):
        kept = _kept(marts)  # closed once nobody uses it
        with kept.database.cursor() as db:
            use_marts(db, marts)
            yield db, kept.answers


def _kept(marts: Path) -> _Kept:
    with _lock:
        for path, kept in list(_open.items()):
            if identity(path) != kept.version:
                del _open[path]
        # The most recently used is closed last.
        found = _open.pop(marts, None) or _Kept(identity(marts), connect(marts, ONE_LOOK), {})
        _open[marts] = found
        for path in list(_open)[:-MOST]:
            del _open[path]
        return found


def are_readable(marts: Path, whole: bool = False) -> bool:
    """Whether the marts at `marts` can be opened; with `whole`, whether every value of them can be read too."""
    try:
        with open_marts(marts, None if whole else ONE_LOOK) as db:
            if whole:
                read_whole(db, "marts")
            return True
    except (NoMarts, MartsDamaged, duckdb.Error, OSError):
        return False


def read_whole(db: duckdb.DuckDBPyConnection, schema: str) -> str:
    """Count the rows of every table, and read every value of it: DuckDB compares each block's checksum then."""
    tables = db.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = ?", [schema]).fetchall()
    total = 0
    for (name,) in tables:
        table = f'"{schema}"."{name}"'
        row = db.execute(f"SELECT count(*), max(hash(t)) FROM {table} t").fetchone()  # noqa: S608 - names of the catalogue
        total += row[0] if row else 0
    return f"{len(tables)} tables, {total:,} rows"


@dataclass(frozen=True)
class Answer:
    """Column names and rows, in the order of the query. `more`: further rows were over the limit."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    more: bool = False


def query_marts(marts: Path, statement: str, limit: int | None = None) -> Answer:
    """Run one SELECT on the marts, and take at most `limit` rows; unqualified names are looked up in schema `marts`.

    Money has the decimals of its currency (marts/rows.py). Raises QueryFailed (NoMarts among them), MartsDamaged.
    """
    try:
        with open_marts(marts) as db:
            parsed = duckdb.extract_statements(statement)
            if len(parsed) != 1:
                raise QueryFailed("Give one SQL statement at a time.")
            cursor = db.execute(parsed[0])
            described = cursor.description or []
            written = money_writer(described)
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
            more = limit is not None and len(rows) > limit
            return Answer([column[0] for column in described], [written(row) for row in rows[:limit]], more)
    except duckdb.Error as error:
        raise QueryFailed(f"The query failed: {str(error).strip()}") from error
