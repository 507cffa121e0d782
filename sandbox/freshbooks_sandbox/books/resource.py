"""What a kind of record is: where it lies, what finds it, how it is made and changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from freshbooks_sandbox.books.query import Filter
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.values import Row, eastern

Create = Callable[[Books, Row, datetime], Row]
Change = Callable[[Books, Row, Row, datetime], None]
After = Callable[[Books, Row, datetime], None]
Seen = Callable[[Books, Row, str], Row]


def _nothing(books: Books, row: Row, at: datetime) -> None:
    """Most records move nothing else."""


def _as_stored(books: Books, row: Row, day: str) -> Row:  # noqa: ARG001
    """Most records have no key that is computed when they are read."""
    return {}


@dataclass(frozen=True)
class Resource:
    """One kind of record. `path` under the account is set for the accounting family only."""

    name: str
    scope: str
    change: Change | None = None  # None: rows are derived from other records, nobody edits them
    create: Create | None = None
    path: str = ""
    plural: str = ""
    singular: str = ""
    id: str = "id"
    stamp: str | None = "updated"
    clock: Callable[[datetime], str] = eastern
    soft_delete: str | None = "vis_state"  # or "active"; None: a delete removes the row
    filters: dict[str, Filter] = field(default_factory=dict)
    undocumented: tuple[str, ...] = ()  # filters of `filters` that work under a behaviour only
    includes: tuple[str, ...] = ()
    sorts: dict[str, Callable[[Row], Any]] = field(default_factory=dict)
    after: After = _nothing  # runs when a record really changed, was deleted or restored
    writable: bool = True  # over the API
    posted: bool = True  # False: changed over the API, but not created there
    listed: bool = True  # False: the API takes a POST and lists nothing
    one_page: bool = False  # without `per_page` the whole list comes at once
    whole: tuple[str, ...] = ()  # keys that every PUT must carry (7.1)
    delete_verb: bool = False  # DELETE works beside PUT vis_state
    seen: Seen = _as_stored  # keys computed on the calendar day of reading, over the stored ones
    seen_filters: tuple[str, ...] = ()  # filters that look at the computed keys

    @property
    def list_key(self) -> str:
        return self.plural or self.name
