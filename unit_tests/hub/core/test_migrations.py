"""hub.sqlite keeps everything through an upgrade. The home of version 0.1.0 is in fixtures/home_0_1, as text."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from freshbooks_hub.agent.actions.audit import Audit
from freshbooks_hub.agent.actions.models import Channel
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.database import migrate, transaction
from freshbooks_hub.core.errors import HomeError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.migrations import MIGRATIONS
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.history import History
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync.run import SyncOptions, sync
from freshbooks_hub.sync.schedule import Schedule
from unit_tests.hub.protocol import catalog, complete, record, state, stream

OLD = Path(__file__).parents[1] / "fixtures" / "home_0_1"


@pytest.fixture
def old_home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    for name in ("connection.json", "audit.head"):
        shutil.copy(OLD / name, home.root)
    with closing(sqlite3.connect(home.history)) as db:
        db.executescript((OLD / "hub.sql").read_text("utf-8"))
        db.execute("PRAGMA journal_mode = WAL")
    return home


@contextmanager
def looked_at(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as it is, without a migration."""
    with closing(sqlite3.connect(path)) as db:
        yield db


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with looked_at(path) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: db.execute(f"SELECT * FROM {name} ORDER BY rowid").fetchall() for name in names}


def layout(path: Path) -> dict[str, str]:
    """Tables, indices and triggers with their text, without regard to spaces and comments."""
    with looked_at(path) as db:
        found = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {
        name: " ".join(" ".join(line.partition("--")[0] for line in text.splitlines()).split()).replace(
            '"', ""
        )
        for name, text in found
    }


def opened(path: Path) -> int:
    with transaction(path) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def test_an_old_home_keeps_every_row(old_home: Home) -> None:
    before = rows(old_home.history)
    assert len(before["actions"]) == 2
    assert opened(old_home.history) == len(MIGRATIONS)
    after = rows(old_home.history)
    assert {name: after[name] for name in before} == before
    assert [name for name in after if name not in before and after[name]] == []


def test_callbacks_of_an_old_home_are_kept_and_may_have_the_number_of_another_account(old_home: Home) -> None:
    with closing(sqlite3.connect(old_home.history, isolation_level=None)) as db:
        migrate(db, MIGRATIONS[:2])
        db.execute("INSERT INTO webhooks VALUES (7, 'aB1', 'invoice', 'https://a.example', 'secret', NULL)")
    with transaction(old_home.history) as db:
        db.execute(
            "INSERT INTO webhooks (callback_id, account_id, event, uri) VALUES (7, 'cD2', 'invoice', '')"
        )
        assert [tuple(row)[:5] for row in db.execute("SELECT * FROM webhooks ORDER BY rowid")] == [
            (7, "aB1", "invoice", "https://a.example", "secret"),
            (7, "cD2", "invoice", "", None),
        ]


def test_an_old_home_and_a_new_one_have_the_same_layout(old_home: Home, tmp_path: Path) -> None:
    new = tmp_path / "new.sqlite"
    assert opened(old_home.history) == opened(new)
    assert layout(old_home.history) == layout(new)


def test_an_old_home_keeps_its_connection_schedule_and_history(old_home: Home) -> None:
    assert ConnectionStore(old_home.connection).load().config["credentials"]["client_id"] == "not-a-client-id"
    assert Schedule(old_home).paused_since() is not None
    history = History(old_home.history)
    run, generation = history.last_run(), history.generation()
    assert run is not None
    assert generation is not None
    assert (run["status"], len(run["streams"]), generation.as_of_date) == ("succeeded", 37, "2026-10-31")


def test_the_audit_log_goes_on_where_it_was(old_home: Home) -> None:
    audit = Audit(old_home, SystemClock())
    assert audit.verify().ok
    with transaction(old_home.history) as db:
        audit.append(db, "policy", "owner", channel=Channel.terminal)
        head = audit.head(db)
    assert head
    audit.mirror(head)
    found = audit.verify()
    assert (found.ok, found.entries) == (True, 10)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET who = 'nobody'",
        "DELETE FROM audit_log",
        "UPDATE actions SET amount = '1.00'",
        "DELETE FROM actions",
        "UPDATE actions SET status = 'proposed' WHERE status = 'confirmed'",
        "UPDATE actions SET status = 'approved' WHERE status = 'proposed'",  # without a hash
        "INSERT INTO action_claims VALUES ('time_entry/1/1', 'no such action')",
        "INSERT INTO action_claims SELECT * FROM action_claims",
    ],
)
def test_what_was_forbidden_stays_forbidden(old_home: Home, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError), transaction(old_home.history) as db:
        db.execute(statement)


