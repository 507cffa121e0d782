"""Many owners with books of their own, each in a home of his own, and the warehouse that they share."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.raw import RawStore
from freshbooks_hub.sync.warehouse.address import Warehouse
from freshbooks_hub.sync.warehouse.load import Loaded, load
from unit_tests.dbt import postgres
from unit_tests.dbt.books import all_rows
from unit_tests.dbt.raw_tables import write_raw

# Already the next day in Nairobi, where tenants of even numbers are, and not yet in Toronto.
NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)
ZONES = {0: ("Africa/Nairobi", "2026-07-01"), 1: ("America/Toronto", "2026-06-30")}


@dataclass
class Tenant:
    """The books of `all_rows`, under other numbers of businesses and accounts."""

    number: int
    home: Home

    @property
    def businesses(self) -> list[int]:
        return [100 * self.number + business for business in (1, 2, 3)]

    @property
    def as_of_date(self) -> str:
        return ZONES[self.number % 2][1]

    def change(self, statement: str) -> None:
        """Of the raw tables."""
        with duckdb.connect(str(self.home.raw)) as db:
            db.execute(statement)

    def load(self, warehouse: Warehouse) -> Loaded:
        return load(self.home, warehouse)

    def mart(self, name: str) -> list[dict[str, Any]]:
        """A mart of the published file."""
        with duckdb.connect(str(self.home.marts), read_only=True) as db:
            rows = db.execute(f"SELECT * FROM marts.{name}")
            names = [column[0] for column in rows.description]
            return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def books(folder: Path) -> Path:
    """Raw tables with all streams, as a sync leaves them, for tenants to copy."""
    path = folder / "raw.duckdb"
    write_raw(path, all_rows())
    RawStore(path, folder / "temporary").close()
    return path


def tenant(folder: Path, number: int, raw: Path) -> Tenant:
    made = Tenant(number, Home(folder / f"tenant-{number}").ensure())
    shutil.copy(raw, made.home.raw)
    with duckdb.connect(str(made.home.raw)) as db:
        tables = db.execute(
            "SELECT table_name, bool_or(column_name = 'account_id') FROM duckdb_columns() "
            "WHERE schema_name = 'freshbooks' GROUP BY 1"
        ).fetchall()
        for table, has_account in tables:
            account = f", account_id = account_id || '-{number}'" if has_account else ""
            db.execute(f"UPDATE freshbooks.{table} SET business_id = business_id + {100 * number}{account}")
        db.execute(f"UPDATE freshbooks.businesses SET timezone = '{ZONES[number % 2][0]}'")
    return made


def warehouse_of(server: postgres.Server) -> Warehouse:
    return Warehouse.of(f"postgresql://freshbooks@127.0.0.1:{server.port}/postgres")
