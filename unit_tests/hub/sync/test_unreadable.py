"""A stream that became unreadable keeps its earlier rows, by a small dbt project that dbt builds."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt_common.tests import enable_test_caching

from freshbooks_hub.core.errors import TransformFailed
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import dbt_process, transform
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.dbt_findings import details_file
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync.refresh import business_zone
from freshbooks_hub.sync.run import SyncOptions, SyncResult, sync
from unit_tests.hub.protocol import catalog, complete, record, row, stream

enable_test_caching()  # of five hundred macros, which each small project has
Scripted = Callable[..., Source]
SHIPPED = Path(transform.__file__).parents[2] / "dbt_project"
# As the shipped project's raw_stream does.
STAGING = """
{% set rows = 'select business_id, id, name from ' ~ source('freshbooks', 'TABLE') %}
{% set no_rows = 'select null::bigint as business_id, null::bigint as id, null::varchar as name where false' %}
{% set is_there = 'TABLE' in fromjson(env_var('FRESHBOOKS_DBT_STREAMS', '[]')) %}
/* if TABLE is {{ '' if is_there else 'not ' }}there */
{{ rows if is_there else no_rows }}
/* else: {{ no_rows if is_there else rows }}
end of TABLE */
"""
MART = """
select s.business_id, s.id, s.name, c.name as client_name
from {{ ref('stg_freshbooks__taxes') }} as s left join {{ ref('stg_freshbooks__clients') }} as c using (id)
"""
TESTS = {
    # As the project's own: several checks, of which one fails when most rows of its stream cannot be read.
    "checks": """
        select 'taxes_is_readable' as check_name, 'id=' || id as failing_row
        from {{ ref('stg_freshbooks__taxes') }} where name = 'unreadable'
        union all
        select 'clients_is_readable' as check_name, 'id=' || id as failing_row
        from {{ ref('stg_freshbooks__clients') }} where name = 'unreadable'
        """,
    # Of ours: it must go on to hold back what is wrong.
    "no_name_is_wrong": "select *, 1 as a, 2 as b from {{ ref('lists') }} where client_name = 'wrong'",
}


def project(folder: Path) -> Path:
    files = {
        "dbt_project.yml": (SHIPPED / "dbt_project.yml")
        .read_text()
        .replace('on-run-end: "{{ publish(results) }}"', ""),
        "profiles.yml": (SHIPPED / "profiles.yml").read_text(),
        **{
            f"macros/{name}.sql": (SHIPPED / f"macros/{name}.sql").read_text()
            for name in ("generate_schema_name", "table_materialization")
        },
        "models/sources.yml": json.dumps(
            {
                "sources": [
                    {
                        "name": "freshbooks",
                        "database": "raw",
                        "tables": [{"name": "taxes"}, {"name": "clients"}],
                    }
                ]
            }
        ),
        "models/staging/stg_freshbooks__taxes.sql": STAGING.replace("TABLE", "taxes"),
        "models/staging/stg_freshbooks__clients.sql": STAGING.replace("TABLE", "clients"),
        "models/marts/lists.sql": MART,
        **{f"tests/{name}.sql": text for name, text in TESTS.items()},
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


class Books:
    """Two lists, of which each sync changes some names."""

    def __init__(self, home: Home, scripted: Scripted) -> None:
        self.home, self._scripted = home, scripted
        self.now = datetime(2026, 11, 2, 9, tzinfo=UTC)

    def sync(self, **names: str) -> SyncResult:
        steps = []
        for name in ("taxes", "clients"):
            stamp = f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
            steps += [record(row(1, stamp, name=names[name]), name)] if name in names else []
            steps += [complete(name)]
        source = self._scripted(discover=[catalog(stream("taxes"), stream("clients"))], read=steps)
        return sync(self.home, SyncOptions(), Silent(), source, lambda: self.now)

    def published(self) -> list[tuple[str, str]]:
        with duckdb.connect(self.home.marts, read_only=True) as db:
            return db.execute("SELECT name, client_name FROM marts.lists").fetchall()

    def alarms(self) -> list[str]:
        return [alarm.kind for alarm in Alarms(self.home).open()]


def dbt_in_process(command: list[str], env: dict[str, str], **_: Any) -> subprocess.CompletedProcess[str]:
    """The command that the hub runs, without its start, which costs more than to build so small a project."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in env.items():
            patched.setenv(name, value)
        code = dbt_process.main(command[command.index(dbt_process.__name__) + 1 :])
        DuckDBConnectionManager.close_all_connections()
    return subprocess.CompletedProcess(command, code, "", "")


