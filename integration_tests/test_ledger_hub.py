"""The hub reads the ledger's open months at each sync and all of it weekly, and sees what vanished from either."""

from pathlib import Path

import duckdb
import pytest

from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests.hub import Hub
from integration_tests.test_source_ledger_window import BUSINESS, PATH, opened, postings, some_expense, today

DETAILS = "journal_entry_details"


class Books:
    """A home that reads the ledger alone, and what it has of it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._sandbox = hub.sandbox

    def sync(self) -> bool:
        """Whether some request asked for the whole list."""
        before = len(self._sandbox.requests.matching(PATH))
        result = self._hub.run("sync", "--json", "--no-marts", "--stream", DETAILS)
        assert result.returncode == 0, result.stderr
        asked = self._sandbox.requests.matching(PATH)[before:]
        assert asked
        return any("search[start_date]" not in dict(request.query) for request in asked)

    def read(self, what: str) -> set[object]:
        with duckdb.connect(Home(self._hub.home).raw, read_only=True) as raw:
            return {
                value for (value,) in raw.execute(f"SELECT {what} AND business_id = {BUSINESS}").fetchall()
            }

    @property
    def active(self) -> set[object]:
        return self.read(f"detailid FROM freshbooks.{DETAILS} WHERE NOT is_deleted")

    @property
    def deleted(self) -> set[object]:
        return self.read(f"detailid FROM freshbooks.{DETAILS} WHERE is_deleted")

    @property
    def whole_read_at(self) -> object:
        [at] = self.read(f"whole_read_at FROM freshbooks.stream_availability WHERE stream_name = '{DETAILS}'")
        return at


@pytest.fixture
def books(sandbox: Sandbox, tmp_path: Path) -> Books:
    hub = Hub(tmp_path / "home", sandbox)
    hub.connect()
    sandbox.edit("expenses", BUSINESS, some_expense(sandbox, old=True), date=today(sandbox))
    return Books(hub)


def test_what_vanishes_is_seen_at_once_in_the_open_months_and_weekly_before(
    sandbox: Sandbox, books: Books
) -> None:
    assert books.sync()
    first = books.whole_read_at
    assert books.active == postings(sandbox).keys()

    before = postings(sandbox)
    sandbox.delete("expenses", BUSINESS, some_expense(sandbox, old=True))
    old = before.keys() - postings(sandbox).keys()
    assert old
    assert not books.sync()
    assert (books.deleted, books.whole_read_at) == (set(), first)

    before = postings(sandbox)
    sandbox.delete("expenses", BUSINESS, some_expense(sandbox, old=False))
    recent = before.keys() - postings(sandbox).keys()
    assert recent
    assert min(before[id_] for id_ in recent) >= opened(sandbox)
    assert (
        books.sync()
    )  # a row that left the open months is gone or has an earlier date: only the whole list tells
    assert books.deleted == old | recent
    assert books.active == postings(sandbox).keys()

    before = postings(sandbox)
    sandbox.delete("expenses", BUSINESS, some_expense(sandbox, old=True))
    older = before.keys() - postings(sandbox).keys()
    assert not books.sync()
    sandbox.clock.advance(days=7)
    assert books.sync()
    assert books.deleted == old | recent | older
    assert books.active == postings(sandbox).keys()
    assert books.whole_read_at > first  # type: ignore[operator]
