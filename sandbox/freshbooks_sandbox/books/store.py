"""The rows of every business, as plain JSON-ready dicts.

A row holds the public keys as FreshBooks sends them, the optional includes (`lines`, `contacts`, ...)
beside them, and hidden columns under names that start with `_`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, TypeVar

from freshbooks_sandbox.behaviours import Behaviours
from freshbooks_sandbox.clock import Clock
from freshbooks_sandbox.values import Row

Made = TypeVar("Made")


class Table:
    """Rows of one resource of one business, by id."""

    def __init__(self) -> None:
        self.rows: dict[Any, Row] = {}
        self.version = 0
        self._cached: dict[Hashable, tuple[int, Any]] = {}

    def put(self, key: Any, row: Row) -> Row:
        self.rows[key] = row
        self.version += 1
        return row

    def remove(self, key: Any) -> None:
        del self.rows[key]
        self.version += 1

    def changed(self) -> None:
        """Say that rows were changed in place, so that cached selections are made anew."""
        self.version += 1

    def cached(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """`make()`, kept until a row changes; page 2..n of a list need not filter and sort again."""
        known = self._cached.get(key)
        if known is not None and known[0] == self.version:
            return known[1]
        if len(self._cached) > 50:
            self._cached.clear()
        made = make()
        self._cached[key] = (self.version, made)
        return made


@dataclass(frozen=True)
class Derived:
    """How rows are made from other tables."""

    sources: tuple[str, ...]
    make: Callable[[Books], dict[Any, Row]]


class Books:
    """One business: its /me record, and its tables by resource name."""

    def __init__(self, business: Row, role: str, currency: str, behaviours: Behaviours) -> None:
        self.business, self.role, self.currency, self.behaviours = business, role, currency, behaviours
        self.system: Row = {}
        self._tables: dict[str, Table] = {}
        self._next_id: dict[str, int] = {}
        self._derived: dict[str, Derived] = {}
        self._followed: dict[str, tuple[tuple[int, ...], Any]] = {}
        self.listener: Callable[[Books, str, str, Any], None] | None = None

    def tell(self, resource: str, verb: str, key: Any) -> None:
        """A person or an app changed a record: `verb` is create, update, delete or sendByEmail."""
        if self.listener is not None:
            self.listener(self, resource, verb, key)

    @property
    def account_id(self) -> str | None:
        account: str | None = self.business["account_id"]
        return account

    @property
    def business_id(self) -> int:
        return int(self.business["id"])

    @property
    def uuid(self) -> str:
        return str(self.business["business_uuid"])

    @property
    def timezone(self) -> str:
        return str(self.business["timezone"])

    def derive(self, name: str, derived: Derived) -> None:
        """Let the table `name` follow from others."""
        self._derived[name] = derived

    def table(self, name: str) -> Table:
        table = self._tables.get(name)
        if table is None:
            table = self._tables[name] = Table()
        derived = self._derived.get(name)
        if derived is not None:
            rows = self.follow(name, derived.sources, lambda: derived.make(self))
            if table.rows is not rows:
                table.rows = rows
                table.changed()
        return table

    def follow(self, name: str, sources: tuple[str, ...], make: Callable[[], Made]) -> Made:
        """`make()`, kept under `name` until a row of one of the tables `sources` changes."""
        versions = tuple(self.table(source).version for source in sources)
        known = self._followed.get(name)
        if known is None or known[0] != versions:
            known = self._followed[name] = (versions, make())
        made: Made = known[1]
        return made

    def __getitem__(self, name: str) -> dict[Any, Row]:
        """Rows of a resource by id: `books["invoices"][217501]`."""
        return self.table(name).rows

    def start_ids(self, first: dict[str, int]) -> None:
        self._next_id.update(first)

    def new_id(self, name: str) -> int:
        number = self._next_id.get(name, 1001)
        self._next_id[name] = number + 1
        return number

    def where(self, name: str, **equal: Any) -> Iterable[Row]:
        """Rows of `name` whose keys equal the given values."""
        return (r for r in self[name].values() if all(r.get(k) == v for k, v in equal.items()))


@dataclass
class Store:
    """Everything the server knows: the signed-in person, the businesses, mails sent, files uploaded."""

    clock: Clock
    behaviours: Behaviours
    identity: Row = field(default_factory=dict)
    businesses: dict[int, Books] = field(default_factory=dict)
    outbox: list[Row] = field(default_factory=list)
    files: dict[str, Row] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def add(self, books: Books) -> Books:
        self.businesses[books.business_id] = books
        return books

    def by_account(self, account_id: str) -> Books | None:
        return next((b for b in self.businesses.values() if b.account_id == account_id), None)

    def by_business(self, text: str) -> Books | None:
        return self.businesses.get(int(text)) if text.isdigit() else None

    def by_uuid(self, uuid: str) -> Books | None:
        return next((b for b in self.businesses.values() if b.uuid == uuid), None)
