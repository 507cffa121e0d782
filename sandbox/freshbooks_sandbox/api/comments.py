"""Services, service rates and team member rates (freshbooks-api.md 3.9)."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.call import Call, jsonable, route
from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import catalog
from freshbooks_sandbox.lists.paging import bare_page, capped
from freshbooks_sandbox.lists.views import public
from freshbooks_sandbox.resources import SERVICES, TASKS
from freshbooks_sandbox.responses import vnd
from freshbooks_sandbox.values import Row


def _open(call: Call, scope: str) -> Books:
    books = call.books(call.store.by_business(call.path("business")))
    call.need(scope)
    return books


def _services(call: Call) -> Response:
    books = _open(call, "billable_items")
    rows = [row for _, row in sorted(books["services"].items(), reverse=True)]
    rows = [row for row in rows if row["vis_state"] != crud.DELETED and books.role != "client"]
    page = capped(bare_page(call.params, len(rows)), "services", call.store.behaviours)
    return vnd({"services": [public(row) for row in page.cut(rows)], "meta": page.block()})


def _found(call: Call, books: Books) -> Row:
    row = None if books.role == "client" else books["services"].get(call.number("id"))
    if row is None:
        raise responses.family_not_found("comments")
    return row


def _service(call: Call) -> Response:
    return vnd({"service": public(_found(call, _open(call, "billable_items")))})


def _create_service(call: Call) -> Response:
    """With the task that each service has (3.6)."""
    books = _open(call, "billable_items")
    fields = jsonable(call.body("service"))
    if not fields.get("name"):
        raise responses.invalid("name", "field required")
    row = crud.create(SERVICES, books, fields, call.now)
    if books.account_id is not None:
        catalog.create_task(books, {"name": row["name"], "billable": row["billable"]}, call.now)
    return vnd({"service": public(row)})


def _change_service(call: Call) -> Response:
    """What changes is copied to the service's task."""
    books = _open(call, "billable_items")
    row = _found(call, books)
    twin = next((task for task in books["tasks"].values() if task["name"] == row["name"]), None)
    crud.edit(SERVICES, books, row, jsonable(call.body("service")), call.now)
    if twin is not None:
        copied = {"name": row["name"], "billable": row["billable"]}
        crud.edit(TASKS, books, twin, copied, call.now)
    return vnd({"service": public(row)})


def _delete_service(call: Call) -> Response:
    books = _open(call, "billable_items")
    crud.set_visibility(SERVICES, books, _found(call, books), crud.DELETED, call.now)
    return Response(status_code=204)


def _set_rate(call: Call) -> Response:
    """POST where none is set, PUT where one is; either one sets it."""
    books = _open(call, "billable_items")
    service, fields = _found(call, books), jsonable(call.body("service_rate"))
    if fields.get("rate") is None:
        raise responses.invalid("rate", "field required")
    row = {"business_id": books.business_id, "service_id": service["id"], "rate": str(fields["rate"])}
    books.table("service_rates").put(service["id"], row)
    return vnd({"service_rate": row})


def _service_rate(call: Call) -> Response:
    books = _open(call, "billable_items")
    row = books["service_rates"].get(call.number("id"))
    if row is None:  # also when the service exists and no rate is set
        raise responses.family_not_found("comments")
    return vnd({"service_rate": public(row)})


def _service_rates(call: Call) -> Response:
    books = _open(call, "billable_items")
    return vnd({"service_rates": [public(row) for row in books["service_rates"].values()]})


def _team_rates(call: Call) -> Response:
    books = _open(call, "teams")
    return vnd({"team_member_rates": [public(row) for row in books["team_member_rates"].values()]})


def routes() -> list[Route]:
    root = "/comments/business/{business}"
    one = {"GET": _service, "PUT": _change_service, "DELETE": _delete_service}
    rate = {"GET": _service_rate, "POST": _set_rate, "PUT": _set_rate}
    return [
        route(f"{root}/services", {"GET": _services}, "comments"),
        route(f"{root}/service", {"POST": _create_service}, "comments"),
        route(f"{root}/service/{{id}}", one, "comments"),
        route(f"{root}/service/{{id}}/rate", rate, "comments"),
        route(f"{root}/service_rates", {"GET": _service_rates}, "comments"),
        route(f"{root}/team_member_rates", {"GET": _team_rates}, "comments"),
        route("/timetracking/business/{business}/team_member_rates", {"GET": _team_rates}, "time"),
    ]
