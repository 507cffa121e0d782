"""The tables of actions lie in hub.sqlite, which itself forbids what must never happen (`core.migrations`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection

from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home


@contextmanager
def ledger_transaction(home: Home) -> Iterator[Connection]:
    """One transaction on hub.sqlite; raises HomeError."""
    with transaction(home.history) as db:
        yield db