def test_a_refused_action_still_frees_its_keys(old_home: Home) -> None:
    with transaction(old_home.history) as db:
        assert db.execute("SELECT count(*) FROM action_claims").fetchone()[0] == 2
        db.execute("UPDATE actions SET status = 'refused' WHERE status = 'proposed'")
        assert db.execute("SELECT count(*) FROM action_claims").fetchone()[0] == 0


def test_an_old_home_takes_a_new_kind_of_action(old_home: Home) -> None:
    columns = (
        "business_id, account_id, request, preview, payload_hash, amount, currency, recipients, proposed_by, "
        "created_at, expires_at"
    )
    with transaction(old_home.history) as db:
        db.execute(
            f"INSERT INTO actions (id, kind, status, {columns}) "
            f"SELECT 'new', 'record_payment', 'proposed', {columns} FROM actions WHERE status = 'proposed'"
        )
        db.execute("INSERT INTO action_claims VALUES ('invoice/1', 'new')")
    with transaction(old_home.history) as db:
        assert db.execute("SELECT kind FROM actions WHERE id = 'new'").fetchone()[0] == "record_payment"


def test_a_home_with_some_of_the_tables_gets_the_others(old_home: Home, tmp_path: Path) -> None:
    """Before there were versions, each command made the tables that it needed."""
    with looked_at(old_home.history) as db:
        for name in ("action_claims", "action_settings", "actions", "audit_log", "alarms"):
            db.execute(f"DROP TABLE {name}")
    opened(old_home.history)
    opened(tmp_path / "new.sqlite")
    assert layout(old_home.history) == layout(tmp_path / "new.sqlite")
    assert len(rows(old_home.history)["stream_reads"]) == 37


def test_a_home_of_a_newer_version_is_left_alone(old_home: Home) -> None:
    opened(old_home.history)
    with looked_at(old_home.history) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = old_home.history.read_bytes()
    for read in (History(old_home.history).last_run, Audit(old_home, SystemClock()).verify):
        with pytest.raises(HomeError, match="made by a newer version"):
            read()
    assert old_home.history.read_bytes() == before


def test_a_migration_that_fails_leaves_the_version_before_it(old_home: Home) -> None:
    broken = (*MIGRATIONS, "CREATE TABLE half (id INTEGER);\nDELETE FROM action_claims;\nDROP TABLE none;\n")
    with (
        closing(sqlite3.connect(old_home.history, isolation_level=None)) as db,
        pytest.raises(sqlite3.OperationalError),
    ):
        migrate(db, broken)
    assert opened(old_home.history) == len(MIGRATIONS)
    found = rows(old_home.history)
    assert "half" not in found
    assert len(found["action_claims"]) == 2


@pytest.mark.parametrize("steps", [1, 50, 200, 400, 600, 800, 1000, 1500, 2000, 3000])
def test_a_migration_that_is_killed_is_done_by_the_next_command(old_home: Home, steps: int) -> None:
    before = rows(old_home.history)
    child = os.fork()
    if not child:  # killed after so many steps of SQLite's machine, wherever that is; or at the end
        db = sqlite3.connect(old_home.history, isolation_level=None)
        db.set_progress_handler(lambda: os.kill(os.getpid(), signal.SIGKILL), steps)
        migrate(db)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert opened(old_home.history) == len(MIGRATIONS)
    after = rows(old_home.history)
    assert {name: after[name] for name in before} == before
    assert "actions_next" not in after
    assert Audit(old_home, SystemClock()).verify().ok


@pytest.fixture
def old_books(old_home: Home) -> Home:
    """With its raw tables and the marts under their earlier name."""
    with duckdb.connect(old_home.raw) as raw:
        raw.execute((OLD / "raw.sql").read_text("utf-8"))
    with duckdb.connect() as db:
        db.execute(f"ATTACH '{old_home.root / 'marts.duckdb'}' AS next; CREATE SCHEMA next.marts")
        db.execute("CREATE TABLE next.marts.invoices AS SELECT 217785 AS invoice_id")
    return old_home


