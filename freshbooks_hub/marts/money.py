"""Money in the rows of any query, written with the decimals of its currency.

The marts hold money as decimals of three places, which nothing else has; sums of it keep them. Which currency it is in
says the row's `currency_code`, or `reporting_currency_code`, where the query asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from freshbooks_hub.core.currencies import in_decimals

Row = tuple[Any, ...]


def money_writer(description: Sequence[Sequence[Any]]) -> Callable[[Row], Row]:
    """What gives the money in a row its decimals; `description` is that of DuckDB's cursor."""
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
