"""All lists: of each its page, and its rows as a file, from the same address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.web.lists.accounting import LEDGER, TAX_LINES
from freshbooks_hub.web.lists.asked import Asked, offered
from freshbooks_hub.web.lists.files import CURRENCY, FORMS, LONG_XLSX, Sheet, answer
from freshbooks_hub.web.lists.invoices import INVOICES
from freshbooks_hub.web.lists.listing import PAGE, Choice, Listing, Value
from freshbooks_hub.web.lists.money import BILLS, EXPENSES, PAYMENTS
from freshbooks_hub.web.lists.people import CLIENTS, ENTRIES, PROJECTS
from freshbooks_hub.web.lists.query import Query, Totals, asked_of, orders
from freshbooks_hub.web.marts import Marts, Row, opened, page_gaps
from freshbooks_hub.web.request_context import choose_business, context_of
from freshbooks_hub.web.views import render

LISTINGS = (INVOICES, CLIENTS, PROJECTS, BILLS, PAYMENTS, EXPENSES, ENTRIES, LEDGER, TAX_LINES)


@dataclass(frozen=True)
class Field:
    """A field of the filter form. Without `options` its value is kept, and nothing is offered."""

    name: str
    label: str
    options: list[tuple[str, str]] | None
    current: str
    has_default: bool = False


@dataclass(frozen=True)
class Chip:
    """A filter that is set, in words; `name` is the parameter to leave out without it."""

    name: str
    label: str
    text: str


@dataclass(frozen=True)
class Shown:
    """What a page shows of a list. `rows` are those of one page, `count` and `totals` are of all."""

    listing: Listing
    asked: Asked
    count: int
    totals: list[Totals]
    rows: list[Row]
    page: int
    fields: list[Field]
    chips: list[Chip]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.count // PAGE))


def routes_of(listing: Listing) -> list[Route]:
    """Its page and its files."""
    return [
        Route(listing.path, _page(listing)),
        *(Route(f"{listing.path}.{form}", _file(listing, form)) for form in FORMS),
    ]


def show(marts: Marts, listing: Listing, business_id: int, given: dict[str, str]) -> Shown | None:
    """The list as `given` asks for it; None where its mart does not exist, or is one of an earlier version."""
    try:
        query = asked_of(marts, listing, business_id, given)
        if query is None:
            return None
        page = query.shown(marts)
        fields = _fields(query, marts, given)
        chips = _chips(query, marts, given, fields)
    except duckdb.BinderException:
        return None
    return Shown(query.listing, query.asked, page.count, page.totals, page.rows, page.number, fields, chips)


def _page(listing: Listing) -> Callable[[Request], Response]:
    def page(request: Request) -> Response:
        shown = None
        with opened(context_of(request).home.marts) as marts:
            choice = choose_business(request, marts, accounting=listing.accounting)
            if marts and choice.current:
                shown = show(marts, listing, choice.current["business_id"], dict(request.query_params))
            gaps = page_gaps(marts, choice.current, listing.mart)
        return render(
            request,
            "list.html",
            zone=choice.zone,
            choice=choice,
            gaps=gaps,
            listing=shown.listing if shown else listing,
            shown=shown,
            orders=orders(shown.listing) if shown else [],
            here_with=_address(request),
            **(_table(shown) if shown else {}),
        )

    return page


def _table(shown: Shown) -> dict[str, Any]:
    """What the template needs to know of the table beside its rows."""
    columns = [one for one in shown.listing.columns if shown.asked.all_columns or not one.more]
    first = (shown.page - 1) * PAGE
    return {
        "columns": columns,
        "has_more": any(one.more for one in shown.listing.columns),
        "totals_shown": [
            one.name
            for one in shown.listing.totals
            if one.always or any(totals.values[one.name] != 0 for totals in shown.totals)
        ],
        "long_xlsx": shown.count >= LONG_XLSX,
        "first": first + 1,
        "last": first + len(shown.rows),
    }


def _file(listing: Listing, form: str) -> Callable[[Request], Response]:
    def file(request: Request) -> Response:
        path = context_of(request).home.marts
        with opened(path) as marts:
            choice = choose_business(request, marts, accounting=listing.accounting)
            query = None
            if marts and choice.current:
                query = asked_of(marts, listing, choice.current["business_id"], dict(request.query_params))
        if query is None or choice.current is None:
            raise HTTPException(404, f"There are no {listing.many} to export yet.")
        if query.asked.problems:
            # A file with more rows than were asked for could be sent on unseen.
            raise HTTPException(400, " ".join(query.asked.problems))
        return answer(form, _name(listing, choice.current), sheet_of(query, path, choice.zone))

    return file


def sheet_of(query: Query, path: Path, zone: tzinfo) -> Sheet:
    """Every row and every column of a list, with the currency of its amounts."""
    listing = query.listing
    columns = list(listing.columns) + ([CURRENCY] if listing.currency else [])
    return Sheet(listing.title, columns, _all(path, query), zone)


def _all(path: Path, query: Query) -> Iterator[Row]:
    with opened(path) as marts:
        if marts:
            yield from query.all(marts)


def _name(listing: Listing, business: Row) -> str:
    return f"{listing.title} {business['business_name'] or business['business_id']}"


def _fields(query: Query, marts: Marts, given: dict[str, str]) -> list[Field]:
    set_by = {condition.name for condition in query.asked.conditions}
    fields = []
    for one in query.listing.filters:
        current = given.get(one.name, "").strip() if one.name in set_by else ""
        options: list[tuple[str, str]] | None
        if isinstance(one, Choice):
            options = [(option.word, option.label) for option in offered(one, query.found)]
            current = current or one.default
        else:
            options = (
                query.options(marts, one)
                if one.offered and (not one.needs or one.needs in query.found)
                else None
            )
            # A value that is not among them is kept, and told of as a chip.
            if options is not None and current and current not in dict(options):
                options = [*options, (current, current)]
        if options is None or len(options) > 1 or current:
            default = isinstance(one, Choice) and bool(one.default)
            fields.append(Field(one.name, one.label, options, current, default))
    return fields


def _chips(query: Query, marts: Marts, given: dict[str, str], fields: list[Field]) -> list[Chip]:
    options = {field.name: dict(field.options or []) for field in fields}
    values = {one.name: one for one in query.listing.filters if isinstance(one, Value)}
    chips = []
    for condition in query.asked.conditions:
        if condition.name not in given:  # a default holds without being asked for
            continue
        text = condition.text
        one = values.get(condition.name)
        if one is not None:
            text = options.get(one.name, {}).get(text, text)
            if text == condition.text:
                text = query.named(marts, one, condition)
            text = f"without {one.label.lower()}" if text == "none" else text
        chips.append(Chip(condition.name, condition.label, text))
    return chips


def _address(request: Request) -> Callable[..., str]:
    """This list with some parameters changed, None to leave one out; any change leads to the first page."""

    def changed(**parameters_: object) -> str:
        kept = {name: value for name, value in request.query_params.items() if value != "" and name != "page"}
        kept |= {name.rstrip("_"): str(value) for name, value in parameters_.items() if value is not None}
        left = {name.rstrip("_") for name, value in parameters_.items() if value is None}
        query = urlencode({name: value for name, value in kept.items() if name not in left})
        return f"{request.url.path}?{query}" if query else request.url.path

    return changed


routes = [route for listing in LISTINGS for route in routes_of(listing)]
