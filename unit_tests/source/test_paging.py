"""Pages come whole, in order and a bounded number ahead."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_freshbooks.components.endpoints import Page
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.paging import MAX_PAGES, PER_PAGE, Drift, fetch_ahead, read_list, read_pages


def page(number: int, pages: int) -> Page:
    return Page([{"id": number}], number, pages, pages)


@settings(max_examples=30)
@given(pages=st.integers(0, 25), ahead=st.integers(1, 9))
def test_all_pages_in_order(pages: int, ahead: int) -> None:
    with ThreadPoolExecutor(4) as workers:
        read = read_pages(lambda n: page(n, pages), page(1, pages), pages, workers, ahead)
        assert [p.number for p in read] == list(range(1, max(pages, 1) + 1))


def test_no_more_than_the_window_is_fetched_before_it_is_consumed() -> None:
    fetched: list[int] = []
    lock = threading.Lock()

    def fetch(number: int) -> Page:
        with lock:
            fetched.append(number)
        return page(number, 50)

    with ThreadPoolExecutor(8) as workers:
        read = read_pages(fetch, page(1, 50), 50, workers, ahead=3)
        next(read)
        next(read)  # waits for page 2; 3 and 4 may fly
        time.sleep(0.05)
        assert sorted(fetched) == [2, 3, 4]
        read.close()


def test_an_error_on_a_later_page_is_raised() -> None:
    def fetch(number: int) -> Page:
        if number == 3:
            raise FreshbooksError("page 3 is broken")
        return page(number, 5)

    with ThreadPoolExecutor(2) as workers, pytest.raises(FreshbooksError, match="page 3"):
        list(read_pages(fetch, page(1, 5), 5, workers, ahead=2))


def test_an_absurd_number_of_pages_is_refused() -> None:
    with ThreadPoolExecutor(1) as workers, pytest.raises(FreshbooksError, match="10001"):
        list(read_pages(lambda n: page(n, 1), page(1, 10_001), 10_001, workers, ahead=1))


def test_drift_is_suspected_when_the_total_moves_or_rows_are_missing() -> None:
    steady = Drift(total=3)
    steady.see(rows=2, total=3)
    steady.see(rows=1, total=3)
    assert not steady.suspected
    moved = Drift(total=3)
    moved.see(rows=2, total=3)
    moved.see(rows=1, total=2)
    assert moved.suspected
    unreadable = Drift(total=16)
    unreadable.see(rows=0, total=16)
    assert unreadable.suspected


def test_rows_created_while_a_list_is_read_do_not_hold_the_cursor_back() -> None:
    grows = Drift(total=3)
    grows.see(rows=2, total=3)
    grows.see(rows=2, total=4)  # the row that the new one pushed over the page boundary comes twice
    assert grows.suspected
    assert not grows.short
    shrinks = Drift(total=3)
    shrinks.see(rows=2, total=4)
    shrinks.see(rows=1, total=3)
    assert shrinks.short


@pytest.mark.parametrize(
    ("first", "pages", "short", "suspected"),
    [
        (3, [(2, 3), (1, 3)], False, False),
        (3, [(2, 3), (1, 2)], True, True),  # as many rows as at first, though one was deleted
        (3, [(2, 4), (2, 3)], True, True),  # grew, then fell back to where it was
        (3, [(2, 4), (2, 4)], False, True),  # grew alone: rows come twice, none is missed
        (3, [(2, 3), (0, 3)], True, True),
        (3, [(2, 3), (2, 3)], False, True),
        (0, [(0, 0)], False, False),
    ],
)
def test_a_total_that_falls_may_have_lost_rows(
    first: int, pages: list[tuple[int, int]], short: bool, suspected: bool
) -> None:
    """Also when the counts end up equal."""
    drift = Drift(first)
    for rows, total in pages:
        drift.see(rows, total)
    assert (drift.short, drift.suspected) == (short, suspected)
    assert str(drift) == f"{sum(rows for rows, _ in pages)} rows read, {first} counted by FreshBooks"


@dataclass
class Served:
    """A list of `count` rows. It sends at most `most` rows a page and hides those in `hidden` from this user.

    `honest`: it says and counts its pages by the rows it sends. `far`: each page begins where the page that was
    asked for would begin, so that what `most` leaves out comes on no page.
    """

    count: int
    most: int = PER_PAGE
    honest: bool = True
    far: bool = False
    hidden: frozenset[int] = frozenset()
    asked: list[tuple[int, int]] = field(default_factory=list)

    def ask(self, number: int, per_page: int) -> Page:
        self.asked.append((number, per_page))
        sent = min(per_page, self.most)
        said = sent if self.honest else per_page
        begin = (number - 1) * (per_page if self.far else sent)
        rows = [{"id": n} for n in range(begin, min(begin + sent, self.count)) if n not in self.hidden]
        return Page(rows, number, -(-self.count // said), self.count, said)

    def read(self) -> set[int]:
        with ThreadPoolExecutor(2) as workers:
            return {
                row["id"] for page in read_list(self.ask, "/taxes/taxes", workers, 3) for row in page.rows
            }


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 420),
    most=st.sampled_from([7, 30, 50, 99, PER_PAGE]),
    honest=st.booleans(),
    far=st.booleans(),
)
def test_every_row_of_a_list_that_sends_small_pages_is_read(
    count: int, most: int, honest: bool, far: bool
) -> None:
    """Three kinds of servers: pages as they say, more pages than they say, and rows that only small pages show."""
    served = Served(count, most, honest, far and not honest)
    assert served.read() == set(range(count))
    assert all(number <= -(-count // most) + 1 for number, _ in served.asked)


def test_a_list_is_asked_once_where_its_counts_hold() -> None:
    served = Served(count=250)
    served.read()
    assert served.asked == [(1, 100), (2, 100), (3, 100)]


def test_rows_that_this_user_may_not_see_fail_no_list() -> None:
    """They are counted, and leave gaps in the pages that nothing fills."""
    hidden = frozenset({3, 104, 105, 250})
    assert Served(count=260, hidden=hidden).read() == set(range(260)) - hidden


def test_a_list_that_says_one_page_where_its_rows_fill_more_is_an_error() -> None:
    def ask(number: int, per_page: int) -> Page:
        rows = [{"id": n} for n in range(per_page)] if number == 1 else []
        return Page(rows, number, 1, 250, per_page)

    with ThreadPoolExecutor(2) as workers, pytest.raises(FreshbooksError) as error:
        list(read_list(ask, "/taxes/taxes", workers, 3))
    assert str(error.value) == (
        "FreshBooks sends fewer rows of /taxes/taxes than it counts, though every page is full: "
        "100 rows read, 250 counted by FreshBooks. Run again; if it stays so, report it with this text."
    )


@pytest.mark.parametrize(("said", "fails"), [(15, True), (100, False)])
def test_one_page_of_the_size_that_the_list_says_is_full(said: int, fails: bool) -> None:
    """15 rows where 40 are counted: all that a page of 15 holds, or what the user may see of a page of 100."""

    def ask(number: int, per_page: int) -> Page:
        return Page([{"id": n} for n in range(15)] if number == 1 else [], number, 1, 40, said)

    drift = Drift(40, 1, PER_PAGE, said)
    drift.see(15, 40)
    drift.see(0, 40)
    assert drift.cut is fails
    with ThreadPoolExecutor(2) as workers, pytest.raises(FreshbooksError, match="15 rows read, 40 counted"):
        list(
            read_list(ask, "/taxes/taxes", workers, 3)
        )  # asked again for 15, its page is full in either case


@pytest.mark.parametrize(
    "served", [Served(900), Served(900, most=30, honest=False), Served(420, 30, False, far=True)]
)
def test_a_slow_reader_has_no_more_than_the_window_fetched(served: Served) -> None:
    ahead = 3
    with ThreadPoolExecutor(4) as workers:
        for taken, _ in enumerate(read_list(served.ask, "/taxes/taxes", workers, ahead)):
            time.sleep(0.002)
            assert len(served.asked) <= taken + 1 + ahead


def test_a_list_that_never_ends_is_an_error() -> None:
    def ask(number: int, per_page: int) -> Page:
        return Page([{"id": number}], number, 1, 2 * MAX_PAGES, 1)

    with ThreadPoolExecutor(2) as workers, pytest.raises(FreshbooksError, match=f"{MAX_PAGES + 1} pages"):
        for _ in read_list(ask, "/taxes/taxes", workers, 3):
            pass


def test_what_was_fetched_ahead_in_vain_is_cancelled() -> None:
    asked: list[int] = []
    go = threading.Event()

    def fetch(number: int) -> int:
        asked.append(number)
        go.wait(5)
        return number

    with ThreadPoolExecutor(1) as workers:
        go.set()
        read = fetch_ahead(fetch, range(1, 9), workers, ahead=4)
        assert next(read) == 1
        go.clear()
        read.close()
        go.set()
    assert 8 not in asked
