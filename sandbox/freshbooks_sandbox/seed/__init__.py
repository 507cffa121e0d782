"""Seeded businesses. Everything is drawn from named `random.Random` streams, so figures never move.

Business dates and stamps lie before 2026-10-31; only due dates of long terms lie later. The areas run in
the order below because later ones refer to earlier ones.
"""

from __future__ import annotations

import pickle
from functools import cache

from freshbooks_sandbox.behaviours import Behaviours
from freshbooks_sandbox.books.store import Store
from freshbooks_sandbox.clock import Clock
from freshbooks_sandbox.ledger import tables
from freshbooks_sandbox.seed import (
    businesses,
    catalog,
    clients,
    estimates,
    expenses,
    extras,
    invoices,
    payables,
    projects_and_time,
    scale,
)


def fill(store: Store, seed: str, rows: int | None) -> None:
    """Fill an empty store.

    `seed`: "demo", or "empty" for no clients and documents; `rows`: that many invoices, for benchmarks.
    """
    if seed not in ("demo", "empty"):
        raise ValueError(f"unknown seed {seed!r}; one of demo, empty")
    if rows is not None:
        _draw(store, seed, rows)
        return
    store.identity, store.businesses = pickle.loads(_drawn(seed))  # noqa: S301 - our own
    for books in store.businesses.values():
        books.behaviours = store.behaviours


@cache
def _drawn(seed: str) -> bytes:
    """Drawing the demo's books takes a second, so a process with many sandboxes does it once and copies."""
    store = Store(Clock(), Behaviours())
    _draw(store, seed, None)
    return pickle.dumps((store.identity, store.businesses))


def _draw(store: Store, seed: str, rows: int | None) -> None:
    main, second, guest, small = businesses.create(store)
    for books in (main, second, small):
        catalog.services(books)
    for books in (main, second):
        catalog.accounting(books)
        extras.staff(books)
    for books in (main, second, guest):
        tables.attach(books)
    if rows is not None:
        scale.fill(main, rows)
    elif seed == "demo":
        for books, size in ((main, 3), (second, 1)):
            clients.fill(books, size)
            projects_and_time.projects(books, size)
            expenses.fill(books, size)
            invoices.fill(books, size)
            estimates.fill(books, size)
            projects_and_time.entries(books, size)
            clients.leave(books)
            payables.fill(books, size)
            extras.fill(books, size)
        clients.fill_guest(guest)
        projects_and_time.small(small)
        for books, size in ((main, 3), (second, 1)):
            extras.manual_entries(books, size)
