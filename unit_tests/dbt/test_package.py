"""As a package of somebody else's dbt project: built where that project says, and its models can refer to ours."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt.cli.main import dbtRunner

from unit_tests.dbt import postgres
from unit_tests.dbt.books import all_rows
from unit_tests.dbt.builds import BUILD, MARTS, PROJECT, TODAY, Build, Dbt
from unit_tests.dbt.raw_tables import write_raw

pytestmark = pytest.mark.long

OWED = """
    select currency_code, sum(outstanding_amount) as owed, max(as_of_date) as as_of_date
    from {{ ref('freshbooks', 'invoices') }}
    where is_open
    group by currency_code
"""
DAY = {"as_of_date": TODAY["as_of_date"]}
STREAMS = ["businesses", "systems", "clients", "invoices", "payments"]
# A rule of their own for schemas, which names of this package's models follow too.
AS_WRITTEN = """
    {% macro generate_schema_name(custom_schema_name, node) -%}
        {{ custom_schema_name or target.schema }}
    {%- endmacro %}
"""


def outer_project(
    folder: Path, profile: dict[str, Any], models: dict[str, Any], variables: dict[str, Any], macro: str = ""
) -> Path:
    """A project with this one as a package and the model `owed` of its own; `models`: its settings of our models."""
    project = folder / "books"
    for name in ("models", "macros"):
        (project / name).mkdir(parents=True)
    settings = {"name": "books", "version": "1.0.0", "profile": "books", "vars": variables}
    settings["models"] = {"freshbooks": models}
    (project / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    (project / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(PROJECT)}]}))
    (project / "profiles.yml").write_text(
        yaml.safe_dump({"books": {"target": "own", "outputs": {"own": profile}}})
    )
    (project / "models" / "owed.sql").write_text(OWED)
    (project / "macros" / "own.sql").write_text(macro)
    options = ["--project-dir", str(project), "--profiles-dir", str(project)]
    installed = dbtRunner().invoke(["--quiet", "--log-path", str(folder / "logs"), "deps", *options])
    assert installed.success, installed.exception
    return project


def build(dbt: Dbt, project: Path, *arguments: str, day: dict[str, Any]) -> Build:
    folder = project.parent
    built = dbt.call(folder, {}, "build", *arguments, variables=day, target="own", project=project)
    assert built.succeeded, built.output
    return built


def models_of(built: Build) -> set[str]:
    return {name for name in built.statuses if name in MARTS or name == "owed"}


@pytest.fixture(scope="module")
def on_duckdb(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything, into the file that holds the raw tables; without a day, and with the streams of invoices alone."""
    folder = tmp_path_factory.mktemp("outer")
    rows = all_rows()
    write_raw(folder / "theirs.duckdb", {stream: rows[stream] for stream in STREAMS})
    profile = {"type": "duckdb", "path": str(folder / "theirs.duckdb"), "schema": "analytics"}
    models = {"marts": {"+schema": "finance"}}
    project = outer_project(folder, profile, models, {"freshbooks_streams": STREAMS})
    built = build(dbt, project, day={})
    assert built.statuses["owed"] == "success"
    return project


def test_marts_are_in_the_schema_of_the_outer_project(on_duckdb: Path) -> None:
    with duckdb.connect(str(on_duckdb.parent / "theirs.duckdb"), read_only=True) as db:
        found = db.execute("select table_schema, table_name from information_schema.tables").fetchall()
    schemas = {table: schema for schema, table in found if schema != "freshbooks"}
    assert {schemas[mart] for mart in MARTS} == {"analytics_finance"}
    assert {schemas[name] for name in ("owed", "stg_freshbooks__invoices", "exchange_rates")} == {"analytics"}


def test_without_a_day_it_is_that_of_the_run(on_duckdb: Path) -> None:
    with duckdb.connect(str(on_duckdb.parent / "theirs.duckdb"), read_only=True) as db:
        days = db.execute("select distinct as_of_date from analytics.owed").fetchall()
    ((day,),) = days
    started = (on_duckdb.parent / "theirs.duckdb").stat().st_mtime
    assert date(2026, 1, 1) < day <= datetime.fromtimestamp(started, UTC).date()
    assert (datetime.now(UTC).date() - day).days <= 1


def test_a_model_of_theirs_is_built_again_alone(dbt: Dbt, on_duckdb: Path) -> None:
    """What it refers to is still there after the build of all."""
    built = build(dbt, on_duckdb, "--select", "owed", day=DAY)
    assert models_of(built) == {"owed"}


def test_metrics_of_the_package_are_in_theirs(on_duckdb: Path) -> None:
    with duckdb.connect(str(on_duckdb.parent / "theirs.duckdb"), read_only=True) as db:
        db.execute("use analytics_finance")
        ((sql,),) = db.execute(
            "select example_sql from fb_metrics where metric_name = 'outstanding'"
        ).fetchall()
        owed = db.execute("select currency_code, owed from analytics.owed order by 1").fetchall()
        assert sorted(db.execute(sql).fetchall()) == owed
        assert db.execute("select count(*) from fb_dictionary where mart_name = 'owed'").fetchall() == [(0,)]


def test_on_postgresql_with_names_in_lower_case_and_a_rule_of_their_own(
    dbt: Dbt, server: postgres.Server, tmp_path: Path
) -> None:
    rows = all_rows()
    postgres.write_raw(server, rows, lower=True)
    profile = {
        "type": "postgres",
        "host": "127.0.0.1",
        "port": server.port,
        "user": "freshbooks",
        "password": "",
        "dbname": "postgres",
        "schema": "analytics",
        "threads": 1,
    }
    project = outer_project(tmp_path, profile, {"marts": {"+schema": "finance"}}, DAY, AS_WRITTEN)
    build(dbt, project, *BUILD[1:], day={})
    assert models_of(build(dbt, project, "--select", "owed", day={})) == {"owed"}
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select table_schema, table_name from information_schema.tables")
        schemas = {table: schema for schema, table in cursor.fetchall() if schema in ("finance", "analytics")}
        assert {schemas[mart] for mart in MARTS} == {"finance"}
        assert schemas["owed"] == schemas["stg_freshbooks__invoices"] == "analytics"
        cursor.execute("select currency_code, owed from analytics.owed order by 1")
        assert cursor.fetchall() == [("CAD", Decimal("21.94")), ("USD", Decimal("675.47"))]
        cursor.execute(
            "select count(*) from analytics.stg_freshbooks__invoices where rejected_values is not null"
        )
        assert cursor.fetchall() == [(0,)]


def test_a_part_of_the_models_is_built(dbt: Dbt, server: postgres.Server, on_duckdb: Path) -> None:
    built = build(dbt, on_duckdb, "--select", "+freshbooks.marts.payments", day=DAY)
    assert built.statuses["payments"] == "success"
    assert "time_entries" not in built.statuses


def test_a_source_that_was_not_loaded_for_days_is_named(dbt: Dbt, on_duckdb: Path) -> None:
    folder = on_duckdb.parent
    arguments = ("source", "freshness", "--select", "source:freshbooks.invoices")
    told = dbt.call(folder, {}, *arguments, variables=DAY, target="own", project=on_duckdb)
    assert told.statuses["invoices"] == "warn", told.output
