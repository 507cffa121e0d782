"""A whole list, page by page: the first page tells how many there are, the others are fetched ahead.

Pages are yielded in order, with a bounded number in flight, so that memory stays flat while a slow reader
makes the source wait. A short or empty page never ends a list: only the server's own `pages` does
(freshbooks-api.md 3.2).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

from source_freshbooks.components.errors import FreshbooksError

MAX_PAGES = 10_000
PER_PAGE = 100  # more is silently capped

K = TypeVar("K")
R = TypeVar("R")


def read_pages(fetch: Callable[[int], R], first: R, pages: int, workers: Executor, ahead: int) -> Iterator[R]:
    """`first` and what `fetch(number)` gives for the others of `pages`, each on `workers`."""
    yield first
    if pages > MAX_PAGES:
        raise FreshbooksError(
            f"FreshBooks counts {pages} pages in one list, which cannot be right. Run again."
        )
    yield from fetch_ahead(fetch, range(2, pages + 1), workers, ahead)


def fetch_ahead(fetch: Callable[[K], R], keys: Iterable[K], workers: Executor, ahead: int) -> Iterator[R]:
    """`fetch(key)` of each key in order, with at most `ahead` of them fetched before they are asked for."""
    flying: deque[Future[R]] = deque()
    try:
        for key in keys:
            flying.append(workers.submit(fetch, key))
            if len(flying) == ahead:
                yield flying.popleft().result()
        while flying:
            yield flying.popleft().result()
    finally:
        for future in flying:
            future.cancel()


class Drift:
    """Whether rows moved between pages while a list was read.

    There is no snapshot and no cursor paging: a row deleted from an early page pulls the next ones forward
    over the page boundary, and they are missed with no trace but the counts (freshbooks-api.md 3.2, 6.4).
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.rows = 0
        self.moved = False
        self._last = total
        self._fell = False

    def see(self, rows: int, total: int) -> None:
        """A page had `rows` and said that the list has `total`."""
        self.rows += rows
        self.moved |= total != self.total
        self._fell |= total < self._last
        self._last = total

    def __str__(self) -> str:
        return f"{self.rows} rows read, {self.total} counted by FreshBooks"

    @property
    def short(self) -> bool:
        """Rows may be missing. Those created while a list is read push others to later pages, and none is missed."""
        return self._fell or self.rows < self.total

    @property
    def suspected(self) -> bool:
        return self.moved or self.rows != self.total
