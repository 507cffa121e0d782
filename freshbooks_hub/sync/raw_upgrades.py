"""What raw tables of earlier versions lack and a merge or dbt needs. No row is removed.

A new column of a key is filled for the rows there are: one whose key is null would never be replaced by what is read
anew. A column that the models name is added for builds that come before the next sync, which adds all that a newer
source has learned (`RawStore.widen`).
"""
# ruff: noqa: S608 - our own names

from __future__ import annotations

import duckdb

from freshbooks_hub.sync import batch_sql as sql

# Reports that were read on one basis alone, the one that FreshBooks takes unasked (freshbooks-api.md 3.10).
WITH_BASIS = ("report_profit_and_loss", "report_tax_summary")
LATER = {"invoice_profiles": {"next_issue_date": "DATE"}}


def upgrade(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Add what is missing, inside of the transaction of the caller; the tables that changed."""
    changed = []
    for table in WITH_BASIS:
        columns = {name for (name,) in db.execute(sql.columns_of(table)).fetchall()}
        if columns and "basis" not in columns:
            is_cash = "coalesce(cash_based, false)" if "cash_based" in columns else "false"
            name = sql.qualified(table)
            db.execute(f"ALTER TABLE {name} ADD COLUMN basis VARCHAR")
            db.execute(f"UPDATE {name} SET basis = CASE WHEN {is_cash} THEN 'cash' ELSE 'accrual' END")
            changed.append(table)
    for table, later in LATER.items():
        columns = {name for (name,) in db.execute(sql.columns_of(table)).fetchall()}
        for column, kind in later.items():
            if columns and column not in columns:
                db.execute(f"ALTER TABLE {sql.qualified(table)} ADD COLUMN {sql.quoted(column)} {kind}")
                changed.append(table)
    return changed
