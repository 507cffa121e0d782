"""What raw tables of earlier versions lack and a merge or dbt needs: columns of a key, filled for their rows.

Other new columns come with the next read of their stream (`RawStore.prepare`); a row whose key is null would never be
replaced by what is read anew. No row is removed.
"""
# ruff: noqa: S608 - our own names

from __future__ import annotations

import duckdb

from freshbooks_hub.sync import batch_sql as sql

# Reports that were read on one basis alone, the one that FreshBooks takes unasked (freshbooks-api.md 3.10).
WITH_BASIS = ("report_profit_and_loss", "report_tax_summary")


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
    return changed
