"""A whole sync with a scripted source and a small stand-in for dbt's build; the command line around it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from freshbooks_hub.cli.main import cli
from freshbooks_hub.core.errors import (
    HomeError,
    HubError,
    QueryFailed,
    SourceFailed,
    SyncBusy,
    TransformFailed,
)
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock
from freshbooks_hub.marts.open import query_marts
from freshbooks_hub.status.summary import as_text, status
from freshbooks_hub.sync import transform
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.history import History
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync.run import SyncOptions, SyncResult, sync
from unit_tests.hub.protocol import catalog, complete, error, record, row, stream

Scripted = Callable[..., Source]
DAY = date(2026, 10, 31)


class Builds:
    """Stands in for `transform.build`: one mart with the ids of the raw invoices."""

    def __init__(self) -> None:
        self.days: list[str] = []
        self.fails = False

    def __call__(
        self,
        home: Home,
        project: transform.Project,
        streams: list[str],
        as_of_date: str,
        *_: object,
        **__: object,
    ) -> transform.Built:
        self.days.append(as_of_date)
        if self.fails:
            raise TransformFailed("The check not_null_x found 1 wrong rows: id=1.")
        project.marts.unlink(missing_ok=True)
        with duckdb.connect(project.marts) as db:
            db.execute(f"ATTACH '{home.raw}' AS raw (READ_ONLY)")
            db.execute("CREATE SCHEMA marts")
            db.execute("CREATE TABLE marts.invoices AS SELECT id, name FROM raw.freshbooks.invoices")
        return transform.Built(project.marts, [])


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Builds:
    builds = Builds()
    monkeypatch.setattr(transform, "build", builds)
    return builds


def invoices(scripted: Scripted, *rows: dict[str, Any]) -> Source:
    return scripted(discover=[catalog(stream())], read=[*map(record, rows), complete()])


def run(home: Home, source: Source, **options: Any) -> SyncResult:
    return sync(home, SyncOptions(as_of=options.pop("as_of", DAY), **options), Silent(), source)


def published(home: Home) -> list[Any]:
    return query_marts(home.marts, "SELECT id FROM invoices ORDER BY id").rows


def test_a_sync_publishes_marts_and_records_what_it_did(
    home: Home, scripted: Scripted, builds: Builds
) -> None:
    result = run(home, invoices(scripted, row(1), row(2)))
    assert result.published
    assert published(home) == [(1,), (2,)]
    last = History(home.history).last_run()
    assert last is not None
    assert (last["status"], last["rows_read"], last["rows_changed"], last["published"]) == (
        "succeeded",
        2,
        2,
        1,
    )
    assert [(s["stream"], s["rows_total"]) for s in last["streams"]] == [("invoices", 2)]
    picture = status(home)
    assert picture["marts"]["as_of_date"] == "2026-10-31"
    assert "succeeded" in as_text(picture)
    assert "access-0" not in json.dumps(picture)


def test_nothing_changed_leaves_the_marts_as_they_were(
    home: Home, scripted: Scripted, builds: Builds
) -> None:
    run(home, invoices(scripted, row(1)))
    before = home.marts.stat()
    assert not run(home, invoices(scripted, row(1))).published
    assert home.marts.stat() == before
    assert run(home, invoices(scripted, row(1)), as_of=date(2026, 11, 1)).published
    assert builds.days == ["2026-10-31", "2026-11-01"]


def test_a_failed_source_or_build_leaves_the_marts_and_the_next_sync_makes_up_for_it(
    home: Home, scripted: Scripted, builds: Builds
) -> None:
    run(home, invoices(scripted, row(1)))
    failing = scripted(discover=[catalog(stream())], read=[record(row(2)), error("No access.", "invoices")])
    with pytest.raises(SourceFailed, match="No access"):
        run(home, failing)
    assert published(home) == [(1,)]
    builds.fails = True
    with pytest.raises(TransformFailed, match="not_null_x"):
        run(home, invoices(scripted))
    assert published(home) == [(1,)]
    last = History(home.history).last_run()
    assert last is not None
    assert last["status"] == "failed"
    assert "not_null_x" in last["error"]
    builds.fails = False
    assert run(home, invoices(scripted)).published
    assert published(home) == [(1,), (2,)]


def two_streams(scripted: Scripted, *steps: Any) -> Source:
    return scripted(discover=[catalog(stream(), stream("bills"))], read=list(steps))


def test_a_stream_that_fails_holds_up_nothing_where_it_has_no_rows_or_was_read_before(
    home: Home, scripted: Scripted, builds: Builds
) -> None:
    failed = error("FreshBooks answered with status 500.", "bills")
    with pytest.raises(
        SourceFailed, match=r"^Bills could not be read: FreshBooks answered .* All other data was"
    ):
        run(home, two_streams(scripted, record(row(1)), complete(), failed))
    assert published(home) == [(1,)]
    run(home, two_streams(scripted, complete(), record(row(7), "bills"), complete("bills")))
    with pytest.raises(SourceFailed):
        run(home, two_streams(scripted, record(row(2)), complete(), record(row(8), "bills"), failed))
    assert published(home) == [(1,), (2,)]


def test_a_part_of_a_first_read_is_not_published_as_the_whole(
    home: Home, scripted: Scripted, builds: Builds
) -> None:
    run(home, invoices(scripted, row(1)))
    failed = error("FreshBooks answered with status 500.", "bills")
    with pytest.raises(SourceFailed) as caught:
        run(home, two_streams(scripted, record(row(2)), complete(), record(row(8), "bills"), failed))
    assert "All other data" not in str(caught.value)
    assert published(home) == [(1,)]


def test_a_second_sync_says_who_holds_the_lock(home: Home, scripted: Scripted) -> None:
    with sync_lock(home.root), pytest.raises(SyncBusy, match=r"process \d+, since 20"):
        run(home, invoices(scripted))


def test_a_killed_sync_is_recorded_as_interrupted_by_the_next(
    home: Home, scripted: Scripted, builds: Builds
) -> None:
    killed = History(home.history).start()
    (home.run / "spool-invoices.jsonl").write_text("half a li")
    run(home, invoices(scripted, row(1)))
    with sqlite3.connect(home.history) as history:
        [(state,)] = history.execute("SELECT status FROM sync_runs WHERE id = ?", [killed]).fetchall()
    assert state == "interrupted"


def test_an_unknown_stream_is_named_with_those_that_exist(home: Home, scripted: Scripted) -> None:
    with pytest.raises(HubError, match=r"no stream invoces. Streams: invoices"):
        run(home, invoices(scripted), streams=["invoces"])


def test_a_home_that_cannot_be_used_is_one_sentence(tmp_path: Path, scripted: Scripted) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="FRESHBOOKS_HOME"):
        run(Home(tmp_path / "file" / "home"), invoices(scripted))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/hostname')",
        "COPY invoices TO '/tmp/out.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "SET enable_external_access = true",
        "DELETE FROM invoices",
        "SELECT 1; SELECT 2",
        "SELECT nonsense",
    ],
)
def test_a_query_reads_the_marts_and_nothing_else(
    home: Home, scripted: Scripted, builds: Builds, statement: str
) -> None:
    run(home, invoices(scripted, row(1)))
    with pytest.raises(QueryFailed):
        query_marts(home.marts, statement)


def test_query_prints_table_csv_and_json(
    home: Home, scripted: Scripted, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRESHBOOKS_HOME", str(home.root))
    run(home, invoices(scripted, row(1, name="[red] & co"), row(2, name="a,b")))
    ask = ["query", "SELECT * FROM invoices ORDER BY id"]
    assert CliRunner().invoke(cli, [*ask, "--format", "csv"]).output == 'id,name\n1,[red] & co\n2,"a,b"\n'
    assert json.loads(CliRunner().invoke(cli, [*ask, "--format", "json"]).output)[1] == {
        "id": 2,
        "name": "a,b",
    }
    assert "[red] & co" in CliRunner().invoke(cli, ask).output


def freshbooks(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "freshbooks_hub.cli.main", *arguments],
        env={"FRESHBOOKS_HOME": str(home), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_exit_codes_and_messages(tmp_path: Path) -> None:
    failed = freshbooks(tmp_path / "home", "query", "SELECT 1")
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: There are no marts yet. Run `freshbooks sync`")
    assert failed.stdout == ""
    assert freshbooks(tmp_path / "home", "sync", "--nonsense").returncode == 2
    unconnected = freshbooks(tmp_path / "home", "sync")
    assert unconnected.returncode == 1
    assert "not connected yet" in unconnected.stderr
    shown = freshbooks(tmp_path / "home", "status", "--json")
    assert shown.returncode == 0
    assert json.loads(shown.stdout)["connection"] == {"state": "not connected"}


@pytest.mark.parametrize("command", ["demo", "connect", "sync", "query", "status", "sandbox"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    output = CliRunner().invoke(cli, [command, "--help"]).output
    assert f"freshbooks {command}" in output


def test_the_command_line_starts_light() -> None:
    heavy = "{'dbt', 'duckdb', 'airbyte_cdk', 'requests'}"
    code = f"import sys, freshbooks_hub.cli.main; print(*{heavy} & {{*sys.modules}})"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert started.stdout == "\n"


@pytest.mark.parametrize("words", [["status"], ["query", "from invoices", "--format", "csv"]])
def test_a_small_command_loads_no_more_than_the_marts_need(home: Home, words: list[str]) -> None:
    heavy = "{'dbt', 'airbyte_cdk', 'requests', 'rich', 'pydantic', 'pydoc'}"
    code = (
        f"import sys; from freshbooks_hub.cli import main; sys.argv[1:] = {words}\n"
        "try: main.app()\nexcept SystemExit: pass  # there are no marts to query\n"
        f"print(*{heavy} & {{*sys.modules}}, main.command.cache_info().currsize)"
    )
    environment = os.environ | {"FRESHBOOKS_HOME": str(home.root)}
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    # Nor were commands made that nobody asked for.
    assert told.stdout.splitlines()[-1] == "0"
