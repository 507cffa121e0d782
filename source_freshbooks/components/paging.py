"""A whole list, page by page: the first page says how many there are, the others are fetched ahead.

Pages are yielded in order, with a bounded number in flight, so that memory stays flat while a slow reader
makes the source wait. A short or empty page never ends a list: the server's own `pages` does, and where `total` says
that there is more, pages are read on as long as they come with rows: some lists send fewer rows a page than they were
asked for and count their pages as if they did not (freshbooks-api.md 3.2).
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future
from itertools import chain, count
from typing import TypeVar

from source_freshbooks.components.endpoints import Page
from source_freshbooks.components.errors import FreshbooksError

MAX_PAGES = 10_000
PER_PAGE = 100  # more is silently capped

K = TypeVar("K")
R = TypeVar("R")


class Drift:
    """Compares the rows that a list's pages held with the list's own count, and tells whether rows moved meanwhile.

    There is no snapshot and no cursor paging: a row deleted from an early page pulls the next ones forward
    over the page boundary, and they are missed with no trace but the counts (freshbooks-api.md 3.2, 6.4).
    """

    def __init__(self, total: int, pages: int = 1, asked: int = PER_PAGE, served: int = 0) -> None:
        """`asked`: rows a page as requested; `served`: rows a page as the list says."""
        self.total = total
        self.pages = max(pages, 1)
        self.rows = 0
        self.moved = False
        self._full = {asked, served}
        self._asked = asked
        self._sizes: list[int] = []
        self._last = total
        self._fell = False

    def see(self, rows: int, total: int) -> None:
        """The next page had `rows` and said that the list has `total`."""
        self._sizes.append(rows)
        if not rows and len(self._sizes) > self.pages:
            return  # past the end, where a list's counts are not reliable
        self.rows += rows
        self.moved |= total != self.total
        self._fell |= total < self._last
        self._last = total

    def __str__(self) -> str:
        return f"{self.rows} rows read, {self.total} counted by FreshBooks"

    @property
    def goes_on(self) -> bool:
        """More rows are counted than came, and the last page was not empty: the next one may have rows too."""
        return self.rows < self.total and self._sizes[-1] > 0

    @property
    def expected_pages(self) -> int:
        """By the size of the first page, once it is seen."""
        first = self._sizes[0]
        return max(self.pages, -(-self.total // first)) if first else self.pages

    @property
    def short(self) -> bool:
        """Rows may be missing. Those created while a list is read push others to later pages, and none is missed."""
        return self._fell or self.rows < self.total

    @property
    def suspected(self) -> bool:
        return self.moved or self.rows != self.total

    @property
    def smaller(self) -> int | None:
        """The size of page to ask for instead, where the list served smaller ones than it was asked for.

        The last page is as small as it comes out.
        """
        first, *rest = self._row_counts
        even = first > 0 and all(rows == first for rows in rest[:-1]) and all(rows <= first for rows in rest)
        return first if self.rows < self.total and even and first < self._asked else None

    @property
    def cut(self) -> bool:
        """Every page was full, and they ended before `total`: the paging hides rows.

        Rows that the user may not read are counted but leave gaps in the pages, and no two pages alike.
        """
        sizes = self._row_counts
        even = sizes[0] > 0 and len(set(sizes)) == 1
        full = sizes[0] in self._full or len(sizes) > 1
        return not self.moved and self.rows < self.total and even and full

    @property
    def _row_counts(self) -> list[int]:
        """The rows of each page, without the empty one past the end."""
        return self._sizes[:-1] if len(self._sizes) > self.pages and not self._sizes[-1] else self._sizes


def read_pages(fetch: Callable[[int], R], first: R, pages: int, workers: Executor, ahead: int) -> Iterator[R]:
    """`first` and what `fetch(number)` gives for the others of `pages`, each on `workers`."""
    yield first
    _check(pages)
    yield from fetch_ahead(fetch, range(2, pages + 1), workers, ahead)


def read_on(fetch: Callable[[int], R], drift: Drift, workers: Executor, ahead: int) -> Iterator[R]:
    """What `fetch(number)` gives past the announced pages, as long as `drift` goes on; the caller shows it each page.

    To be started when the announced pages were read.
    """
    announced, expected = drift.pages, min(drift.expected_pages, MAX_PAGES)
    for numbers, window in (
        (range(announced + 1, announced + 2), 1),  # alone, since most often there is none
        (range(announced + 2, expected + 1), ahead),
        (_numbers(max(announced + 1, expected) + 1), 1),
    ):
        if not drift.goes_on:
            return
        for page in fetch_ahead(fetch, numbers, workers, window):
            yield page
            if not drift.goes_on:
                return


def read_list(ask: Callable[[int, int], Page], path: str, workers: Executor, ahead: int) -> Iterator[Page]:
    """All pages of a list, `ask(number, per_page)` each. One that is cut is read again by smaller pages, then fails."""
    drift = yield from _look(ask, PER_PAGE, workers, ahead)
    if drift.smaller:
        drift = yield from _look(ask, drift.smaller, workers, ahead)
    if drift.cut:
        raise cut_off(path, drift)


def _look(
    ask: Callable[[int, int], Page], per_page: int, workers: Executor, ahead: int
) -> Generator[Page, None, Drift]:
    def fetch(number: int) -> Page:
        return ask(number, per_page)

    first = fetch(1)
    drift = Drift(first.total, first.pages, per_page, first.per_page)
    announced = read_pages(fetch, first, first.pages, workers, ahead)
    for page in chain(announced, read_on(fetch, drift, workers, ahead)):
        drift.see(len(page.rows), page.total)
        yield page
    return drift


def cut_off(path: str, drift: Drift) -> FreshbooksError:
    return FreshbooksError(
        f"FreshBooks sends fewer rows of {path} than it counts, though every page is full: {drift}. "
        "Run again; if it stays so, report it with this text."
    )


def _numbers(first: int) -> Iterator[int]:
    for number in count(first):
        _check(number)
        yield number


def _check(pages: int) -> None:
    if pages > MAX_PAGES:
        raise FreshbooksError(
            f"FreshBooks counts {pages} pages in one list, which cannot be right. Run again."
        )


def fetch_ahead(fetch: Callable[[K], R], keys: Iterable[K], workers: Executor, ahead: int) -> Iterator[R]:
    """`fetch(key)` of each key in order, with at most `ahead` of them fetched before they are asked for."""
    in_flight: deque[Future[R]] = deque()
    try:
        for key in keys:
            in_flight.append(workers.submit(fetch, key))
            if len(in_flight) == ahead:
                yield in_flight.popleft().result()
        while in_flight:
            yield in_flight.popleft().result()
    finally:
        for future in in_flight:
            future.cancel()