def counts(home: Home) -> dict[str, int]:
    with duckdb.connect(home.raw, read_only=True) as raw:
        names = raw.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'freshbooks'"
        ).fetchall()
        return {
            name: row[0]
            for (name,) in names
            if (row := raw.execute(f'SELECT count(*) FROM freshbooks."{name}"').fetchone())
        }


def test_a_read_adds_to_the_raw_tables_of_an_old_home(
    old_books: Home, scripted: Callable[..., Source]
) -> None:
    before = counts(old_books)
    source = scripted(
        discover=[catalog(stream("invoices"))],
        read=[record({"id": 1, "name": "new"}, "invoices"), state("s", "invoices"), complete("invoices")],
    )
    sync(old_books, SyncOptions(marts=False), Silent(), source)
    assert counts(old_books) == before | {"invoices": before["invoices"] + 1}


@pytest.mark.parametrize("name", ["report_profit_and_loss", "report_tax_summary"])
def test_reports_of_an_old_home_are_on_the_accrual_basis(
    old_books: Home, scripted: Callable[..., Source], name: str
) -> None:
    """Read anew they are replaced, and those of the cash basis stand beside them."""
    before = counts(old_books)
    key = ("account_id", "business_id", "currency_code", "basis", "start_date", "end_date")
    with duckdb.connect(old_books.raw, read_only=True) as raw:
        query = f"SELECT account_id, business_id, currency_code, start_date, end_date FROM freshbooks.{name}"
        account, business, code, *days = raw.execute(query).fetchall()[0]
    period = dict(zip(("start_date", "end_date"), map(str, days), strict=True))
    known = {"account_id": account, "business_id": business, "currency_code": code, **period}
    read = [
        record({**known, "basis": basis, "observed_at": "2026-12-01T00:00:00Z", "company_name": "new"}, name)
        for basis in ("accrual", "cash")
    ]
    properties = {field: {"type": "string"} for field in key} | {
        "business_id": {"type": "integer"},
        "start_date": {"type": "string", "format": "date"},
        "end_date": {"type": "string", "format": "date"},
        "observed_at": {"type": "string", "format": "date-time"},
        "company_name": {"type": ["null", "string"]},
    }
    told = stream(name, **properties) | {
        "source_defined_primary_key": [[field] for field in key],
        "default_cursor_field": ["observed_at"],
    }
    source = scripted(discover=[catalog(told)], read=[*read, state("s", name), complete(name)])
    sync(old_books, SyncOptions(marts=False), Silent(), source)
    assert counts(old_books) == before | {name: before[name] + 1}
    with duckdb.connect(old_books.raw, read_only=True) as raw:
        found = raw.execute(
            f"SELECT basis, count(*), count(*) FILTER (company_name = 'new') FROM freshbooks.{name} GROUP BY ALL"
        ).fetchall()
    assert sorted(found) == [("accrual", before[name], 1), ("cash", 1, 1)]


def freshbooks(home: Home, *words: str) -> str:
    """What the command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "freshbooks_hub.cli.main", *words],
        env=os.environ | home.environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_commands_work_on_an_old_home_without_a_new_connection(old_books: Home) -> None:
    before = counts(old_books), rows(old_books.history)["actions"]
    assert "217785" in freshbooks(old_books, "query", "from invoices")
    status = json.loads(freshbooks(old_books, "status", "--json"))
    assert (status["connection"]["state"], status["marts"]["as_of_date"]) == ("connected", "2026-10-31")
    assert "complete and unchanged: 9 entries" in freshbooks(old_books, "audit", "verify")
    assert (counts(old_books), rows(old_books.history)["actions"]) == before


@pytest.mark.long
def test_new_marts_are_built_from_an_old_home(old_books: Home) -> None:
    before = counts(old_books), rows(old_books.history)["actions"]
    freshbooks(old_books, "build")
    assert "2" in freshbooks(old_books, "query", "select count(*) from marts.invoices")
    assert (counts(old_books), rows(old_books.history)["actions"]) == before
