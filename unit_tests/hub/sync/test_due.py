"""`sync --due` over stored state: what it reads, when it waits, and whom it tells."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from freshbooks_api.errors import RATE_LIMITED, with_code
from freshbooks_hub.cli.main import cli
from freshbooks_hub.connection.oauth import GrantRefused
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import SourceFailed, TransformFailed
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock
from freshbooks_hub.status.summary import as_text
from freshbooks_hub.status.summary import status as read_status
from freshbooks_hub.sync import ingest, schedule, scheduled_run, transform
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.history import History
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync.run import SyncOptions, SyncResult
from freshbooks_hub.sync.run import sync as run_sync
from freshbooks_hub.sync.schedule import CONNECTION, Schedule
from freshbooks_hub.sync.scheduled_run import DueResult, select, sync_due
from freshbooks_hub.sync.sync_groups import SYNC_GROUPS
from unit_tests.hub.protocol import catalog, error, stream

Scripted = Callable[..., Source]
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
# Some of the groups: every stream is a table to make.
FEW = ("invoices", "clients", "expenses", "time_entries", "estimates", "bills", "invoices_whole")
CHOSEN = tuple(group for group in SYNC_GROUPS if group.name in FEW)
STREAMS = sorted({name for group in CHOSEN for name in (*group.streams, *group.with_streams)})


class World:
    """A clock that a test moves, and a FreshBooks that answers as it is told."""

    def __init__(self, home: Home, scripted: Scripted, inputs: Path) -> None:
        self.home = home
        self.now = START
        self._scripted = scripted
        self._inputs = inputs
        self.failing: dict[str, dict[str, Any]] = {}
        self.said: list[str] = []

    def fail(self, streams: list[str], message: str, person: bool = False, code: str | None = None) -> None:
        for name in streams:
            failure = error(message, name)
            failure["trace"]["error"]["internal_message"] = with_code(code, message)
            failure["trace"]["error"]["failure_type"] = "config_error" if person else "transient_error"
            self.failing[name] = failure

    def due(self) -> DueResult:
        said = [{"type": "LOG", "log": {"level": "WARN", "message": text}} for text in self.said]
        copied = {"do": "copy_inputs", "to": str(self._inputs)}
        steps = [copied, *said, {"do": "complete", "failing": self.failing}]
        source = self._scripted(discover=[catalog(*map(stream, STREAMS))], read=steps)
        return sync_due(self.home, Silent(), source, lambda: self.now)

    def asked(self) -> set[str]:
        """The streams of the last run."""
        configured = json.loads((self._inputs / "catalog.json").read_text())["streams"]
        return {stream["stream"]["name"] for stream in configured}

    def later(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@pytest.fixture
def world(home: Home, scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    def build(home: Home, project: transform.Project, *_: Any, **__: Any) -> transform.Built:
        with duckdb.connect(project.marts) as marts:
            marts.execute("CREATE SCHEMA marts")
        return transform.Built(project.marts, [])

    monkeypatch.setattr(transform, "build", build)
    monkeypatch.setattr(schedule, "SYNC_GROUPS", CHOSEN)
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    return World(home, scripted, inputs)


def group(home: Home, name: str, now: datetime) -> Any:
    return next(e for e in Schedule(home).groups(now) if e.name == name)


def test_the_first_run_reads_everything_and_the_next_minute_nothing(world: World) -> None:
    first = world.due()
    assert (first.outcome, world.asked()) == ("synced", set(STREAMS))
    world.later(minutes=1)
    idle = world.due()
    assert idle.outcome == "nothing due"
    assert idle.next_due == first.next_due
    assert START + timedelta(minutes=18) <= idle.next_due <= START + timedelta(minutes=20)


def test_only_what_is_due_is_read_with_what_its_rows_name(world: World) -> None:
    world.due()
    world.later(minutes=20)
    assert world.due().groups == ("invoices",)
    assert world.asked() == {"invoices", "payments", "credit_notes", "clients"}
    world.later(minutes=40)
    assert set(world.due().groups) == {"invoices", "expenses"}


def test_another_choice_of_businesses_makes_everything_due(world: World) -> None:
    """What was read of the others says nothing of the new one; `businesses` is read along, which rows name."""
    store = ConnectionStore(world.home.connection)
    store.save(replace(store.load(), config=store.load().config | {"business_ids": [439117]}))
    world.due()
    world.later(minutes=1)
    assert world.due().outcome == "nothing due"
    store.save(replace(store.load(), config=store.load().config | {"business_ids": [439000]}))
    assert {e.last_success for e in Schedule(world.home).groups(world.now)} == {None}
    assert set(world.due().groups) == {group.name for group in CHOSEN}
    world.later(minutes=1)
    assert world.due().outcome == "nothing due"


def test_whoever_the_rows_belong_to_is_read_with_any_of_them() -> None:
    groups = Schedule(Home(Path("/nowhere"))).groups(START)
    for one in groups:
        others = [replace(e, next_due=START + timedelta(days=1)) for e in groups if e is not one]
        assert "businesses" in select([one, *others], START).streams
    assert select(others[:-1], START).streams == ()


@pytest.mark.parametrize("by_hand", [False, True], ids=["then_due", "then_one_stream_by_hand"])
def test_lost_raw_tables_make_everything_due(world: World, scripted: Scripted, by_hand: bool) -> None:
    """Their reads do not count any more, not even where a read by hand has made a new file meanwhile."""
    world.due()
    world.home.raw.unlink()
    world.later(minutes=1)
    if by_hand:
        few = scripted(discover=[catalog(stream("clients"))], read=[{"do": "complete", "failing": {}}])
        run_sync(world.home, SyncOptions(["clients"], marts=False), Silent(), few, lambda: world.now)
    done = world.due()
    assert set(done.groups) == {group.name for group in CHOSEN} - ({"clients"} if by_hand else set())
    assert done.result is not None
    assert done.result.published
    assert world.due().outcome == "nothing due"


def test_marts_are_not_built_while_a_lost_table_cannot_be_read(world: World) -> None:
    world.due()
    world.home.raw.unlink()
    world.later(minutes=1)
    before = History(world.home.history).generation()
    world.fail(["bills"], "FreshBooks answered with status 500.")
    with pytest.raises(SourceFailed):
        world.due()
    after = History(world.home.history).generation()
    assert before is not None
    assert after is not None
    assert after.id == before.id


def test_a_restart_and_a_long_sleep_change_nothing(world: World) -> None:
    """Every call is a process of its own as far as state goes; two days asleep are one run."""
    world.due()
    world.later(days=2)
    assert "invoices" in world.due().groups
    assert world.due().outcome == "nothing due"
    world.later(minutes=10)
    assert world.due().outcome == "nothing due"


def test_nothing_is_read_while_paused_and_once_after(world: World) -> None:
    world.due()
    Schedule(world.home).pause(world.now)
    world.later(hours=7)
    assert world.due().outcome == "paused"
    Schedule(world.home).resume()
    assert {"invoices", "clients", "estimates"} <= set(world.due().groups)
    assert world.due().outcome == "nothing due"


def test_a_weekly_read_is_whole_and_asks_for_rows_that_vanished(world: World) -> None:
    world.due()
    world.later(days=7)
    done = world.due()
    assert "invoices_whole" in done.groups
    assert done.result
    # These scripted streams keep no state, so every read is one from the beginning.
    assert all(result.is_full_reread for result in done.result.streams)
    world.later(days=1)
    assert "invoices_whole" not in world.due().groups


def test_a_read_by_hand_counts(world: World, scripted: Scripted) -> None:
    world.due()
    world.later(minutes=15)
    run = History(world.home.history, lambda: world.now)
    number = run.start()
    run.streams(
        number, [replace(r, is_full_reread=False) for r in _results("invoices", "payments", "credit_notes")]
    )
    run.finish(number)
    world.later(minutes=15)
    assert world.due().outcome == "nothing due"


def _results(*streams: str) -> list[Any]:
    from freshbooks_hub.sync.history import StreamResult

    return [StreamResult(name, True, 0, 0, 0, 0, 0.0) for name in streams]


def test_while_freshbooks_is_down_the_tries_thin_out_and_then_all_is_read(world: World) -> None:
    world.due()
    world.later(minutes=20)
    world.fail(STREAMS, "FreshBooks could not be reached.")
    waits = []
    for _ in range(7):
        with pytest.raises(SourceFailed):
            world.due()
        again = world.due()
        assert again.outcome == "nothing due"
        assert again.next_due
        waits.append((again.next_due - world.now).total_seconds() / 60)
        world.now = again.next_due
    assert waits == [1, 2, 4, 8, 10, 10, 10]
    assert Alarms(world.home).all() == []  # nobody can do anything about it
    assert "could not be reached" in Schedule(world.home).trouble().error  # type: ignore[union-attr]
    world.failing.clear()
    assert {"invoices", "expenses"} <= set(world.due().groups)
    assert Schedule(world.home).trouble() is None


def test_a_stream_that_fails_does_not_hold_up_the_others(world: World) -> None:
    world.due()
    world.later(hours=6)
    world.fail(["bills"], "The authorization lacks user:bills:read.", person=True)
    with pytest.raises(SourceFailed):
        world.due()
    bills = group(world.home, "bills", world.now)
    assert (bills.failures, bills.last_error) == (1, "The authorization lacks user:bills:read.")
    assert group(world.home, "invoices", world.now).age == timedelta()
    assert [(a.kind, a.message) for a in Alarms(world.home).open()] == [
        ("bills", "The authorization lacks user:bills:read.")
    ]
    assert Schedule(world.home).trouble() is None
    for _ in range(12):  # it is tried again, ever less often; the rest goes on
        world.later(minutes=5)
        try:
            world.due()
        except SourceFailed:
            assert "bills" in world.asked()
    assert group(world.home, "invoices", world.now).age < timedelta(minutes=20)
    assert 3 <= group(world.home, "bills", world.now).failures <= 7
    assert len(Alarms(world.home).all()) == 1
    world.failing.clear()
    world.later(hours=6)
    world.due()
    assert Alarms(world.home).open() == []
    assert group(world.home, "bills", world.now).failures == 0


def test_when_freshbooks_asks_to_slow_down_the_whole_connection_waits(world: World) -> None:
    """Known by the failure's code, whatever its words."""
    world.due()
    world.later(hours=1)
    world.fail(["expenses"], "Any words.", code=RATE_LIMITED)
    with pytest.raises(SourceFailed):
        world.due()
    trouble = Schedule(world.home).trouble()
    assert trouble
    assert trouble.retry_at == world.now + timedelta(minutes=1)
    assert world.due().outcome == "nothing due"


