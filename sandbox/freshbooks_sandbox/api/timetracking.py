"""Time entries: no visible update stamp, the caller's own unless `team=true` (freshbooks-api.md 3.7)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.call import Call, jsonable, route
from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.query import bare_instant, bare_number, bare_truth
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import projects_and_time
from freshbooks_sandbox.lists.oddities import ignored
from freshbooks_sandbox.lists.paging import bare_page, capped
from freshbooks_sandbox.lists.views import public
from freshbooks_sandbox.resources import TIME_ENTRIES
from freshbooks_sandbox.responses import vnd
from freshbooks_sandbox.values import Row, utc_z


def open_books(call: Call) -> Books:
    books = call.books(call.store.by_business(call.path("business")))
    call.need("time_entries")
    return books


def _list(call: Call) -> Response:
    books = open_books(call)
    params = call.params
    table = books.table("time_entries")
    names = ("page", "per_page")
    asked = sorted((k, v) for k, v in params.items() if k not in names)
    key = (*asked, *sorted(call.store.behaviours.ignored_filters))
    chosen: list[Row] = table.cached(key, lambda: _chosen(call, books))
    page = capped(bare_page(params, len(chosen), default=None), "time_entries", call.store.behaviours)
    rows = [] if books.role == "client" else page.cut(chosen)
    meta = {**page.block(), **table.cached(("meta", key), lambda: _totals(chosen))}
    return vnd({"time_entries": [public(row) for row in rows], "meta": meta})


def _chosen(call: Call, books: Books) -> list[Row]:
    """Rows under the bare filters, newest id first; `search[...]` and `sort` do nothing here."""
    behaviours = call.store.behaviours
    params = {k: v for k, v in call.params.items() if not ignored(behaviours, "time_entries", k)}
    numbers = {name: bare_number(params, name) for name in ("client_id", "project_id", "identity_id")}
    truths = {name: bare_truth(params, name) for name in ("billable", "billed")}
    if not bare_truth(params, "team"):
        numbers["identity_id"] = call.store.identity["identity_id"]
    equal = {name: value for name, value in {**numbers, **truths}.items() if value is not None}
    deleted, unlogged = bare_truth(params, "include_deleted"), bare_truth(params, "include_unlogged")
    low = bare_instant(params, "started_from", utc_z) or ""
    high = bare_instant(params, "started_to", utc_z) or "9999"
    since = bare_instant(params, "updated_since", utc_z) or ""
    return sorted(
        (
            row
            for row in books["time_entries"].values()
            if all(row[name] == value for name, value in equal.items())
            and (deleted or row["active"])
            and (unlogged or row["is_logged"])
            and low <= row["started_at"] <= high
            and row["_updated_at"] >= since
        ),
        key=lambda row: -int(row["id"]),
    )


def _totals(rows: list[Row]) -> dict[str, Any]:
    """Seconds over all pages; unbilled is billable and not billed."""
    persons: dict[Any, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
    clients: dict[Any, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        persons[row["identity_id"]][row["client_id"]] += row["duration"] or 0
        clients[row["client_id"]][row["identity_id"]] += row["duration"] or 0
    return {
        "total_logged": sum(row["duration"] or 0 for row in rows),
        "total_unbilled": sum(row["duration"] or 0 for row in rows if row["billable"] and not row["billed"]),
        "total_logged_per_team_member": [
            {
                "identity_id": person,
                "total_logged": sum(parts.values()),
                "total_logged_per_client": [{"client_id": c, "total_logged": n} for c, n in parts.items()],
            }
            for person, parts in persons.items()
        ],
        "total_logged_per_client": [
            {
                "client_id": client,
                "total_logged": sum(parts.values()),
                "total_logged_per_team_member": [
                    {"identity_id": p, "total_logged": n} for p, n in parts.items()
                ],
            }
            for client, parts in clients.items()
        ],
    }


def _found(call: Call, books: Books) -> Row:
    row = None if books.role == "client" else books["time_entries"].get(call.number("id"))
    if row is None:
        raise responses.family_not_found("time")
    return row


def _answer(row: Row) -> Response:
    return vnd({"time_entry": public(row)})


def _single(call: Call) -> Response:
    return _answer(_found(call, open_books(call)))


def _sent(call: Call) -> Row:
    fields = jsonable(call.body("time_entry"))
    if not call.store.behaviours.billed_writable:
        fields.pop("billed", None)
    return {name: value for name, value in fields.items() if name != "identity_id"}


def _create(call: Call) -> Response:
    """The server makes it the caller's own entry."""
    books = open_books(call)
    fields = {**_sent(call), "identity_id": call.store.identity["identity_id"]}
    return _answer(crud.create(TIME_ENTRIES, books, fields, call.now))


def _replace(call: Call) -> Response:
    books = open_books(call)
    row = _found(call, books)
    fields = _sent(call)
    projects_and_time.replace_entry(
        books, row, {**fields, "timer": row["timer"], "active": row["active"]}, call.now
    )
    books.table("time_entries").changed()
    books.tell("time_entries", "update", row["id"])
    return _answer(row)


def _delete(call: Call) -> Response:
    books = open_books(call)
    crud.set_visibility(TIME_ENTRIES, books, _found(call, books), crud.DELETED, call.now)
    return Response(status_code=204)


def routes() -> list[Route]:
    root = "/timetracking/business/{business}/time_entries"
    return [
        route(root, {"GET": _list, "POST": _create}, "time"),
        route(f"{root}/{{id}}", {"GET": _single, "PUT": _replace, "DELETE": _delete}, "time"),
    ]