@pytest.fixture
def books(home: Home, scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder, of = project(tmp_path / "project"), transform.Project.of
    monkeypatch.setattr(transform.Project, "of", lambda home: replace(of(home), folder=folder))
    runs = SimpleNamespace(run=dbt_in_process, DEVNULL=subprocess.DEVNULL)
    monkeypatch.setattr(transform, "subprocess", runs)
    return Books(home, scripted)


@pytest.mark.long
def test_the_earlier_rows_stay_until_the_stream_can_be_read_again(books: Books) -> None:
    books.sync(taxes="old", clients="c1")
    assert books.published() == [("old", "c1")]

    result = books.sync(taxes="unreadable", clients="c2")
    assert result.published
    assert books.published() == [("old", "c2")]  # the other list is up to date
    assert books.alarms() == ["format:taxes"]
    [told] = result.warnings
    assert told.startswith("Taxes: most records came in a form that this version cannot read")
    assert "earlier ones stay published" in told

    books.sync(taxes="new")
    assert books.published() == [("new", "c2")]
    assert books.alarms() == []


@pytest.mark.long
def test_a_new_day_builds_everything_around_it(books: Books) -> None:
    books.sync(taxes="old", clients="c1")
    books.sync(taxes="unreadable")
    books.now = books.now.replace(day=3)
    assert books.sync(clients="c2").published
    assert books.published() == [("old", "c2")]
    assert books.alarms() == ["format:taxes"]


@pytest.mark.long
def test_without_earlier_rows_the_marts_do_without_the_stream(books: Books) -> None:
    result = books.sync(taxes="unreadable", clients="c1")
    assert result.published
    assert books.published() == []
    assert "built without them" in result.warnings[0]
    assert books.alarms() == ["format:taxes"]


def test_a_fault_of_our_own_still_holds_the_marts_back_and_names_the_row(books: Books) -> None:
    books.sync(taxes="old", clients="c1")
    with pytest.raises(TransformFailed) as caught:
        books.sync(taxes="unreadable", clients="wrong")
    assert books.published() == [("old", "c1")]
    said = str(caught.value)
    assert said.startswith("The check no_name_is_wrong found 1 wrong row: business_id=439000.")
    assert "The earlier marts are unchanged." in said
    assert "client_name" not in said  # a row of the books belongs into the details
    assert '"client_name": "wrong"' in caught.value.details
    assert details_file(books.home).stat().st_mode & 0o077 == 0
    assert books.alarms() == []
    assert list(books.home.dbt.glob("work-*.duckdb"))  # for the next build


@pytest.mark.parametrize("zone", ["America", "", "Mars/Base", "../etc", "/etc/passwd", "\u0000"])
def test_a_time_zone_that_is_none_is_utc_and_told(tmp_path: Path, zone: str) -> None:
    raw = tmp_path / "raw.duckdb"
    with duckdb.connect(raw) as db:
        db.execute("CREATE SCHEMA freshbooks")
        db.execute(
            "CREATE TABLE freshbooks.businesses AS SELECT 439000 AS business_id, ? AS timezone", [zone]
        )
    found, notes = business_zone(raw)
    assert found.key == "UTC"
    assert "439000" in notes[0]
    with duckdb.connect(raw) as db:
        db.execute("UPDATE freshbooks.businesses SET timezone = 'America/Toronto'")
    found, notes = business_zone(raw)
    assert (found.key, notes) == ("America/Toronto", [])
