"""Reading rows of marts that may not exist, since streams that are not synced have none; and the decimals of money.

The marts hold money as decimals of three places, which nothing else has; sums of it keep them. Which currency it is in
says the row's `currency_code`, or `reporting_currency_code`, where the query asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import _duckdb as duckdb  # as in open.py

from freshbooks_hub.core.currencies import in_decimals

Row = tuple[Any, ...]


def rows_of(db: duckdb.DuckDBPyConnection, statement: str, *values: Any) -> list[Row]:
    """The rows of a SELECT; none when a mart is not there. `db` looks up names in schema marts."""
    try:
        return db.execute(statement, values).fetchall()
    except duckdb.CatalogException:
        return []


def accounting_businesses(db: duckdb.DuckDBPyConnection) -> list[Row]:
    """Businesses with accounting and rows, in the order of the pages: id, name or null, as-of day."""
    return rows_of(
        db,
        "SELECT business_id, max(business_name), max(as_of_date) FROM fb_freshness "
        "WHERE account_id IS NOT NULL AND business_id IS NOT NULL AND row_count > 0 "
        "GROUP BY business_id ORDER BY business_id",
    )


def money_writer(description: Sequence[Sequence[Any]]) -> Callable[[Row], Row]:
    """A function that gives the money in a row its decimals; `description` is that of DuckDB's cursor."""
    names = [str(column[0]) for column in description]
    places = {name: index for index, name in enumerate(names)}
    currencies = {
        index: places.get(
            "reporting_currency_code" if names[index].endswith("_reporting_amount") else "currency_code"
        )
        for index, column in enumerate(description)
        if str(column[1]).startswith("DECIMAL") and str(column[1]).endswith(",3)")
    }
    if not currencies:
        return lambda row: row

    def written(row: Row) -> Row:
        cells = list(row)
        for index, currency in currencies.items():
            if isinstance(row[index], Decimal):
                cells[index] = in_decimals(row[index], row[currency] if currency is not None else None)
        return tuple(cells)

    return written
