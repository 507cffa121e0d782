"""A simulated week of `sync --due`: real source, real API answers, a clock that jumps.

Tokens expire, the process is killed, FreshBooks is down for a day, the schedule is paused, the grant is revoked
and given again. Whatever happens: every group is read within its frequency plus one tick while FreshBooks
answers, nobody is alarmed but once, where a person is needed, and no row is lost or stale at the end.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core import forks
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import schedule, transform
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.history import History
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.scheduled_run import DueResult, sync_due
from freshbooks_hub.sync.sync_groups import SyncGroup
from freshbooks_sandbox import Sandbox
from integration_tests import warm
from integration_tests.connector import config_of

BUSINESS = 439000
TICK = timedelta(hours=1)
WEEK = timedelta(days=7)
# Few streams and rarer reads than by default: each read is a process.
SYNC_GROUPS = (
    SyncGroup("invoices", ("invoices",), timedelta(hours=4), with_streams=("clients",)),
    SyncGroup("clients", ("clients",), timedelta(hours=6)),
    SyncGroup("expenses", ("expenses",), timedelta(hours=8)),
    SyncGroup("time_entries", ("time_entries",), timedelta(hours=12), with_streams=("projects",)),
    SyncGroup("estimates", ("estimates",), timedelta(hours=12)),
    SyncGroup(
        "invoices_whole", ("invoices",), timedelta(days=5), with_streams=("clients",), is_full_reread=True
    ),
)
KEYS = {
    "clients": "userid",
    "invoices": "invoiceid",
    "expenses": "expenseid",
    "estimates": "estimateid",
    "time_entries": "id",
}


class KilledAt(Silent):
    """Ends the process, as far as a sync can tell, when a stream is complete."""

    def completed(self, stream: str, count: int) -> None:
        raise KeyboardInterrupt


class Week:
    """A home, a FreshBooks, and people who work in it."""

    def __init__(self, home: Home, sandbox: Sandbox) -> None:
        self.home = home
        self.sandbox = sandbox
        self._random = random.Random(20261102)
        self.reachable_since = self.now

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def tick(self, reporter: Silent | None = None) -> DueResult | HubError:
        """One call of `sync --due`, as the ticker of a fresh process would make it."""
        try:
            return sync_due(self.home, reporter or Silent(), clock=self.sandbox.clock.now)
        except HubError as error:
            return error

    def hours(self, count: int) -> Iterator[DueResult | HubError]:
        """Tick by tick, with people at work in between; what the schedule promises is checked at each."""
        for _ in range(count):
            self.sandbox.clock.advance(seconds=TICK.total_seconds())
            self.work()
            self.check_lag(TICK)
            yield self.tick()

    def normal(self, count: int) -> None:
        for done in self.hours(count):
            assert isinstance(done, DueResult), done
            assert done.outcome in {"synced", "nothing due"}
            self.check_lag(timedelta())

    def check_lag(self, slack: timedelta) -> None:
        if self.now - self.reachable_since < 2 * TICK:
            return
        for group in Schedule(self.home).groups(self.now):
            assert group.age is not None, group.name
            assert group.age <= group.frequency + slack, (group.name, group.age, self.now)

    def work(self) -> None:
        """Edits, deletions and returns of a few rows."""
        for resource in KEYS:
            books = self.sandbox.books(BUSINESS)[resource]
            number = self._random.choice(list(books))
            flag = books[number].get("vis_state", 0 if books[number].get("active") else 1)
            match self._random.randrange(4):
                case 0 if flag == 0:
                    self.sandbox.delete(resource, BUSINESS, number)
                case 1 if flag == 1:
                    self.sandbox.undelete(resource, BUSINESS, number)
                case 2:
                    field = (
                        "organization"
                        if resource == "clients"
                        else "note"
                        if "note" in books[number]
                        else "notes"
                    )
                    self.sandbox.edit(resource, BUSINESS, number, **{field: f"at {self.now:%d %H:%M}"})

    def truth(self) -> dict[str, dict[int, tuple[bool, str | None]]]:
        return {
            resource: {
                number: (
                    row["vis_state"] == 1 if "vis_state" in row else not row["active"],
                    row.get("organization" if resource == "clients" else "notes") or row.get("note") or None,
                )
                for number, row in self.sandbox.books(BUSINESS)[resource].items()
                if row.get("is_logged", True)  # running timers are in no list (freshbooks-api.md 3.7)
            }
            for resource in KEYS
        }

    def stored(self) -> dict[str, dict[int, tuple[bool, str | None]]]:
        text = {"clients": "organization", "time_entries": "note"}
        with duckdb.connect(self.home.raw, read_only=True) as db:
            return {
                table: {
                    number: (is_deleted, words or None)
                    for number, is_deleted, words in db.execute(
                        f"SELECT {key}, is_deleted, {text.get(table, 'notes')} FROM freshbooks.{table} "
                        f"WHERE business_id = {BUSINESS}"
                    ).fetchall()
                }
                for table, key in KEYS.items()
            }


@pytest.fixture
def week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Week]:
    def build(home: Home, project: transform.Project, *_: Any, **__: Any) -> transform.Built:
        with duckdb.connect(project.marts) as db:
            db.execute("CREATE SCHEMA marts")
        return transform.Built(project.marts, [])

    # The marts have tests of their own; here they only cost time.
    monkeypatch.setattr(transform, "build", build)
    monkeypatch.setattr(forks, "inherited", warm.sources())
    monkeypatch.setattr(schedule, "SYNC_GROUPS", SYNC_GROUPS)
    monkeypatch.setattr(schedule, "BY_NAME", {group.name: group for group in SYNC_GROUPS})
    home = Home(tmp_path / "home").ensure()
    with Sandbox(seed="demo", rate_limit=None, clock=datetime.now(UTC)) as sandbox:
        monkeypatch.setenv("FRESHBOOKS_API_URL", sandbox.url)
        monkeypatch.setenv("FRESHBOOKS_AUTH_URL", sandbox.url)
        ConnectionStore(home.connection).connect(config_of(sandbox, business_ids=[BUSINESS]))
        yield Week(home, sandbox)


@pytest.mark.long
def test_a_week(week: Week) -> None:
    sandbox, home = week.sandbox, week.home
    start = week.now
    assert isinstance(week.tick(), DueResult)

    # Monday: nothing special but two expiries of the access token.
    week.normal(26)

    # A process is killed in the middle of its work; the next one goes on.
    sandbox.clock.advance(hours=4)
    with pytest.raises(KeyboardInterrupt):
        week.tick(KilledAt())
    week.reachable_since = week.now
    week.normal(4)

    # Tuesday night to Wednesday night: FreshBooks cannot be reached.
    sandbox.faults.add(kind="drop_before", times=None)
    for _ in range(8):
        sandbox.clock.advance(hours=3)
        week.work()
        assert not isinstance(week.tick(), DueResult) or week.tick().outcome == "nothing due"  # type: ignore[union-attr]
    trouble = Schedule(home).trouble()
    assert trouble
    assert Alarms(home).all() == []
    sandbox.faults.clear()
    week.reachable_since = week.now
    week.normal(12)
    assert Schedule(home).trouble() is None

    # Thursday: paused for ten hours, then one run for all that was missed.
    Schedule(home).pause(week.now)
    runs = History(home.history).last_run()
    for _ in range(10):
        sandbox.clock.advance(hours=1)
        week.work()
        done = week.tick()
        assert isinstance(done, DueResult)
        assert done.outcome == "paused"
    assert History(home.history).last_run() == runs
    Schedule(home).resume()
    week.reachable_since = week.now
    done = week.tick()
    assert isinstance(done, DueResult)
    assert {"invoices", "clients", "expenses"} <= set(done.groups)
    again = week.tick()
    assert isinstance(again, DueResult)
    assert again.outcome == "nothing due"

    # A token that dies under way is renewed under way.
    sandbox.faults.add(kind="expire_token", path="*/invoices/*")
    week.normal(8)

    # Friday: somebody revokes the authorization. One alarm, no further tries, until someone connects again.
    sandbox.oauth.revoke_grant()
    week.reachable_since = week.now + WEEK
    outcomes = [done.outcome if isinstance(done, DueResult) else "failed" for done in week.hours(14)]
    assert outcomes.count("failed") == 1
    assert set(outcomes[outcomes.index("failed") + 1 :]) == {"refused"}
    [alarm] = Alarms(home).all()
    assert alarm.kind == "connection"
    assert alarm.cleared_at is None
    ConnectionStore(home.connection).connect(config_of(sandbox, business_ids=[BUSINESS]))
    week.reachable_since = week.now
    week.normal(1)
    assert Alarms(home).open() == []

    # To the end of the week, and a last day for everything to be read once more.
    week.normal(max(int((start + WEEK - week.now) / TICK), 0))
    for _ in range(2):
        sandbox.clock.advance(hours=13)
        assert isinstance(week.tick(), DueResult)
    assert week.stored() == week.truth()
    assert len(Alarms(home).all()) == 1
