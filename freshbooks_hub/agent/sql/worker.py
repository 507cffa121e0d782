"""The process that runs agents' SQL: `python -m freshbooks_hub.agent.sql.worker`.

One JSON object a line: `{"marts", "statement", "limits"}` in, `{"result"}` or `{"refused"}` out, after a first
line that says it is ready. Each statement runs in a DuckDB of its own, read-only and locked down. The process may
write no file, has an address space of its own size, and is killed by whoever started it when a query is late; should
nobody do so, its own alarm does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from freshbooks_hub.agent.sql import guard, mixing
from freshbooks_hub.agent.sql.client import Column, Limits, QueryRefused, QueryResult
from freshbooks_hub.agent.sql.guard import Catalogue, Mart, read_catalogue
from freshbooks_hub.agent.text import clean
from freshbooks_hub.marts.open import MartsDamaged, NoMarts, open_marts
from freshbooks_hub.marts.rows import money_writer

if sys.platform == "linux":
    import resource

# Code, stacks and arenas of the threads come on top of what DuckDB counts as its memory.
_ADDRESS_SPACE = 2 * 1024**3
_GRACE = 5.0
_NICE = 5  # behind the pages, which share the machine
_BATCH = 100
_NAME = 100


def answer(marts: Path, statement: str, limits: Limits) -> QueryResult:
    """Run the statement if it may run; raises QueryRefused, with no path and no text of the books in it."""
    try:
        published_at = datetime.fromtimestamp(marts.stat().st_mtime, UTC).replace(microsecond=0)
        with open_marts(marts, settings(limits)) as db:
            catalogue, as_of = _described(db)
            parsed, tree = guard.parse(db, statement)
            notes = _check(db, tree, catalogue)
            cursor = db.execute(parsed)
            described = cursor.description or []
            columns = [Column(clean(d[0], _NAME), clean(str(d[1]), _NAME)) for d in described]
            rows, more, cut = _collect(map(money_writer(described), _fetched(cursor)), limits)
            marts_read = mixing.marts_read(tree, catalogue)
            return QueryResult(columns, rows, more or cut, more, as_of, published_at, notes, marts_read)
    except (NoMarts, MartsDamaged, duckdb.Error, OSError, RecursionError, MemoryError) as error:
        found = error.__cause__ if isinstance(error, MartsDamaged) else None
        raise _explained(found or error, limits) from error


def _check(db: duckdb.DuckDBPyConnection, tree: guard.Node, catalogue: Catalogue) -> list[str]:
    """Refuse what must not run, and what has a shape that the checks don't know; what to say with the answer."""
    try:
        guard.check(tree, catalogue.marts)
        number = _currencies(db, mixing.in_reach(tree, catalogue))
        notes = [note] if (note := mixing.check_bases(tree, catalogue)) else []
        if number > 1 and mixing.check_currencies(tree, catalogue):
            notes.append(
                f"{number} currencies are in reach of this statement: a figure is of one of them only if it is "
                "grouped by, or filtered to, currency_code."
            )
        return notes
    except (LookupError, TypeError, AttributeError) as error:
        raise QueryRefused("The statement could not be checked. Write it in a plainer way.") from error


def _currencies(db: duckdb.DuckDBPyConnection, marts: dict[str, Mart]) -> int:
    """The number of currencies in the marts."""
    columns = {(name, column) for name, mart in marts.items() for column in mart.money.values()}
    if not columns:
        return 0
    codes = " UNION ALL ".join(f"SELECT {column} AS code FROM {name}" for name, column in sorted(columns))  # noqa: S608 - names of ours
    [number] = db.execute(f"SELECT count(DISTINCT code) FROM ({codes})").fetchone() or [0]  # noqa: S608
    return int(number)


def _described(db: duckdb.DuckDBPyConnection) -> tuple[Catalogue, date | None]:
    try:
        [as_of] = db.execute("SELECT max(as_of_date) FROM fb_freshness").fetchone() or [None]
        return read_catalogue(db), as_of
    except duckdb.CatalogException as error:
        raise QueryRefused(
            "The marts are of an earlier version. Run `freshbooks sync`, then ask again."
        ) from error