def test_a_dead_grant_is_tried_once_and_told_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.due()
    world.later(minutes=20)
    store = ConnectionStore(world.home.connection)

    def refused(*_: Any) -> None:
        store.save(replace(store.load(), dead_since=world.now))
        raise GrantRefused("FreshBooks no longer accepts this connection. Connect again.")

    monkeypatch.setattr(ingest, "examine", refused)
    world.fail(STREAMS, "The refresh token was refused.", person=True)
    with pytest.raises(GrantRefused):
        world.due()
    runs = History(world.home.history).last_run()
    for _ in range(50):
        world.later(minutes=30)
        assert world.due().outcome == "refused"
    assert {group.next_due for group in Schedule(world.home).groups(world.now)} == {None}
    command = CliRunner(env={"FRESHBOOKS_HOME": str(world.home.root)})
    assert "Disconnected by FreshBooks" in command.invoke(cli, ["schedule"]).stdout
    assert read_status(world.home)["schedule"]["next_due"] is None
    assert History(world.home.history).last_run() == runs
    [alarm] = Alarms(world.home).all()
    assert (alarm.kind, alarm.cleared_at) == ("connection", None)
    assert "Connect again" in alarm.message
    store.save(replace(store.load(), dead_since=None))
    world.failing.clear()
    assert world.due().outcome == "synced"
    assert Alarms(world.home).open() == []


