"""`freshbooks backup`: whole copies, no tokens, and never fewer back-ups than are to stay."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from freshbooks_hub.agent.actions.audit import Audit
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock
from freshbooks_hub.sync.backup import back_up
from freshbooks_hub.sync.history import History
from freshbooks_hub.sync.raw import RawStore

NOW = datetime(2026, 11, 1, 2, 17, tzinfo=UTC)


@pytest.fixture
def homes(tmp_path: Path) -> list[Home]:
    """Of the default connection and of `bakery`, each with a run on record and raw tables."""
    base = Home(tmp_path / "home").ensure()
    homes = [base, base.named("bakery").ensure()]
    for home in homes:
        history = History(home.history)
        history.finish(history.start())
        RawStore(home.raw, home.run / "duckdb").close()
        home.connection.write_text("{}")
    return homes


def test_each_connection_has_its_record_and_its_raw_tables(homes: list[Home], tmp_path: Path) -> None:
    done = back_up(homes, tmp_path / "copies", NOW, keep=7)
    assert (done.connections, done.without_raw) == (["default", "bakery"], [])
    files = {path.relative_to(done.folder) for path in done.folder.rglob("*") if path.is_file()}
    assert files == {Path(name) / file for name in done.connections for file in ("hub.sqlite", "raw.duckdb")}
    assert {path.stat().st_mode & 0o077 for path in done.folder.rglob("*")} == {0}
    with sqlite3.connect(done.folder / "bakery" / "hub.sqlite") as db:
        assert db.execute("SELECT count(*) FROM sync_runs").fetchone() == (1,)
    with duckdb.connect(str(done.folder / "bakery" / "raw.duckdb")) as raw:
        assert raw.execute("SELECT version FROM freshbooks_sync.version").fetchone() == (0,)


def test_what_people_set_up_is_there_and_no_secret(homes: list[Home], tmp_path: Path) -> None:
    kept = {"rules.toml", "reporting_currency.json", "warehouse.json", "web.users.json", "audit.head"}
    secret = {"notifications.json", "agent.token", "web.json", "web.password", "login.json"}
    for name in kept | secret:
        (homes[1].root / name).write_text(name)
    folder = back_up(homes, tmp_path / "copies", NOW, keep=7).folder / "bakery"
    assert {path.name: path.read_text() for path in folder.iterdir() if path.name in kept | secret} == {
        name: name for name in kept
    }
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}


def test_a_restored_audit_log_is_whole(homes: list[Home], tmp_path: Path) -> None:
    audit = Audit(homes[0], SystemClock())
    audit.record("policy_changed", "owner")
    folder = back_up(homes, tmp_path / "copies", NOW, keep=7).folder / "default"
    audit.record("policy_changed", "owner")
    for name in ("hub.sqlite", "audit.head"):
        shutil.copyfile(folder / name, homes[0].root / name)
    found = audit.verify()
    assert (found.ok, found.entries) == (True, 1)


def test_the_newest_stay_and_what_was_killed_goes(homes: list[Home], tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    (copies / "20261031T000000Z.part").mkdir(parents=True)
    (copies / "of mine").mkdir()
    for day in range(4):
        back_up(homes, copies, NOW + timedelta(days=day), keep=2)
    assert sorted(path.name for path in copies.iterdir()) == [
        "20261103T021700Z",
        "20261104T021700Z",
        "of mine",
    ]


def test_a_connection_that_syncs_is_copied_without_its_raw_tables(homes: list[Home], tmp_path: Path) -> None:
    with sync_lock(homes[1].root):
        done = back_up(homes, tmp_path / "copies", NOW, keep=7)
    assert done.without_raw == ["bakery"]
    assert (done.folder / "bakery" / "hub.sqlite").exists()
    assert not (done.folder / "bakery" / "raw.duckdb").exists()


def test_a_home_without_anything_removes_no_earlier_back_up(homes: list[Home], tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    earlier = back_up(homes, copies, NOW, keep=1)
    with pytest.raises(HubError, match="nothing to back up"):
        back_up([Home(tmp_path / "empty")], copies, NOW + timedelta(days=1), keep=1)
    assert earlier.folder.exists()
