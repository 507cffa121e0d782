"""Twenty tenants in one PostgreSQL: one build gives each the marts that his own hub would, and nobody another's."""

from __future__ import annotations

import importlib.metadata
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.warehouse.address import Warehouse
from freshbooks_hub.sync.warehouse.build import Built, build
from freshbooks_hub.sync.warehouse.extract import businesses_of, extract
from unit_tests.dbt import postgres
from unit_tests.dbt.builds import MARTS, Dbt, duckdb_files
from unit_tests.dbt.digests import digest
from unit_tests.dbt.tenants import NOW, Tenant, books, tenant, warehouse_of

pytestmark = pytest.mark.long  # a build of the whole project on PostgreSQL, and two of it around a tenant

TENANTS = 20
# Of two sorts of time zone; another one breaks later.
ONE, TWO, BROKEN = 1, 2, 3
SHAPE = """
    SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns()
    WHERE database_name = ? AND schema_name = 'marts' ORDER BY table_name, column_index
"""


@dataclass
class Platform:
    """A machine that builds for all, over a warehouse with every tenant's rows."""

    server: postgres.Server
    warehouse: Warehouse
    home: Home
    tenants: dict[int, Tenant]
    first: Built

    def ask(self, statement: str, role: str | None = None) -> list[tuple[Any, ...]]:
        """As the owner of the marts, or as a tenant's role."""
        with self.server.connect() as connection, connection.cursor() as cursor:
            if role:
                cursor.execute(f"SET ROLE {role}")
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture(scope="module")
def platform(server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    folder = tmp_path_factory.mktemp("platform")
    warehouse = warehouse_of(server)
    raw = books(folder)
    tenants = {number: tenant(folder, number, raw) for number in range(1, TENANTS + 1)}
    for one in tenants.values():
        one.load(warehouse)
    home = Home(folder / "builder").ensure()
    return Platform(server, warehouse, home, tenants, build(home, warehouse, NOW))


def extracted(platform: Platform, number: int) -> Tenant:
    one = platform.tenants[number]
    assert extract(one.home, platform.warehouse, businesses_of(one.home.raw)) is not None
    return one


def test_one_build_is_for_all_each_by_its_own_day(platform: Platform) -> None:
    assert platform.first == Built(3 * TENANTS, ["2026-06-30", "2026-07-01"], {})
    days = platform.ask("SELECT DISTINCT business_id, as_of_date::text FROM marts.outstanding_balances")
    told = {business: one.as_of_date for one in platform.tenants.values() for business in one.businesses}
    assert {business for business, _ in days} >= {one.businesses[0] for one in platform.tenants.values()}
    assert [row for row in days if told[row[0]] != row[1]] == []


@pytest.mark.parametrize("number", [ONE, TWO])
def test_a_tenant_has_the_marts_that_his_own_hub_would_build(
    platform: Platform, dbt: Dbt, tmp_path: Path, number: int
) -> None:
    """Every mart, to the byte, in the same columns and types."""
    one = extracted(platform, number)
    variables = {
        "as_of_date": one.as_of_date,
        "freshbooks_publish": True,
        "freshbooks_connector_version": importlib.metadata.version("source-freshbooks"),
    }
    files = duckdb_files(tmp_path)
    shutil.copy(one.home.raw, files["FRESHBOOKS_DBT_RAW"])
    own = dbt.call(tmp_path, files, "build", "--exclude-resource-type", "unit_test", variables=variables)
    assert own.succeeded, own.output
    with duckdb.connect() as db:
        db.execute(
            f"ATTACH '{one.home.marts}' AS theirs (READ_ONLY); ATTACH '{files['FRESHBOOKS_DBT_MARTS']}' AS ours"
        )
        for mart in MARTS:
            assert contents(db, f"theirs.marts.{mart}") == contents(db, f"ours.marts.{mart}"), mart
        shapes = [db.execute(SHAPE, [name]).fetchall() for name in ("theirs", "ours")]
        assert shapes[0] == shapes[1]


def contents(db: duckdb.DuckDBPyConnection, table: str) -> tuple[int, str]:
    """How many rows, and a hash of them."""
    rows = db.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in rows.description]
    found = rows.fetchall()
    return len(found), digest(names, found)


