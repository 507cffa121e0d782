"""Services, service rates and team member rates (freshbooks-api.md 3.9)."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import desk, errors
from freshbooks_sandbox.answers import vnd
from freshbooks_sandbox.api.call import Call, route
from freshbooks_sandbox.paging import bare_page, capped
from freshbooks_sandbox.store import Books
from freshbooks_sandbox.views import public


def _open(call: Call, scope: str) -> Books:
    books = call.books(call.store.by_business(call.path("business")))
    call.need(scope)
    return books


def _services(call: Call) -> Response:
    books = _open(call, "billable_items")
    rows = [row for _, row in sorted(books["services"].items(), reverse=True)]
    rows = [row for row in rows if row["vis_state"] != desk.DELETED and books.role != "client"]
    page = capped(bare_page(call.params, len(rows)), "services", call.store.switches)
    return vnd({"services": [public(row) for row in page.cut(rows)], "meta": page.block()})


def _service(call: Call) -> Response:
    books = _open(call, "billable_items")
    row = books["services"].get(call.number("id"))
    if row is None:
        raise errors.family_not_found("comments")
    return vnd({"service": public(row)})


def _service_rate(call: Call) -> Response:
    books = _open(call, "billable_items")
    row = books["service_rates"].get(call.number("id"))
    if row is None:  # also when the service exists and no rate is set
        raise errors.family_not_found("comments")
    return vnd({"service_rate": public(row)})


def _service_rates(call: Call) -> Response:
    books = _open(call, "billable_items")
    return vnd({"service_rates": [public(row) for row in books["service_rates"].values()]})


def _team_rates(call: Call) -> Response:
    books = _open(call, "teams")
    return vnd({"team_member_rates": [public(row) for row in books["team_member_rates"].values()]})


def routes() -> list[Route]:
    root = "/comments/business/{business}"
    return [
        route(f"{root}/services", {"GET": _services}, "comments"),
        route(f"{root}/service/{{id}}", {"GET": _service}, "comments"),
        route(f"{root}/service/{{id}}/rate", {"GET": _service_rate}, "comments"),
        route(f"{root}/service_rates", {"GET": _service_rates}, "comments"),
        route(f"{root}/team_member_rates", {"GET": _team_rates}, "comments"),
        route("/timetracking/business/{business}/team_member_rates", {"GET": _team_rates}, "time"),
    ]
