"""Retainers of the comments family: a bare list without `meta` (freshbooks-api.md 3.11)."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.call import Call, jsonable, route
from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.lists.views import public
from freshbooks_sandbox.resources import RETAINERS
from freshbooks_sandbox.responses import vnd
from freshbooks_sandbox.values import Row


def _open(call: Call) -> Books:
    books = call.books(call.store.by_business(call.path("business")))
    call.need("retainers")
    return books


def _list(call: Call) -> Response:
    """Ended ones too: `active` tells."""
    books = _open(call)
    rows = [] if books.role == "client" else books["retainers"].values()
    return vnd({"retainers": [public(row) for row in rows]})


def _found(call: Call, books: Books) -> Row:
    row = None if books.role == "client" else books["retainers"].get(call.number("id"))
    if row is None:
        raise responses.family_not_found("comments")
    return row


def _single(call: Call) -> Response:
    return vnd({"retainer": public(_found(call, _open(call)))})


def _update(call: Call) -> Response:
    books = _open(call)
    row = _found(call, books)
    crud.edit(RETAINERS, books, row, jsonable(call.body("retainer")), call.now)
    return vnd({"retainer": public(row)})


def routes() -> list[Route]:
    root = "/comments/business/{business}"
    return [
        route(f"{root}/retainers", {"GET": _list}, "comments"),
        route(f"{root}/retainer/{{id}}", {"GET": _single, "PUT": _update}, "comments"),
    ]
