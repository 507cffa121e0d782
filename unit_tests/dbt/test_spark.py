"""The same odd books on DuckDB and on Spark give the same marts, to the byte; `make test-spark` runs it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from pyspark.sql import SparkSession

from integration_tests import programs
from unit_tests.dbt.builds import BUILD, MARTS, TODAY, Build, Dbt
from unit_tests.dbt.digests import digest
from unit_tests.dbt.raw_tables import write_raw
from unit_tests.dbt.unusual_books import odd_books

# One small machine and tables of a few rows: the work is in planning, so nothing is split or adapted.
SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The session of this process: dbt-spark runs in it too."""
    programs.java()
    builder = SparkSession.builder.master("local[2]")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    warehouse = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TZ", "UTC")  # pyspark hands instants out in the zone of the process
        time.tzset()
        running = builder.config("spark.sql.warehouse.dir", str(warehouse)).getOrCreate()
        yield running
        running.stop()
    time.tzset()


@pytest.fixture(scope="module")
def on_spark(session: SparkSession, dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    """The whole project built on Spark: models, contracts and data tests."""
    folder = tmp_path_factory.mktemp("on_spark")
    write_raw(folder / "raw.duckdb", odd_books())
    export(folder / "raw.duckdb", folder / "raw", session)
    built = dbt.call(folder, {}, *BUILD, variables=TODAY, target="spark")
    assert built.succeeded, built.output
    return session


def export(raw: Path, folder: Path, session: SparkSession) -> None:
    """Raw tables as Parquet files under Spark tables: instants in UTC, JSON as text."""
    session.sql("create schema freshbooks")
    with duckdb.connect(str(raw), read_only=True) as database:
        database.execute("set timezone = 'UTC'")
        columns = database.execute(
            "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'freshbooks'"
        ).fetchall()
        for table in {name for name, _, _ in columns}:
            selected = ", ".join(
                f'"{column}"::timestamptz as "{column}"' if kind == "TIMESTAMP" else f'"{column}"'
                for name, column, kind in columns
                if name == table
            )
            (folder / table).mkdir(parents=True)
            file = folder / table / "0.parquet"
            database.execute(f"copy (select {selected} from freshbooks.{table}) to '{file}'")
            session.sql(f"create table freshbooks.{table} using parquet location '{folder / table}'")


def test_the_marts_are_the_same_to_the_byte(odd_build: Build, on_spark: SparkSession) -> None:
    found: dict[str, dict[str, str]] = {"duckdb": {}, "spark": {}}
    with duckdb.connect() as ours:
        ours.execute(f"attach '{odd_build.folder / 'marts.duckdb'}' as published (read_only)")
        for mart in MARTS:
            rows = ours.execute(f"select * from published.marts.{mart}")
            names = [column[0] for column in rows.description]
            found["duckdb"][mart] = digest(names, rows.fetchall())
            theirs = on_spark.table(f"marts.{mart}")
            found["spark"][mart] = digest(theirs.columns, [tuple(row) for row in theirs.collect()])
    assert found["duckdb"] == found["spark"]