def by_hand(world: World, scripted: Scripted, streams: list[str], marts: bool = True) -> None:
    """`freshbooks sync`, or the page's Sync now."""
    source = scripted(discover=[catalog(*map(stream, STREAMS))], read=[{"do": "complete", "failing": {}}])
    run_sync(world.home, SyncOptions(streams, marts=marts), Silent(), source, lambda: world.now)


def test_a_sync_by_hand_clears_what_it_mended(world: World, scripted: Scripted) -> None:
    alarms, schedule = Alarms(world.home), Schedule(world.home)

    def raised() -> set[str]:
        return {alarm.kind for alarm in alarms.open()}

    for kind in ("connection", "home", "marts", "bills", "expenses"):
        alarms.raise_(kind, "Mend this.", world.now)
    schedule.failed(CONNECTION, "FreshBooks is down.", world.now)
    by_hand(world, scripted, ["expenses"], marts=False)
    assert raised() == {"marts", "bills"}
    assert schedule.trouble() is None
    by_hand(world, scripted, [])
    assert raised() == set()


def test_an_open_alarm_says_what_is_wrong_now(world: World) -> None:
    alarms = Alarms(world.home)
    assert alarms.raise_("connection", "Refused: invalid_grant.", world.now)
    assert not alarms.raise_("connection", "Refused: invalid_client.", world.now + timedelta(hours=1))
    [alarm] = alarms.open()
    assert (alarm.message, alarm.raised_at) == ("Refused: invalid_client.", world.now)


def test_marts_that_fail_their_tests_are_told_once_and_reading_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(*_: Any, **__: Any) -> transform.Built:
        raise TransformFailed("The check x found 1 wrong rows.")

    monkeypatch.setattr(transform, "build", build)
    for _ in range(3):
        with pytest.raises(TransformFailed):
            world.due()
        assert group(world.home, "invoices", world.now).age == timedelta()
        world.later(minutes=20)
    [alarm] = Alarms(world.home).all()
    assert alarm.kind == "marts"


def test_a_run_that_is_killed_each_time_is_not_repeated_at_every_tick(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from freshbooks_hub.sync import run

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "sync_locked", killed)
    with pytest.raises(KeyboardInterrupt):
        world.due()
    assert world.due().outcome == "nothing due"
    world.later(minutes=1)
    with pytest.raises(KeyboardInterrupt):
        world.due()
    world.later(minutes=1)
    assert world.due().outcome == "nothing due"  # two minutes, now


