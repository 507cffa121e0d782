"""A first sync publishes what the lists give, then reads the reports and the ledger and publishes once more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from freshbooks_hub.core.home import Home
from freshbooks_hub.status.problems import concerns
from freshbooks_hub.sync import transform
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.history import History
from freshbooks_hub.sync.ingest import ReadFailed
from freshbooks_hub.sync.progress import Silent
from freshbooks_hub.sync.run import FIGURES_SHOWN, SyncOptions, SyncResult, sync
from freshbooks_hub.sync.schedule import Schedule
from unit_tests.hub.protocol import catalog, error, record, row, stream
from unit_tests.hub.sync.test_affected_marts import Builds

Raw = Callable[[str], list[tuple[Any, ...]]]
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
LISTS = ("clients", "invoices")
SLOW = ("ledger_accounts", "report_balance_sheet")


class World:
    """Two lists and two slow streams, with a row each; `seen` are the sentences of the last sync's progress."""

    def __init__(self, home: Home, scripted: Callable[..., Source], builds: Builds) -> None:
        self.home, self.builds = home, builds
        self.seen: list[str] = []
        self._scripted = scripted

    def sync(
        self, *streams: str, failing: dict[str, Any] | None = None, stop_at: str | None = None
    ) -> SyncResult:
        names = (*LISTS, *SLOW)
        records = {name: [record(row(1, name="a"), name)] for name in names}
        told = {"do": "complete", "failing": failing or {}, "records": records}
        source = self._scripted(discover=[catalog(*map(stream, names))], read=[told])
        self.seen = []
        reporter = Stopping(self.seen, stop_at)
        return sync(self.home, SyncOptions(list(streams)), reporter, source, lambda: NOW)


class Stopping(Silent):
    """Writes down what it is told; a person presses Ctrl-C at the sentence `at`."""

    def __init__(self, seen: list[str], at: str | None) -> None:
        self._seen, self._at = seen, at

    def phase(self, text: str) -> None:
        self._seen.append(text)
        if text == self._at:
            raise KeyboardInterrupt


@pytest.fixture
def world(home: Home, scripted: Callable[..., Source], monkeypatch: pytest.MonkeyPatch) -> World:
    builds = Builds()
    monkeypatch.setattr(transform, "build", builds.whole)
    monkeypatch.setattr(transform, "rebuild", builds.affected)
    return World(home, scripted, builds)


def test_figures_are_published_before_reports_are_read_and_then_what_depends_on_reports(
    world: World, raw: Raw
) -> None:
    result = world.sync()
    assert world.builds.asked == ["all", set(SLOW)]
    assert world.seen[0].startswith("Building marts")
    assert world.seen[1] == FIGURES_SHOWN
    assert world.seen[2].startswith("Building what depends on Ledger accounts, Balance sheet report")
    # One sync for whoever asks: every stream in one result, and one run in the record.
    assert [one.stream for one in result.streams] == [*LISTS, *SLOW]
    assert result.published
    [run] = History(world.home.history).runs(10)
    assert (run["status"], run["rows_read"]) == ("succeeded", 4)
    assert raw("SELECT count(*) FROM freshbooks.report_balance_sheet") == [(1,)]


def test_both_publications_are_built_of_the_same_tables(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the second one would be a build of everything."""
    tables: list[list[str]] = []
    fingerprint = transform.Project.fingerprint

    def heard(self: transform.Project, streams: list[str], start_date: str | None) -> str:
        tables.append(streams)
        return fingerprint(self, streams, start_date)

    monkeypatch.setattr(transform.Project, "fingerprint", heard)
    world.sync()
    assert tables == [sorted((*LISTS, *SLOW))] * 2


def test_reports_that_fail_leave_the_first_figures(world: World) -> None:
    failing = {name: error("FreshBooks answered with status 500.", name) for name in SLOW}
    with pytest.raises(ReadFailed, match="Balance sheet report"):
        world.sync(failing=failing)
    history = History(world.home.history)
    assert history.generation() is not None
    assert world.builds.asked == ["all"]
    assert history.were_read([*LISTS])
    assert not history.were_read(["report_balance_sheet"])
    world.sync()
    assert world.builds.asked == ["all", set(SLOW)]


def test_a_list_that_fails_does_not_keep_reports_from_being_read(world: World) -> None:
    with pytest.raises(ReadFailed, match="Clients could not be read") as caught:
        world.sync(failing={"clients": error("FreshBooks answered with status 500.", "clients")})
    assert [failure.stream for failure in caught.value.failures] == ["clients"]
    assert History(world.home.history).were_read(["invoices", *SLOW])
    last = History(world.home.history).last_run()
    assert last
    assert last["status"] == "failed"


def test_after_a_stop_between_the_two_the_next_sync_goes_on(world: World) -> None:
    with pytest.raises(KeyboardInterrupt):
        world.sync(stop_at=FIGURES_SHOWN)
    history = History(world.home.history)
    groups, last = Schedule(world.home).groups(NOW), history.last_run()
    # What is not there yet is told as not read, and the next sync reads it.
    assert any("not read yet" in one.what for one in concerns(groups, last, None, NOW))
    world.sync()
    assert FIGURES_SHOWN not in world.seen
    assert world.builds.asked == ["all", set(SLOW)]
    assert history.were_read([*LISTS, *SLOW])


def test_streams_that_are_named_and_later_syncs_are_read_at_once(world: World) -> None:
    world.sync("invoices", "report_balance_sheet")
    assert world.builds.asked == ["all"]
    world.sync()
    assert FIGURES_SHOWN not in world.seen
