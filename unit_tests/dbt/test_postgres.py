"""The same books on DuckDB and on PostgreSQL give the same marts, to the byte."""

from __future__ import annotations

import duckdb
import pytest

from unit_tests.dbt import postgres
from unit_tests.dbt.books import all_rows
from unit_tests.dbt.builds import MARTS, TODAY, Build, Dbt
from unit_tests.dbt.digests import digest


@pytest.fixture(scope="module")
def on_postgres(
    dbt: Dbt, server: postgres.Server, tmp_path_factory: pytest.TempPathFactory
) -> postgres.Server:
    """The whole project built on PostgreSQL: models, contracts and data tests."""
    tables = all_rows()
    postgres.write_raw(server, tables)
    built = dbt.call(
        tmp_path_factory.mktemp("postgres"),
        server.environment(),
        *("build", "--exclude-resource-type", "unit_test"),
        variables=TODAY,
        target="postgres",
    )
    assert built.succeeded, built.output
    return server


def test_the_marts_are_the_same_to_the_byte(build: Build, on_postgres: postgres.Server) -> None:
    found: dict[str, dict[str, str]] = {"duckdb": {}, "postgres": {}}
    with duckdb.connect() as ours, on_postgres.connect() as theirs, theirs.cursor() as cursor:
        ours.execute(f"attach '{build.folder / 'marts.duckdb'}' as published (read_only)")
        for mart in MARTS:
            rows = ours.execute(f"select * from published.marts.{mart}")
            names = [column[0] for column in rows.description]
            found["duckdb"][mart] = digest(names, rows.fetchall())
            cursor.execute(f"select * from marts.{mart}")
            names = [column[0] for column in cursor.description]
            found["postgres"][mart] = digest(names, cursor.fetchall())
    assert found["duckdb"] == found["postgres"]


def test_no_mart_is_empty(build: Build) -> None:
    """Else equal hashes would say nothing."""
    assert [mart for mart in MARTS if not build.dicts(mart)] == []