def settings(limits: Limits) -> dict[str, str]:
    """What DuckDB may use for one query; it spills nothing to the disk."""
    return {"memory_limit": f"{limits.memory_mb}MB", "threads": "2", "temp_directory": ""}


def _collect(fetched: Iterable[tuple[Any, ...]], limits: Limits) -> tuple[list[list[Any]], bool, bool]:
    """The rows, whether more follow, and whether a value was cut."""
    rows: list[list[Any]] = []
    size = 0
    cut = _Cut(limits.cell)
    for row in islice(fetched, limits.offset, None):
        values = [cut.value(value) for value in row]
        size += len(json.dumps(values, ensure_ascii=False).encode())
        if len(rows) == limits.rows or size > limits.bytes:
            return rows, True, cut.happened
        rows.append(values)
    return rows, False, cut.happened


def _fetched(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := cursor.fetchmany(_BATCH):
        yield from batch


class _Cut:
    """Values as JSON, long ones shortened; `happened` says that one was."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.happened = False

    def value(self, value: Any) -> Any:
        match value:
            case None | bool() | int():
                return value
            case float():
                return value if value == value and abs(value) != float("inf") else str(value)
            case datetime():
                return (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
            case date() | time():
                return value.isoformat()
            case list() | tuple():
                return [self.value(item) for item in self._first(list(value))]
            case dict():
                items = self._first(list(value.items()))
                return {clean(str(key), _NAME): self.value(item) for key, item in items}
            case Decimal():
                return str(value)
            case bytes():
                return f"{len(value)} bytes"
        text = clean(str(value), self.longest)
        self.happened = self.happened or (len(text) == self.longest and text.endswith("…"))
        return text

    def _first(self, items: list[Any]) -> list[Any]:
        self.happened = self.happened or len(items) > self.longest
        return items[: self.longest]


def _explained(error: BaseException, limits: Limits) -> QueryRefused:
    """What went wrong, without the text of DuckDB where that could quote the books or name a file."""
    match error:
        case duckdb.ParserException() | duckdb.BinderException() | duckdb.CatalogException():
            # These speak of the statement alone: no row has been read yet.
            reason = clean(str(error).split("\n\nLINE")[0].split("\nLINE")[0], 300)
            return QueryRefused(f"The statement is wrong. {reason}")
        case duckdb.OutOfMemoryException() | MemoryError():
            return QueryRefused(
                f"The query needs more than {limits.memory_mb} MB of memory. Filter or aggregate more."
            )
        case duckdb.ConversionException() | duckdb.InvalidInputException() | duckdb.OutOfRangeException():
            return QueryRefused(
                "A value does not fit the function or type it was given to. Check casts; try_cast gives null."
            )
        case RecursionError():
            return QueryRefused("The statement is nested too deeply. Split it up.")
        case NoMarts() | MartsDamaged() | duckdb.IOException() | OSError():
            return QueryRefused("The marts could not be read. Run `freshbooks sync`, then ask again.")
        case duckdb.PermissionException():
            return QueryRefused("That is not allowed here: only the marts can be read.")
    return QueryRefused("The query could not be answered. Ask it more simply.")


def confine() -> None:
    """Limits for the whole process, in case something gets past the checks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.nice(_NICE)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(line: str) -> dict[str, Any]:
    """The answer to one request."""
    request = json.loads(line)
    limits = Limits(**request["limits"])
    signal.setitimer(signal.ITIMER_REAL, limits.seconds + _GRACE)
    try:
        result = answer(Path(request["marts"]), request["statement"], limits)
    except QueryRefused as refused:
        return {"refused": str(refused)}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return {"result": asdict(result)}


def main() -> None:
    confine()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(serve(line), default=str), flush=True)


if __name__ == "__main__":
    main()
