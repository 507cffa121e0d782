"""The same books, odd rows and all, on DuckDB and on PostgreSQL give the same marts, to the byte."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from unit_tests.dbt import postgres
from unit_tests.dbt.books import entry
from unit_tests.dbt.builds import BUILD, MARTS, TODAY, Build, Dbt, part_of_project
from unit_tests.dbt.digests import digest
from unit_tests.dbt.ledger import ONE
from unit_tests.dbt.unusual_books import odd_books

pytestmark = pytest.mark.long  # test_publish.py has PostgreSQL in `make test`


@pytest.fixture(scope="module")
def on_postgres(
    dbt: Dbt, server: postgres.Server, tmp_path_factory: pytest.TempPathFactory
) -> postgres.Server:
    """The whole project built on PostgreSQL: models, contracts and data tests."""
    tables = odd_books()
    postgres.write_raw(server, tables)
    built = dbt.call(
        tmp_path_factory.mktemp("postgres"),
        server.environment(),
        *BUILD,
        variables=TODAY,
        target="postgres",
    )
    assert built.succeeded, built.output
    return server


def test_the_marts_are_the_same_to_the_byte(odd_build: Build, on_postgres: postgres.Server) -> None:
    found: dict[str, dict[str, str]] = {"duckdb": {}, "postgres": {}}
    with duckdb.connect() as ours, on_postgres.connect() as theirs, theirs.cursor() as cursor:
        ours.execute(f"attach '{odd_build.folder / 'marts.duckdb'}' as published (read_only)")
        for mart in MARTS:
            rows = ours.execute(f"select * from published.marts.{mart}")
            names = [column[0] for column in rows.description]
            found["duckdb"][mart] = digest(names, rows.fetchall())
            cursor.execute(f"select * from marts.{mart}")
            names = [column[0] for column in cursor.description]
            found["postgres"][mart] = digest(names, cursor.fetchall())
    assert found["duckdb"] == found["postgres"]


def test_no_mart_is_empty(odd_build: Build) -> None:
    """Else equal hashes would say nothing."""
    assert [mart for mart in MARTS if not odd_build.dicts(mart)] == []


def test_a_day_that_is_none_is_listed_and_not_an_error(
    dbt: Dbt, server: postgres.Server, tmp_path: Path
) -> None:
    """PostgreSQL has no try_cast: the macro tells the lengths of months itself. Last, since it writes raw tables."""
    days = ["2026-06-31", "2025-02-29", "2024-02-29", "2026-12-31", "1900-02-29", "2026-13-01", "0000-01-01"]
    rows = [entry(ONE, n, "1", local_started_at=f"{day}T22:30:00") for n, day in enumerate(days, start=1)]
    rows += [entry(ONE, 8, "1", local_started_at="soon"), entry(ONE, 9, "1", local_started_at=None)]
    postgres.write_raw(server, {"time_entries": rows})
    built = dbt.call(
        tmp_path,
        server.environment(),
        *("build", "--select", "stg_freshbooks__time_entries"),
        variables={**TODAY, "freshbooks_streams": ["time_entries"]},
        target="postgres",
        project=part_of_project(tmp_path, "stg_freshbooks__time_entries"),
    )
    assert built.succeeded, built.output
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "select time_entry_id, entry_date::text from freshbooks_work.stg_freshbooks__time_entries"
            " where replaced_values is null order by 1"
        )
        readable = cursor.fetchall()
        cursor.execute(
            "select count(*) from freshbooks_work.stg_freshbooks__time_entries"
            " where replaced_values like 'local_started_at impossible_date %' and entry_date = started_at::date"
        )
        listed = cursor.fetchall()
    assert readable == [(3, "2024-02-29"), (4, "2026-12-31"), (9, "2026-06-11")]
    assert listed == [(6,)]
