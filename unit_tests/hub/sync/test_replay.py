"""The statements of dbt's last build, run again, make what dbt makes; and wherever they do not, dbt builds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import platformdirs
import pytest

from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import preparation, renewal, transform
from freshbooks_hub.sync.dbt_cache import PARSED, Statements
from freshbooks_hub.sync.held_streams import Held
from freshbooks_hub.sync.renewal import Renewal
from freshbooks_hub.sync.replay import NAME
from freshbooks_hub.sync.transform import Built, Project
from unit_tests.dbt.books import all_rows
from unit_tests.dbt.digests import digest
from unit_tests.dbt.raw_tables import write_raw

STREAMS = list(all_rows())
DESCRIPTION = """
SELECT column_name, data_type, is_nullable, columns.comment, tables.comment
FROM duckdb_columns() AS columns JOIN duckdb_tables() AS tables USING (database_name, schema_name, table_name)
WHERE database_name = 'built' AND schema_name = ? AND table_name = ?
ORDER BY column_index
"""

# As a sync leaves them: a row that says something else was read later.
READ_AGAIN = "_airbyte_extracted_at = _airbyte_extracted_at + INTERVAL 1 DAY"
ONE = "WHERE (business_id, invoiceid) = (1, 4)"
TAXES = {"int_taxes", "int_cash_shares", "sales_tax_lines"}
PAID = {"int_payments", "int_invoices", "ar_aging", "invoices", "invoice_lines", "payments"} | TAXES
ALL = PAID | {"stg_freshbooks__invoices", "int_invoice_lines"}
# What a sync changed, in which raw tables, and the tables of which only the rows of some invoices are made anew.
CHANGES: dict[str, tuple[str, list[str], set[str]]] = {
    "every invoice": (f"UPDATE freshbooks.invoices SET notes = 'all', {READ_AGAIN}", ["invoices"], set()),
    "a note": (f"UPDATE freshbooks.invoices SET notes = 'one', {READ_AGAIN} {ONE}", ["invoices"], ALL),
    "unreadable": (f"UPDATE freshbooks.invoices SET amount = NULL, {READ_AGAIN} {ONE}", ["invoices"], ALL),
    "readable again": (
        'UPDATE freshbooks.invoices SET amount = \'{"amount": "99.00", "code": "CAD"}\', lines = \'[]\', '
        f"{READ_AGAIN} {ONE}",
        ["invoices"],
        ALL,
    ),
    "deleted": (f"UPDATE freshbooks.invoices SET is_deleted = true, {READ_AGAIN} {ONE}", ["invoices"], ALL),
    "a new one": (
        "INSERT INTO freshbooks.invoices SELECT * REPLACE (777 AS invoiceid, 777 AS id) FROM freshbooks.invoices "
        "WHERE (business_id, invoiceid) = (1, 9)",
        ["invoices"],
        ALL,
    ),
    "one that is gone": ("DELETE FROM freshbooks.invoices WHERE invoiceid = 777", ["invoices"], ALL),
    "a payment of another invoice": (
        f"UPDATE freshbooks.payments SET invoiceid = 3, {READ_AGAIN} WHERE id = 3",
        ["payments"],
        PAID,
    ),
    "a payment and its invoice": (
        f"UPDATE freshbooks.payments SET is_deleted = true, {READ_AGAIN} WHERE id = 22; "
        f"UPDATE freshbooks.invoices SET notes = 'paid', {READ_AGAIN} WHERE invoiceid = 22",
        ["payments", "invoices"],
        ALL,
    ),
    "the first payment of a business": (
        "INSERT INTO freshbooks.payments SELECT * REPLACE ("
        "'bbb222' AS account_id, 2 AS business_id, 1 AS invoiceid, 99 AS id) FROM freshbooks.payments WHERE id = 1",
        ["payments"],
        {"int_payments", "int_taxes", "sales_tax_lines", "invoices", "invoice_lines", "payments"},
    ),
    "an invoice, and the tax of an expense": (
        f"UPDATE freshbooks.expenses SET taxName1 = 'Other', {READ_AGAIN} WHERE taxName1 IS NOT NULL; "
        f"UPDATE freshbooks.invoices SET notes = 'two', {READ_AGAIN} {ONE}",
        ["expenses", "invoices"],
        ALL - {"int_taxes", "sales_tax_lines"},
    ),
    "clients": (f"UPDATE freshbooks.clients SET organization = 'Other', {READ_AGAIN}", ["clients"], set()),
}
# Each is made over the marts that the one before left, so what one of them gets wrong stays until it is compared:
# before all invoices are made anew with their clients, and at the end.
COMPARED = ("readable again", "the first payment of a business", "clients")


class Books:
    """A home with raw tables, of which marts are built; `dbt_runs` is how often dbt was started for it."""

    def __init__(self, home: Home) -> None:
        self.home, self.project = home, Project.of(home)
        self.dbt_runs = 0

    def change(self, statement: str) -> None:
        with duckdb.connect(self.home.raw) as db:
            db.execute(statement)

    def build(self, day: str, generation: int) -> Built:
        return transform.build(self.home, self.project, STREAMS, day, None, generation, held=Held())

    def rebuild(self, day: str, generation: int, *changed: str) -> Built:
        """Over the marts that were built last, as if they were published."""
        kept = self.home.dbt / "kept.duckdb"
        shutil.copyfile(self.project.work, kept)
        shutil.copyfile(self.project.marts, self.home.marts)
        told = (self.home, self.project, STREAMS, day, None, generation, kept, set(changed))
        return transform.rebuild(*told, held=Held())

    def tables(self) -> dict[str, Any]:
        """Each table with its columns, descriptions and rows."""
        found: dict[str, Any] = {}
        for file, schema in ((self.project.marts, "marts"), (self.project.work, "main")):
            with duckdb.connect() as db:
                db.execute(f"ATTACH '{file}' AS built (READ_ONLY)")
                tables = db.execute(
                    "SELECT table_name FROM duckdb_tables() WHERE database_name = 'built' AND schema_name = ?",
                    [schema],
                ).fetchall()
                for (table,) in tables:
                    rows = db.sql(f'FROM built."{schema}"."{table}"')
                    described = db.execute(DESCRIPTION, [schema, table]).fetchall()
                    found[table] = (described, digest(rows.columns, rows.fetchall()))
        return found


@pytest.fixture
def books(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    """With a cache of its own, where there is nothing but the project as other tests may have parsed it."""
    parsed = list(platformdirs.user_cache_path("freshbooks").glob(f"*-{PARSED}"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cache = platformdirs.user_cache_path("freshbooks")
    cache.mkdir(parents=True)
    for file in parsed:
        shutil.copy(file, cache)
    home.ensure()
    write_raw(home.raw, all_rows())
    books, by_dbt = Books(home), transform._Build._by_dbt

    def counted(build: Any) -> None:
        books.dbt_runs += 1
        by_dbt(build)

    monkeypatch.setattr(transform._Build, "_by_dbt", counted)
    return books


@pytest.mark.long
def test_statements_run_again_make_what_dbt_makes(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preparation.main()  # of no stream at all
    first = books.build("2026-06-30", 7)
    made = books.tables()
    assert sorted(books.build("2026-06-30", 7).warnings) == sorted(first.warnings)
    assert books.tables() == made
    assert books.dbt_runs == 1

    # Other rows, another day, another state of the raw tables: by the statements, then by dbt.
    books.change("UPDATE freshbooks.invoices SET notes = 'changed', invoice_number = invoice_number || 'x'")
    books.change("DELETE FROM freshbooks.payments WHERE id = (SELECT max(id) FROM freshbooks.payments)")
    again = books.build("2026-08-01", 8)
    replayed = books.tables()
    assert books.dbt_runs == 1
    [statements] = (tmp_path / "cache").rglob(f"*{NAME}")
    prepared = statements.read_bytes()
    statements.write_bytes(prepared[:1000])
    by_dbt = books.build("2026-08-01", 8)
    assert books.dbt_runs == 2
    assert Statements.read(statements)
    assert sorted(again.warnings) == sorted(by_dbt.warnings)
    truth = books.tables()
    assert replayed.keys() == truth.keys()
    assert [name for name, table in truth.items() if table != replayed[name]] == []
    assert truth != made

    # Only what is downstream of a change; of large tables the rows of the invoices that changed.
    statements.write_bytes(prepared)
    monkeypatch.setattr(renewal, "FEW", 1)  # of the few invoices here
    renewed: set[str] = set()
    renew = Renewal._renew

    def noted(self: Renewal, table: str, *told: str) -> None:
        renewed.add(table.split('"')[-2])
        renew(self, table, *told)

    monkeypatch.setattr(Renewal, "_renew", noted)
    for number, (what, (change, raw, expected)) in enumerate(CHANGES.items(), 9):
        books.change(change)
        renewed.clear()
        assert books.rebuild("2026-08-01", number, *raw)
        assert renewed == expected, what
        if what in COMPARED:
            affected = books.tables()
            work, marts = (path.read_bytes() for path in (books.project.work, books.project.marts))
            assert books.build("2026-08-01", number)
            whole = books.tables()
            assert [name for name, table in whole.items() if table != affected[name]] == [], what
            # The next change is made over what was renewed, not over the whole.
            books.project.work.write_bytes(work)
            books.project.marts.write_bytes(marts)
    assert books.dbt_runs == 2
