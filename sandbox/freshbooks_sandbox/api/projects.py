"""Projects: bare filters, `meta` paging, UTC stamps without Z (freshbooks-api.md 3.8)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.call import Call, jsonable, route
from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.query import bare_instant, bare_number, bare_truth
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.lists.oddities import ignored, told
from freshbooks_sandbox.lists.paging import bare_page, capped
from freshbooks_sandbox.lists.views import public
from freshbooks_sandbox.resources import PROJECTS
from freshbooks_sandbox.responses import vnd
from freshbooks_sandbox.values import Row, utc_naive_iso


def _open(call: Call) -> Books:
    books = call.books(call.store.by_business(call.path("business")))
    call.need("projects")
    return books


def _list(call: Call) -> Response:
    books = _open(call)
    params = call.params
    client, since = bare_number(params, "client_id"), bare_instant(params, "updated_since", utc_naive_iso)
    if ignored(books.behaviours, "projects", "updated_since"):
        since = None
    wanted = {name: bare_truth(params, name) for name in ("complete", "active", "internal")}
    if wanted["active"] is None:
        wanted["active"] = True  # deleted projects are left out unless asked for
    chosen = [
        row
        for row in books["projects"].values()
        if all(row[name] == value for name, value in wanted.items() if value is not None)
        and (client is None or row["client_id"] == client)
        and (since is None or row["updated_at"] >= since)
        and (row["active"] or books.behaviours.deleted_projects_listed)
    ]
    sort = params.get("sort", "")
    chosen = _sorted(chosen, sort, call.store.behaviours.asc_quirk)
    page = capped(bare_page(params, len(chosen)), "projects", call.store.behaviours)
    logged = bare_truth(params, "include_logged_duration")
    skip = bare_truth(params, "skip_group")
    rows = [] if books.role == "client" else page.cut(chosen)
    shown = [_view(books, row, bool(logged)) for row in rows]
    for row in shown:
        if skip:
            del row["group_id"]
    return vnd({"projects": shown, "meta": {**page.block(), "sort": [sort] if sort else []}})


def _sorted(rows: list[Row], sort: str, asc_quirk: bool) -> list[Row]:
    key = PROJECTS.sorts.get(sort.removeprefix("-"))
    if key is not None:
        return sorted(rows, key=key, reverse=sort.startswith("-"))
    return sorted(rows, key=lambda row: row["id"], reverse=not (asc_quirk and sort.endswith("asc")))


def _view(books: Books, row: Row, logged: bool) -> Row:
    seen = public(row)
    if logged:
        entries = books.where("time_entries", project_id=row["id"], active=True, is_logged=True)
        seen["logged_duration"] = sum(entry["duration"] for entry in entries)
    return told(books.behaviours, PROJECTS, seen)


def _single(call: Call) -> Response:
    books = _open(call)
    return _answer(books, _found(call, books))


def _answer(books: Books, row: Row) -> Response:
    """The single answer carries the group and the abilities."""
    members = {m["identity_id"]: m for m in books["team_members"].values()}
    group: dict[str, Any] = {
        "id": row["group_id"],
        "members": [
            {
                "id": row["group_id"] * 10 + number,
                "identity_id": person,
                "role": members[person]["business_role_name"],
                "first_name": members[person]["first_name"],
                "last_name": members[person]["last_name"],
                "email": members[person]["email"],
                "company": books.business["name"],
                "active": members[person]["active"],
            }
            for number, person in enumerate(row["_members"], 1)
            if person in members
        ],
        "pending_invitations": [],
    }
    seen = {**_view(books, row, logged=True), "group": group}
    billable = row["active"] and row["client_id"] is not None
    abilities = {"can_generate_invoice": billable, "can_track_time": row["active"], "can_delete": True}
    return vnd({"project": seen, "abilities": [{"name": k, "value": v} for k, v in abilities.items()]})


def _found(call: Call, books: Books) -> Row:
    row = None if books.role == "client" else books["projects"].get(call.number("id"))
    if row is None:
        raise responses.family_not_found("projects")
    return row


def _create(call: Call) -> Response:
    books = _open(call)
    return _answer(books, crud.create(PROJECTS, books, jsonable(call.body("project")), call.now))


def _update(call: Call) -> Response:
    books = _open(call)
    row = _found(call, books)
    fields = jsonable(call.body("project"))
    if not fields.get("title"):
        raise responses.ApiError(500, {"message": "An internal error has occurred."})
    crud.edit(PROJECTS, books, row, fields, call.now)
    return _answer(books, row)


def _delete(call: Call) -> Response:
    books = _open(call)
    crud.set_visibility(PROJECTS, books, _found(call, books), crud.DELETED, call.now)
    return Response(status_code=204)


def routes() -> list[Route]:
    root = "/projects/business/{business}"
    one = {"GET": _single, "PUT": _update, "DELETE": _delete}
    return [
        route(f"{root}/projects", {"GET": _list, "POST": _create}, "projects"),
        route(f"{root}/project", {"POST": _create}, "projects"),
        route(f"{root}/project/{{id}}", one, "projects"),
        route(f"{root}/projects/{{id}}", one, "projects"),
    ]
