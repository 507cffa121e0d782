"""Rows of marts that need not be there: those of streams that are not synced do not exist."""

from __future__ import annotations

from typing import Any

import duckdb

Row = tuple[Any, ...]


def rows_of(db: duckdb.DuckDBPyConnection, statement: str, *values: Any) -> list[Row]:
    """The rows of a SELECT; none when a mart is not there. `db` looks up names in schema marts."""
    try:
        return db.execute(statement, values).fetchall()
    except duckdb.CatalogException:
        return []


def accounting_businesses(db: duckdb.DuckDBPyConnection) -> list[Row]:
    """Those with accounting of which there are rows, in the order of the pages: id, name or null, as-of day."""
    return rows_of(
        db,
        "SELECT business_id, max(business_name), max(as_of_date) FROM fb_freshness "
        "WHERE account_id IS NOT NULL AND business_id IS NOT NULL AND row_count > 0 "
        "GROUP BY business_id ORDER BY business_id",
    )
