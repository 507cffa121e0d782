"""The ledger: its open months at each sync, all of it weekly, and no row is called deleted that was not asked for."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessage
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.test.entrypoint_wrapper import read as run_read

from freshbooks_sandbox import Sandbox
from integration_tests.conftest import Read
from integration_tests.connector import catalog_of, lists, rows, states
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.deletions import KnownIds
from source_freshbooks.components.timestamps import eastern_day
from source_freshbooks.components.window import first_open_day

pytestmark = pytest.mark.long

DETAILS = "journal_entry_details"
AVAILABILITY = "stream_availability"
BUSINESS = 439000
PATH = "*/journal_entries/journal_entry_details"
State = list[AirbyteStateMessage]


def opened(sandbox: Sandbox) -> str:
    """The first day of the window, ISO."""
    return first_open_day(eastern_day(sandbox.clock.now())).isoformat()


def postings(sandbox: Sandbox, business: int = BUSINESS) -> dict[Any, str]:
    """Day by id."""
    found = sandbox.books(business)[DETAILS].items()
    return {id_: str(row["user_entered_date"])[:10] for id_, row in found}


def by_day(days: Mapping[Any, str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for id_, day in days.items():
        found.setdefault(day, []).append(id_)
    return found


class Ledger:
    """Syncs of the ledger one after the other, by someone who keeps its rows, as the hub does."""

    def __init__(self, sandbox: Sandbox, config: dict[str, Any]) -> None:
        self.sandbox = sandbox
        self.config = config
        self.state: State | None = None
        self.stored: dict[Any, str] = {}
        self.asked: list[Any] = []
        self.whole_read_at = ""

    def sync(self) -> EntrypointOutput:
        """Of the whole output; `stored` has the rows of BUSINESS that are not deleted now, `asked` the requests.

        `whole_read_at`: what is told of the last read of all rows.
        """
        catalog, before = catalog_of(DETAILS, AVAILABILITY), len(self.sandbox.requests.matching(PATH))
        known = KnownIds({DETAILS: {str(BUSINESS): by_day(self.stored)}} if self.state else None)
        source = SourceFreshbooks(catalog=catalog, config=self.config, state=self.state, known_ids=known)
        output = run_read(source, self.config, catalog, self.state)
        self.asked = self.sandbox.requests.matching(PATH)[before:]
        for row in rows(output, DETAILS):
            if row["business_id"] == BUSINESS and row["is_deleted"]:
                self.stored.pop(row["detailid"], None)
            elif row["business_id"] == BUSINESS:
                self.stored[row["detailid"]] = row["user_entered_date"]
        if not output.errors:
            self.state = states(output)
            [told] = [row for row in rows(output, AVAILABILITY) if row["business_id"] == BUSINESS]
            self.whole_read_at = told["whole_read_at"]
        return output

    def read(self) -> dict[Any, str]:
        """The ids that a sync emits of BUSINESS, with their days; "" for a tombstone."""
        found = [r for r in rows(self.sync(), DETAILS) if r["business_id"] == BUSINESS]
        return {r["detailid"]: r.get("user_entered_date") or "" for r in found}

    def cursor(self) -> str:
        """Of BUSINESS."""
        assert self.state is not None
        [state] = [s.stream for s in self.state if s.stream and s.stream.stream_descriptor.name == DETAILS]
        [found] = [
            partition["cursor"]["observed_at"]
            for partition in state.stream_state.states  # type: ignore[union-attr]
            if partition["partition"]["business_id"] == BUSINESS
        ]
        return str(found)


@pytest.fixture
def ledger(sandbox: Sandbox, config: dict[str, Any]) -> Ledger:
    """Synced once. One expense is of today, so that the window has rows whenever the tests run."""
    sandbox.edit("expenses", BUSINESS, some_expense(sandbox, old=True), date=today(sandbox))
    found = Ledger(sandbox, config)
    assert found.read().keys() == postings(sandbox).keys()
    return found


def today(sandbox: Sandbox) -> str:
    return eastern_day(sandbox.clock.now()).isoformat()


def some_expense(sandbox: Sandbox, *, old: bool) -> int:
    """The id of an active expense from before the window, or in it."""
    for id_, row in sandbox.books(BUSINESS)["expenses"].items():
        if row["vis_state"] == 0 and (str(row["date"])[:10] < opened(sandbox)) is old:
            return int(id_)
    raise LookupError


def test_a_sync_reads_the_open_months_and_leaves_the_state(sandbox: Sandbox, ledger: Ledger) -> None:
    cursor = ledger.cursor()
    for _ in range(2):
        sandbox.clock.advance(hours=20)  # a month may end meanwhile
        first = opened(sandbox)
        recent = {id_ for id_, day in postings(sandbox).items() if day >= first}
        assert 0 < len(recent) < len(postings(sandbox))
        assert ledger.read().keys() == recent
        assert {dict(request.query)["search[start_date]"] for request in ledger.asked} == {first}
        assert ledger.cursor() == cursor
    assert ledger.stored == postings(sandbox)


def test_when_all_rows_were_read_is_told(sandbox: Sandbox, ledger: Ledger) -> None:
    """By the reads of the whole list alone, and not more often than daily where each is one."""
    first = ledger.whole_read_at
    sandbox.clock.advance(hours=30)
    ledger.sync()
    assert ledger.whole_read_at == first
    sandbox.clock.advance(days=7)
    ledger.sync()
    assert ledger.whole_read_at > first
    second = ledger.whole_read_at
    sandbox.behaviours.ignored_filters = {f"{DETAILS}.start_date"}  # so that each read is one of all rows
    sandbox.clock.advance(hours=20)
    ledger.sync()
    assert ledger.whole_read_at == second
    sandbox.clock.advance(hours=20)
    ledger.sync()
    assert ledger.whole_read_at > second


def test_a_posting_that_vanishes_in_the_open_months_is_seen_at_once(sandbox: Sandbox, ledger: Ledger) -> None:
    before = postings(sandbox)
    sandbox.delete("expenses", BUSINESS, some_expense(sandbox, old=False))
    gone = before.keys() - postings(sandbox).keys()
    assert gone
    assert {id_ for id_, day in ledger.read().items() if not day} == gone
    assert ledger.stored == postings(sandbox)


def test_one_that_vanishes_from_an_older_month_is_seen_with_the_weekly_whole(
    sandbox: Sandbox, ledger: Ledger
) -> None:
    before = postings(sandbox)
    sandbox.delete("expenses", BUSINESS, some_expense(sandbox, old=True))
    gone = before.keys() - postings(sandbox).keys()
    assert gone
    assert not gone & ledger.read().keys()
    assert ledger.stored == before
    sandbox.clock.advance(days=7)
    assert {id_ for id_, day in ledger.read().items() if not day} == gone
    assert ledger.stored == postings(sandbox)


def test_one_that_gets_an_earlier_date_is_not_called_deleted(sandbox: Sandbox, ledger: Ledger) -> None:
    moved = some_expense(sandbox, old=False)
    sandbox.edit(
        "expenses", BUSINESS, moved, date=(date.fromisoformat(opened(sandbox)) - timedelta(3)).isoformat()
    )
    ledger.sync()
    assert ledger.stored == postings(sandbox)


def test_the_whole_list_is_read_weekly_and_moves_the_state(sandbox: Sandbox, ledger: Ledger) -> None:
    cursor = ledger.cursor()
    sandbox.clock.advance(days=7)
    assert ledger.read().keys() == postings(sandbox).keys()
    assert ledger.cursor() > cursor
    assert not any("search[start_date]" in dict(request.query) for request in ledger.asked)


def test_a_filter_that_does_nothing_is_a_whole_reading(sandbox: Sandbox, ledger: Ledger) -> None:
    cursor = ledger.cursor()
    sandbox.behaviours.ignored_filters = {f"{DETAILS}.start_date"}
    sandbox.delete("expenses", BUSINESS, some_expense(sandbox, old=True))
    sandbox.clock.advance(hours=20)
    ledger.sync()
    assert ledger.stored == postings(sandbox)
    assert ledger.cursor() > cursor


def test_without_known_ids_older_postings_stay(sandbox: Sandbox, read: Read, ledger: Ledger) -> None:
    found = [r for r in rows(read(DETAILS, state=ledger.state), DETAILS) if r["business_id"] == BUSINESS]
    assert found
    assert not any(r["is_deleted"] or r["user_entered_date"] < opened(sandbox) for r in found)


@pytest.mark.parametrize("days", [1, 7])
def test_a_reading_that_breaks_off_calls_nothing_deleted_and_leaves_the_state(
    sandbox: Sandbox, config: dict[str, Any], ledger: Ledger, days: int
) -> None:
    sandbox.delete("expenses", BUSINESS, some_expense(sandbox, old=False))
    sandbox.clock.advance(days=days)
    before, cursor = dict(ledger.stored), ledger.cursor()
    account = sandbox.books(BUSINESS).account_id
    sandbox.faults.add(
        kind="status", status=404, path=f"*{account}/journal_entries/journal_entry_details", times=None
    )
    output = ledger.sync()
    assert output.errors
    assert (ledger.stored, ledger.cursor()) == (before, cursor)


def test_a_sync_without_a_change_reads_a_small_part_of_the_rows(sandbox: Sandbox, read: Read) -> None:
    """A count of rows, of all lists of the demo's books."""
    first = read(*lists())
    second = read(*lists(), state=states(first))
    assert not second.errors
    stored = sum(len(rows(first, stream)) for stream in lists())
    again = sum(len(rows(second, stream)) for stream in lists())
    assert 0 < again < 0.15 * stored, f"{again} of {stored} rows"
