"""Pages come whole, in order and a bounded number ahead."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_freshbooks.components.endpoints import Page
from source_freshbooks.components.errors import FreshbooksError
from source_freshbooks.components.paging import Drift, read_pages


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