def test_a_tenants_role_sees_its_own_rows_and_nothing_else(platform: Platform) -> None:
    """Row-level security on every mart that has businesses; the raw and work tables are closed."""
    platform.ask(
        "CREATE ROLE tenants; CREATE ROLE acme IN ROLE tenants; CREATE ROLE nobody_yet IN ROLE tenants"
    )
    platform.ask(
        "GRANT USAGE ON SCHEMA marts TO tenants; GRANT SELECT ON ALL TABLES IN SCHEMA marts TO tenants"
    )
    acme = platform.tenants[ONE]
    listed = ", ".join(f"('acme', {business})" for business in acme.businesses)
    platform.ask(f"INSERT INTO freshbooks_access.tenants VALUES {listed}, ('rival', 201)")
    with_businesses = {
        mart
        for (mart,) in platform.ask(
            "SELECT table_name FROM information_schema.columns "
            "WHERE table_schema = 'marts' AND column_name = 'business_id'"
        )
    }
    assert set(MARTS) - with_businesses == {"calendar", "fb_dictionary", "fb_metrics"}
    for mart in sorted(with_businesses):
        seen = {
            business for (business,) in platform.ask(f"SELECT DISTINCT business_id FROM marts.{mart}", "acme")
        }
        assert seen or mart == "fb_rejected_rows", mart
        assert seen <= set(acme.businesses), mart
        assert platform.ask(f"SELECT count(*) FROM marts.{mart}", "nobody_yet") == [(0,)], mart
    assert platform.ask("SELECT DISTINCT role_name FROM freshbooks_access.tenants", "acme") == [("acme",)]
    for closed in ("freshbooks.invoices", "freshbooks_work.int_invoices", "freshbooks_sync.loaded"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            platform.ask(f"SELECT * FROM {closed}", "acme")


def test_a_tenant_whose_rows_break_a_check_holds_up_nobody(platform: Platform) -> None:
    """The business keeps the marts that it has; all others get theirs. Odd rows that are few are set aside alone."""
    broken, other = platform.tenants[BROKEN], platform.tenants[ONE]
    business = broken.businesses[0]
    earlier = [row for row in extracted(platform, BROKEN).mart("invoices") if row["business_id"] == business]
    renewed = "_airbyte_extracted_at = '2026-06-30 13:00:00'"
    broken.change(f"UPDATE freshbooks.invoices SET invoice_number = 'never published', {renewed}")
    broken.change(
        "INSERT INTO freshbooks.time_entries BY NAME SELECT entry.* REPLACE "
        f"(9000 + n AS id, NULL AS duration, true AS is_logged, 'odd-' || n AS _airbyte_raw_id, "
        f"{business} AS business_id) "
        "FROM (FROM freshbooks.time_entries LIMIT 1) AS entry, range(40) AS odd (n)"
    )
    other.change(f"UPDATE freshbooks.clients SET organization = 'Renamed & Co', {renewed}")
    other.change(
        f"""UPDATE freshbooks.invoices SET amount = '{{"amount": "a lot", "code": "USD"}}', {renewed}
        WHERE invoiceid = 1"""
    )
    for one in (broken, other):
        one.load(platform.warehouse)
    built = build(platform.home, platform.warehouse, NOW)
    assert built.held == {business: "time_entries_is_readable"}
    assert {row["organization"] for row in extracted(platform, ONE).mart("clients")} == {"Renamed & Co"}
    assert "a lot" in {row["value_text"] for row in other.mart("fb_rejected_rows")}
    kept = [row for row in extracted(platform, BROKEN).mart("invoices") if row["business_id"] == business]
    assert len(kept) > 5
    assert sorted(kept, key=repr) == sorted(earlier, key=repr)
    # The security of rows goes over to the new marts.
    shown = platform.ask("SELECT count(*) FROM marts.invoices", "acme")
    assert shown == [(len(other.mart("invoices")),)]
