"""What raw tables of earlier versions lack and a merge or dbt needs. No row is removed.

A new column of a key is filled for the rows there are: one whose key is null would never be replaced by what is read
anew. A column that the models name is added for builds that come before the next sync, which adds all that a newer
source has learned (`RawStore.widen`).
"""
# ruff: noqa: S608 - our own names

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from freshbooks_hub.sync import batch_sql as sql

# Reports that were read on one basis alone, the one that FreshBooks takes unasked (freshbooks-api.md 3.10).
WITH_BASIS = ("report_profit_and_loss", "report_tax_summary")
LATER = {**dict.fromkeys(WITH_BASIS, ("basis", "VARCHAR")), "invoice_profiles": ("next_issue_date", "DATE")}


def upgrade(db: duckdb.DuckDBPyConnection, columns: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Add what is missing, inside of the transaction of the caller; the tables that changed.

    `columns`: table to column to type, as they are now.
    """
    lacking = [
        table for table, (column, _) in LATER.items() if column not in columns.get(table, {column: ""})
    ]
    for table in lacking:
        column, kind = LATER[table]
        name = sql.qualified(table)
        db.execute(f"ALTER TABLE {name} ADD COLUMN {sql.quoted(column)} {kind}")
        if table in WITH_BASIS:
            is_cash = "coalesce(cash_based, false)" if "cash_based" in columns[table] else "false"
            db.execute(f"UPDATE {name} SET basis = CASE WHEN {is_cash} THEN 'cash' ELSE 'accrual' END")
    return lacking
