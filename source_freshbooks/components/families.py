"""The address and the envelope of each API family (freshbooks-api.md 3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Page:
    """One page of a list. `pages` and `total` are the server's own counts; 0 for an empty list."""

    rows: list[dict[str, Any]]
    number: int
    pages: int
    total: int


@dataclass(frozen=True)
class Family:
    """`root` is the path before the route; `needs_account` tells which id a business must have."""

    root: str
    envelope: tuple[str, ...]
    paging: str | None
    needs_account: bool

    def path(self, ids: Mapping[str, Any], route: str) -> str:
        return f"{self.root.format_map(ids)}/{route}"

    def page(self, body: Any, rows_key: str) -> Page:
        """Read one answer; KeyError or TypeError if it does not have the family's shape."""
        for key in self.envelope:
            body = body[key]
        paging = body[self.paging] if self.paging else body
        rows = body[rows_key]
        if not isinstance(rows, list):
            raise TypeError(f"{rows_key} is not a list")
        return Page(rows, int(paging["page"]), int(paging["pages"]), int(paging["total"]))


FAMILIES = {
    "accounting": Family("/accounting/account/{account_id}", ("response", "result"), None, True),
    "projects": Family("/projects/business/{business_id}", (), "meta", False),
    "timetracking": Family("/timetracking/business/{business_id}", (), "meta", False),
    "comments": Family("/comments/business/{business_id}", (), "meta", False),
}
