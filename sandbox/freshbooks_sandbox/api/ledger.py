"""The newer chart of accounts, by business uuid, unpaged (freshbooks-api.md 3.1, 3.6)."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.call import Call, route
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.ledger.chart import SUB_TYPES
from freshbooks_sandbox.responses import Answer
from freshbooks_sandbox.values import Row, words

_SUB_TYPES: list[Row] = [
    {"id": id_, "type": type_, "name": name, "base_number": number} for id_, type_, name, number in SUB_TYPES
]


def _open(call: Call) -> Books:
    books = call.books(call.store.by_uuid(call.path("uuid")))
    call.need_account("journal_entries")
    if books.account_id is None or books.role == "client":
        raise responses.family_not_found("ledger")
    return books


def _accounts(call: Call) -> Response:
    rows = _open(call)["ledger_accounts"].values()
    return Answer({"data": list(rows)})


def _account(call: Call) -> Response:
    row = _open(call)["ledger_accounts"].get(call.path("id"))
    if row is None:
        raise responses.family_not_found("ledger")
    return Answer({"data": row})


def _types(call: Call) -> Response:
    call.need_account("journal_entries")
    return Answer({"data": [{"name": name} for name in words("asset equity expense income liability")]})


def _sub_types(call: Call) -> Response:
    call.need_account("journal_entries")
    return Answer({"data": _SUB_TYPES})


def _sub_type(call: Call) -> Response:
    call.need_account("journal_entries")
    found = next((row for row in _SUB_TYPES if row["id"] == call.number("id")), None)
    if found is None:
        raise responses.family_not_found("ledger")
    return Answer({"data": found})


def routes() -> list[Route]:
    accounts, root = "/accounting/businesses/{uuid}/ledger_accounts/accounts", "/accounting/ledger_accounts"
    return [
        route(accounts, {"GET": _accounts}, "ledger"),
        route(f"{accounts}/{{id}}", {"GET": _account}, "ledger"),
        route(f"{root}/types", {"GET": _types}, "ledger"),
        route(f"{root}/sub_types", {"GET": _sub_types}, "ledger"),
        route(f"{root}/sub_types/{{id}}", {"GET": _sub_type}, "ledger"),
    ]
