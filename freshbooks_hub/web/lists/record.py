"""Pages about one thing: the row that an address names, and parts of the lists that belong to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import duckdb
from starlette.exceptions import HTTPException
from starlette.requests import Request

from freshbooks_hub.web.lists.asked import LARGEST
from freshbooks_hub.web.lists.listing import Column, Listing
from freshbooks_hub.web.lists.query import asked_of
from freshbooks_hub.web.marts import Marts, Row
from freshbooks_hub.web.request_context import Choice, choose_business

PART = 10  # rows of a part


@dataclass(frozen=True)
class Part:
    """The first rows of a list with a filter: `count` are there in all, at `address`."""

    listing: Listing
    columns: list[Column]
    rows: list[Row]
    count: int
    address: str


def find(
    request: Request, marts: Marts | None, mart: str, key: str, noun: str, *, accounting: bool = True
) -> tuple[Choice, Row]:
    """The row of `mart` whose `key` the address names, and its business: the one that is asked for, else any.

    Raises HTTPException 404.
    """
    choice = choose_business(request, marts, accounting=accounting)
    number = request.path_params["id"]
    rows = []
    if marts and choice.current and number <= LARGEST:
        statement = f"SELECT * FROM {mart} WHERE {key} = ? ORDER BY business_id"  # noqa: S608
        rows = marts.rows(statement, number)
    asked = request.query_params.get("business")
    of_business = {row["business_id"]: row for row in reversed(rows)}
    for business in [choice.current, *([] if asked else choice.businesses)]:
        if business and business["business_id"] in of_business:
            return replace(choice, current=business), of_business[business["business_id"]]
    raise HTTPException(
        404, f"There is no such {noun} here. It was deleted in FreshBooks, or is not synced yet."
    )


def part(
    marts: Marts,
    listing: Listing,
    business_id: int,
    without: Collection[str] = (),
    most: int = PART,
    **given: object,
) -> Part | None:
    """The first rows of a list as the parameters `given` ask, without some columns; None without any row."""
    asked = {name: str(value) for name, value in given.items()}
    try:
        query = asked_of(marts, listing, business_id, asked)
        count = sum(one.rows for one in query.totals(marts)) if query else 0
        rows = query.page(marts, 1, count)[:most] if query and count else []
    except duckdb.BinderException:  # marts of an earlier version
        return None
    if query is None or not rows:
        return None
    columns = [one for one in query.listing.columns if not one.more and one.name not in without]
    address = urlencode({"business": business_id} | asked)
    return Part(listing, columns, rows, count, f"{listing.path}?{address}")
