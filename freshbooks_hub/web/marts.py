"""Reading the published marts for a page: one short read-only connection a page."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from freshbooks_hub.marts.gaps import Gap, Rejected, find_gaps, find_rejected
from freshbooks_hub.marts.open import open_marts

Row = dict[str, Any]


class Marts:
    """Rows of one open marts file, as dictionaries."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """The rows of a SELECT; none when a mart is not there, because its streams are not synced."""
        try:
            cursor = self._db.execute(statement, values)
        except duckdb.CatalogException:
            return []
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def gaps(self, business_id: int | None = None, marts: Collection[str] | None = None) -> list[Gap]:
        """As `find_gaps`."""
        return find_gaps(self._db, marts, business_id)

    def rejected(
        self, business_id: int | None = None, marts: Collection[str] | None = None
    ) -> list[Rejected]:
        """As `find_rejected`."""
        return find_rejected(self._db, marts, business_id)


@contextmanager
def opened(path: Path) -> Iterator[Marts | None]:
    """The marts at `path`, whole and unchanging while open; None before the first build. Raises MartsDamaged."""
    if not path.exists():
        yield None
        return
    with open_marts(path, {"threads": "1"}) as db:
        yield Marts(db)
