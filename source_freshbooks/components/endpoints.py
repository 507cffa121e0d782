"""The address and the envelope of each API family (freshbooks-api.md 3.1), and how one page of a list is asked for."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import requests

from freshbooks_api.streams import ROOTS, VERSION_HEADER
from source_freshbooks.components.errors import ODD_ANSWER, TransientError, is_damaged, unknown_shape
from source_freshbooks.components.http import Client

logger = logging.getLogger("airbyte.freshbooks")

PAGE_ATTEMPTS = 3  # until a page that is not the one asked for is an error


@dataclass(frozen=True)
class Page:
    """One page of a list. `pages`, `per_page` and `total` are the server's own counts; 0 for an empty list.

    `rows` should be objects; what came instead is among them. `damaged`: text in them was replaced (decoding.py).
    """

    rows: list[Any]
    number: int
    pages: int
    total: int
    per_page: int = field(default=0, compare=False)
    damaged: bool = False


@dataclass(frozen=True)
class Family:
    """`root` is the path before the route, with the id of the business that it needs in braces.

    `needs` names the ids that a business must have for it. `envelope` is the way to the answer's body. `paging` is
    the key of the paging block; "" where its numbers are in the body itself. A family that is not always `paged`
    may answer a whole list without any numbers. `sized`, `headers`: see below.
    """

    root: str
    envelope: tuple[str, ...] = ()
    paging: str = "meta"
    paged: bool = True

    needs: tuple[str, ...] = ("account_id",)
    # The newest lists count by `page_number` and `page_size`, tell no number of pages, and want a version.
    sized: bool = False
    headers: Mapping[str, str] | None = None

    def path(self, ids: Mapping[str, Any], route: str) -> str:
        return f"{self.root.format_map(ids)}/{route.format_map(ids)}"

    def page(self, body: Any, rows_keys: Sequence[str]) -> Page:
        """Read one answer; KeyError or TypeError if it does not have the family's shape.

        The rows are under the first of `rows_keys` that is there: names differ between sources.
        """
        for key in self.envelope:
            body = body[key]
        rows = _rows(body[next((key for key in rows_keys if key in body), rows_keys[0])])
        paging = (body.get(self.paging) or {}) if self.paging else body
        if self.sized:
            total, size = max(_int(paging.get("total")), len(rows)), _int(paging.get("page_size"))
            pages = -(-total // size) if size else 1
            return Page(rows, _int(paging.get("page_number")), pages, total, size)
        if not self.paged and "pages" not in paging:
            return Page(rows, 1, 1, max(len(rows), _int(paging.get("total"))))
        number, pages, total = (int(paging[name]) for name in ("page", "pages", "total"))
        return Page(rows, number, pages, total, _int(paging.get("per_page")))


def _rows(found: Any) -> list[Any]:
    if found is None:  # "none" is written in many ways (freshbooks-api.md 6.4)
        return []
    if isinstance(found, list):
        return found
    if isinstance(found, dict):  # one record, or records keyed by id
        return list(found.values()) if all(isinstance(v, dict) for v in found.values()) else [found]
    raise TypeError("the list is not a list")


def _int(value: Any) -> int:
    return value if type(value) is int else 0


_RESULT = ("response", "result")
_BUSINESS = ("business_id",)

FAMILIES = {
    "accounting": Family(ROOTS["accounting"], _RESULT, paging=""),
    "systems": Family(ROOTS["systems"], _RESULT, paging="", paged=False),
    # A business without an account answers 404 here, though it has a uuid (freshbooks-api.md 2).
    "ledger": Family(ROOTS["ledger"], paged=False, needs=("business_uuid", "account_id")),
    # By these ids too; their paths are in report_paths.py.
    "newer_reports": Family(ROOTS["newer_reports"], needs=("business_uuid", "account_id")),
    "entries": Family(
        ROOTS["entries"],
        paging="page",
        sized=True,
        needs=("business_uuid", "account_id"),
        headers=VERSION_HEADER,
    ),
    "projects": Family(ROOTS["projects"], needs=_BUSINESS),
    "timetracking": Family(ROOTS["timetracking"], needs=_BUSINESS),
    "comments": Family(ROOTS["comments"], paged=False, needs=_BUSINESS),
    "auth": Family(ROOTS["auth"], paged=False, needs=_BUSINESS),
}


def fetch_page(
    client: Client, family: Family, path: str, rows: list[str], params: Mapping[str, Any], last: int = 0
) -> tuple[Page, requests.Response]:
    """The page `params["page"]` of a list. One that says it is another is asked for again.

    Past the `last` page that the list announced, an empty one instead.
    """
    asked = params["page"]
    sent = dict(params)
    if family.sized:
        sent["page_number"], sent["page_size"] = sent.pop("page"), sent.pop("per_page")
    for _ in range(PAGE_ATTEMPTS):
        body, response = client.get(path, sent, family.headers) if family.headers else client.get(path, sent)
        try:
            page = family.page(body, rows)
        except ODD_ANSWER as error:
            raise unknown_shape(path, error) from None
        # The number of an empty page does not matter, and the newest lists need not tell it.
        if page.number == asked or not page.rows or (family.sized and not page.number):
            return replace(page, damaged=is_damaged(response)), response
        if last and asked > last:
            return replace(page, rows=[]), response
        logger.info("%s: page %s was asked for, page %s came", path, asked, page.number)
    raise TransientError(
        f"FreshBooks answered page {asked} of {path} with page {page.number}, {PAGE_ATTEMPTS} times "
        "in a row. Run again; if it stays so, report it with this text."
    )
