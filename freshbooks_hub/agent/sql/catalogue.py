"""The published marts as a query sees them: their columns, and the currency column of each money column."""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

# All amounts in the reporting currency are in one currency, so they need no grouping.
_REPORTING = "reporting_currency_code"


@dataclass
class Mart:
    """`columns` in order; `money`: column to the column that names its currency."""

    columns: list[str] = field(default_factory=list)
    money: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Catalogue:
    """The marts by name."""

    marts: dict[str, Mart]


def read_catalogue(db: duckdb.DuckDBPyConnection) -> Catalogue:
    """The marts as their own dictionary lists them. `db` looks names up in schema marts."""
    marts: dict[str, Mart] = {}
    for table, column, currency in db.execute(
        "SELECT mart_name, column_name, currency_column FROM fb_dictionary ORDER BY mart_name, column_number"
    ).fetchall():
        mart = marts.setdefault(table, Mart())
        mart.columns.append(column)
        if currency and currency != _REPORTING:
            mart.money[column] = currency
    return Catalogue(marts)
