"""The statements of dbt's last build, run again, make what dbt makes; and wherever they do not, dbt builds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import transform
from freshbooks_hub.sync.replay import NAME
from freshbooks_hub.sync.transform import Built, Held, Project
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
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    home.ensure()
    write_raw(home.raw, all_rows())
    books, by_dbt = Books(home), transform._Build._by_dbt

    def counted(build: Any, environment: dict[str, str]) -> None:
        books.dbt_runs += 1
        by_dbt(build, environment)

    monkeypatch.setattr(transform._Build, "_by_dbt", counted)
    return books


@pytest.mark.long
def test_statements_run_again_make_what_dbt_makes(books: Books, tmp_path: Path) -> None:
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
    statements.write_bytes(statements.read_bytes()[:1000])
    by_dbt = books.build("2026-08-01", 8)
    assert books.dbt_runs == 2
    assert sorted(again.warnings) == sorted(by_dbt.warnings)
    truth = books.tables()
    assert replayed.keys() == truth.keys()
    assert [name for name, table in truth.items() if table != replayed[name]] == []
    assert truth != made

    # Only what is downstream of a change, by what dbt left in place of the statements that could not be read.
    books.change("UPDATE freshbooks.invoices SET notes = 'changed again'")
    assert books.rebuild("2026-08-01", 9, "invoices")
    affected = books.tables()
    assert books.build("2026-08-01", 9)
    assert books.dbt_runs == 2
    assert [name for name, table in books.tables().items() if table != affected[name]] == []
