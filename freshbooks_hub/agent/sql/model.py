"""What goes into a query on the marts and what comes out. Standard library only: the worker imports it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from freshbooks_hub.core.errors import QueryFailed


class QueryRefused(QueryFailed):
    """The statement is not allowed, is wrong, or asked for more than a query may use."""


@dataclass(frozen=True)
class Limits:
    """What one query may use and how much it may answer.

    `seconds` of wall-clock time before its process is killed; `memory_mb` for DuckDB; `rows`, `bytes` (of the
    values, as JSON) and `cell` (characters) of the answer: what is over is cut and said. `wait`: seconds for other
    queries to end before this one is refused.
    """

    seconds: float = 10.0
    wait: float = 10.0
    memory_mb: int = 256
    rows: int = 500
    bytes: int = 200_000
    cell: int = 500


@dataclass(frozen=True)
class Column:
    """`type` as DuckDB names it."""

    name: str
    type: str


@dataclass(frozen=True)
class QueryResult:
    """Rows in the order of the query, JSON-ready.

    Decimals are text, instants are RFC 3339 UTC, days are ISO dates; text is one line without control, bidi or
    zero-width characters. `truncated` says that rows or text were cut off.
    `as_of_date`: the day the marts stand for; `published_at`: when they were published, UTC. `notes`: what to
    know about the figures. `marts`: those that the statement reads.
    """

    columns: list[Column]
    rows: list[list[Any]]
    truncated: bool
    as_of_date: date | None
    published_at: datetime
    notes: list[str] = field(default_factory=list)
    marts: list[str] = field(default_factory=list)