def test_what_the_source_warns_of_is_told_stored_and_shown(world: World) -> None:
    drift = "invoices of business 439000: 64 rows counted, 0 read."
    world.said = [drift]
    done = world.due()
    assert done.result is not None
    assert done.result.warnings == [drift]
    picture = read_status(world.home)
    assert picture["last_sync"]["warnings"] == [drift]
    assert f"Warning: {drift}" in as_text(picture)
    world.said = []
    world.later(days=1)
    world.due()
    assert "Warning" not in as_text(read_status(world.home))


def test_the_command_prints_a_warning(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    result = SyncResult([], True, "2026-11-02", ["3 rows of bills could not be read."], [])
    told = DueResult("synced", "Read bills.", ("bills",), None, result)
    monkeypatch.setattr(scheduled_run, "sync_due", lambda *_: told)
    command = CliRunner(env={"FRESHBOOKS_HOME": str(home.root)})
    assert "Warning: 3 rows of bills could not be read." in command.invoke(cli, ["sync", "--due"]).stdout
    assert json.loads(command.invoke(cli, ["sync", "--due", "--json"]).stdout)["warnings"] == result.warnings


def test_a_second_caller_is_told_and_leaves(world: World) -> None:
    with sync_lock(world.home.root):
        done = world.due()
    assert done.outcome == "busy"
    assert "Another sync is running" in done.message


def test_the_command_ends_with_zero_while_another_sync_runs(home: Home) -> None:
    with sync_lock(home.root):
        result = CliRunner(env={"FRESHBOOKS_HOME": str(home.root)}).invoke(cli, ["sync", "--due", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["outcome"] == "busy"


def test_without_a_connection_nothing_is_tried(tmp_path: Path) -> None:
    done = sync_due(Home(tmp_path / "new"), Silent())
    assert done.outcome == "not connected"


def test_an_idle_call_loads_nothing_heavy(world: World) -> None:
    world.now = datetime.now(UTC)
    world.due()
    with sqlite3.connect(world.home.history) as db:  # the command knows all groups
        names = [(stream,) for group in SYNC_GROUPS for stream in group.streams]
        moment = world.now.isoformat(timespec="seconds")
        db.executemany(f"INSERT OR REPLACE INTO stream_reads VALUES (?, '{moment}', '{moment}')", names)
    heavy = "duckdb", "dbt", "airbyte_cdk", "requests", "rich"
    program = (
        "import sys; sys.argv[1:] = ['sync', '--due']; from freshbooks_hub.cli.main import cli\n"
        "try: cli()\nfinally: print(sorted({m.partition('.')[0] for m in sys.modules} & set(%r)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program % (heavy,)],
        env={"FRESHBOOKS_HOME": str(world.home.root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines()[0].startswith("Nothing is due before")
    assert result.stdout.splitlines()[1] == "[]"


def test_a_wake_up_is_read_at_the_next_tick(world: World) -> None:
    world.due()
    world.later(minutes=5)
    Schedule(world.home).wake(["expenses"], world.now)
    assert world.due().groups == ("expenses",)
    assert world.due().outcome == "nothing due"


def test_the_schedule_can_be_seen_and_changed_by_command(home: Home) -> None:
    command = CliRunner(env={"FRESHBOOKS_HOME": str(home.root)})
    assert command.invoke(cli, ["schedule", "set", "invoices", "30m"]).exit_code == 0
    shown = json.loads(command.invoke(cli, ["schedule", "--json"]).stdout)
    assert shown["entities"][0]["frequency_seconds"] == 1800
    assert "30m*" in command.invoke(cli, ["schedule"]).stdout
    command.invoke(cli, ["pause"])
    assert "Paused" in command.invoke(cli, ["schedule"]).stdout
    command.invoke(cli, ["resume"])
    assert not json.loads(command.invoke(cli, ["schedule", "--json"]).stdout)["paused"]


def test_the_status_shows_an_open_alarm_and_a_pause(home: Home) -> None:
    Alarms(home).raise_("connection", "FreshBooks no longer accepts this connection. Connect again.", START)
    assert not Alarms(home).raise_("connection", "Connect again, it says a minute later.", START)
    Schedule(home).pause(START)
    shown = CliRunner(env={"FRESHBOOKS_HOME": str(home.root)}).invoke(cli, ["status"]).stdout
    assert "Attention   Connect again, it says a minute later." in shown
    assert "paused since 2026-11-02 09:00 UTC" in shown
    Alarms(home).clear("connection", now=START)
    assert (
        "Attention" not in CliRunner(env={"FRESHBOOKS_HOME": str(home.root)}).invoke(cli, ["status"]).stdout
    )
