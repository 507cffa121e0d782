"""Questions to the published marts: read-only, with no way to other files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from freshbooks_hub.core.errors import QueryFailed
from freshbooks_hub.marts.open import open_marts


@dataclass(frozen=True)
class Answer:
    """Column names and rows, in the order of the query."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


def query_marts(marts: Path, statement: str) -> Answer:
    """Run one SELECT on the marts; unqualified names are looked up in schema `marts`.

    Raises QueryFailed (NoMarts among them), MartsDamaged.
    """
    try:
        with open_marts(marts) as db:
            parsed = duckdb.extract_statements(statement)
            if len(parsed) != 1:
                raise QueryFailed("Give one SQL statement at a time.")
            cursor = db.execute(parsed[0])
            return Answer([column[0] for column in cursor.description or []], cursor.fetchall())
    except duckdb.Error as error:
        raise QueryFailed(f"The query failed: {str(error).strip()}") from error
