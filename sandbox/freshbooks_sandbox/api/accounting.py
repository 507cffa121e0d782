"""The accounting family: one set of handlers for every resource of the table (freshbooks-api.md 3.1-3.6)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api import actions
from freshbooks_sandbox.api.call import Call, Handler, jsonable, route
from freshbooks_sandbox.behaviours import GATE_ERRNO
from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.query import Test, day_value, search_params
from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.common import require
from freshbooks_sandbox.ledger.tables import accounts
from freshbooks_sandbox.lists.oddities import ignored, moved
from freshbooks_sandbox.lists.paging import accounting_page, capped
from freshbooks_sandbox.lists.views import balances, today, view
from freshbooks_sandbox.resources import ACCOUNTING
from freshbooks_sandbox.responses import Answer, result
from freshbooks_sandbox.values import Row


def open_books(call: Call, scope: str, gate: str) -> Books:
    """The account of the path, with account, scope, role and plan checked in this order."""
    books = call.books(call.store.by_account(call.path("account")))
    call.need(scope)
    check_plan(call, gate)
    return books


def check_plan(call: Call, gate: str) -> None:
    if gate in call.store.behaviours.gated:
        message = f"You do not have access to {gate.replace('_', ' ')}."
        raise responses.accounting(200, GATE_ERRNO.get(gate, 1003), message, None, gate)


def select(call: Call, books: Books, resource: Resource) -> list[Row]:
    """Rows that pass the filters, in the order asked for."""
    behaviours = call.store.behaviours
    sent = search_params(call.multi).items()
    search = {name: values for name, values in sent if not ignored(behaviours, resource.name, name)}
    day = today(books, call.now)
    sort = call.params.get("sort", "")
    key = (str(sorted(search.items())), sort, day, repr(behaviours))
    table = books.table(resource.name)

    def make() -> list[Row]:
        if behaviours.bill_pay and resource.name in _BILL_PAY:
            return []
        tests = _tests(call, books, resource, search, day)
        rows: Any = table.rows.values()
        if resource.name == "journal_entry_accounts":
            rows = _accounts_of_period(books, search).values()
        if search.keys() & set(resource.seen_filters):
            rows = [r for r in rows if all(test({**r, **resource.seen(books, r, day)}) for test in tests)]
        else:
            rows = [row for row in rows if all(test(row) for test in tests)]
        return _sorted(rows, resource, sort, behaviours.asc_quirk)

    chosen: list[Row] = table.cached(key, make)
    return chosen


def _accounts_of_period(books: Books, search: dict[str, list[str]]) -> dict[int, Row]:
    """Their balances are those of a currency and a period (3.3)."""
    bounds = {
        bound: day_value(name, search[name])
        for name, bound in (("start_date", "first"), ("end_date", "last"))
        if name in search
    }
    return accounts(books, search.get("currency_code", [books.currency])[-1], **bounds)


def _tests(
    call: Call, books: Books, resource: Resource, search: dict[str, list[str]], day: str
) -> list[Test]:
    behaviours = call.store.behaviours
    tests = [
        moved(behaviours, resource, name, resource.filters[name](name, values))
        for name, values in search.items()
        if name in resource.filters
        and (name not in resource.undocumented or behaviours.updated_min_everywhere)
    ]
    if resource.name == "clients":
        tests += [_has_balance(books, name, values, day) for name, values in search.items() if name in _HAS]
    if resource.soft_delete is None:
        return tests
    asked = search.get("vis_state", [""])[-1]
    if asked.isdigit():
        return [*tests, lambda row: row["vis_state"] == int(asked)]
    hidden = {crud.DELETED}
    clients_hidden = resource.name == "clients" and not behaviours.archived_clients_by_default
    if clients_hidden or resource.name in behaviours.archived_hidden:
        hidden.add(crud.ARCHIVED)
    return [*tests, lambda row: row["vis_state"] not in hidden]


_BILL_PAY = frozenset({"bills", "bill_vendors", "bill_payments"})
_HAS = {f"has_{kind}": kind for kind in ("credit", "draft", "outstanding", "overdue")}


def _has_balance(books: Books, name: str, values: list[str], day: str) -> Test:
    wanted = values[-1].lower() in ("true", "1")
    found = balances(books, _HAS[name], day)
    return lambda row: any(found.get(row["id"], {}).values()) == wanted


def _sorted(rows: list[Row], resource: Resource, sort: str, asc_quirk: bool) -> list[Row]:
    """Newest id first, unless a known sort key is named, or anything that ends in `asc` (3.2)."""
    key, _, direction = sort.rpartition("_")
    if key in resource.sorts and direction in ("asc", "desc"):
        return sorted(rows, key=resource.sorts[key], reverse=direction == "desc")
    ascending = asc_quirk and sort.endswith("asc")
    return sorted(rows, key=lambda row: int(row[resource.id]), reverse=not ascending)


def _list(resource: Resource) -> Handler:
    def handler(call: Call) -> Response:
        books = open_books(call, resource.scope, resource.name)
        rows = select(call, books, resource)
        asked = accounting_page(call.params, len(rows), max(len(rows), 1) if resource.one_page else 15)
        page = capped(asked, resource.name, call.store.behaviours)
        unreadable = books.role == "client" or resource.name in call.store.behaviours.unreadable
        include, day = call.include(), today(books, call.now)
        shown = [] if unreadable else [view(books, resource, row, include, day) for row in page.cut(rows)]
        key = call.store.behaviours.staff_key if resource.name == "staff" else resource.list_key
        return result({key: shown, **page.block()})

    return handler


def _found(call: Call, books: Books, resource: Resource) -> Row:
    hidden = books.role == "client" or (call.store.behaviours.bill_pay and resource.name in _BILL_PAY)
    row = None if hidden else books[resource.name].get(call.number("id"))
    if row is None:
        raise responses.not_found(resource.singular, resource.id, call.path("id"))
    return row


def _shown(call: Call, books: Books, resource: Resource, row: Row) -> Answer:
    return result({resource.singular: view(books, resource, row, call.include(), today(books, call.now))})


def _single(resource: Resource) -> Handler:
    def handler(call: Call) -> Response:
        books = open_books(call, resource.scope, resource.name)
        row = _found(call, books, resource)
        if call.store.behaviours.deleted_get_is_1011 and row.get("vis_state") == crud.DELETED:
            raise responses.accounting(404, 1011, f"This {resource.singular} has been deleted.", resource.id)
        return _shown(call, books, resource, row)

    return handler


def _create(resource: Resource) -> Handler:
    def handler(call: Call) -> Response:
        books = open_books(call, resource.scope, resource.name)
        limit = call.store.behaviours.client_limit
        if resource.name == "clients" and limit is not None:
            active = sum(1 for row in books["clients"].values() if row["vis_state"] == crud.ACTIVE)
            if active >= limit:
                raise responses.accounting(402, 7005, f"Client limit of {limit} reached")
        fields = jsonable(call.body(resource.singular))
        if call.store.behaviours.unique_names:
            _refuse_twin(books, resource, fields)
        row = crud.create(resource, books, fields, call.now)
        return _shown(call, books, resource, row)

    return handler


_UNIQUE = {
    "clients": (("email",), ("fname", "lname", "organization")),
    "items": (("name",),),
    "bill_vendors": (("vendor_name",),),
}


def _refuse_twin(books: Books, resource: Resource, fields: Row) -> None:
    """One of the same name "already exists", be it archived or deleted; a client's is its email and name (7.7)."""
    parts = _UNIQUE.get(resource.name, ())

    def name(row: Row) -> list[str] | None:
        texts = ["/".join(str(row.get(key) or "").lower() for key in keys) for keys in parts]
        return texts if all(text.strip("/") for text in texts) else None

    wanted = name(fields) if parts else None
    if wanted is not None and any(name(row) == wanted for row in books[resource.name].values()):
        key = "username" if resource.name == "clients" else parts[0][0]
        message = f"{key.replace('_', ' ').capitalize()} already exists."
        raise responses.accounting(409, 1004, message, key, resource.singular)


def _update(resource: Resource) -> Handler:
    """A PUT runs the first phase present: vis_state, then actions, then plain fields (7.1)."""

    def handler(call: Call) -> Response:
        books = open_books(call, resource.scope, resource.name)
        row = _found(call, books, resource)
        fields = jsonable(call.body(resource.singular))
        if "ext_vis_state" in fields:
            pass  # Classic's own flag: it eats the rest of the body and shows nowhere
        elif "vis_state" in fields:
            if fields["vis_state"] not in (0, 1, 2) or resource.soft_delete is None:
                message = f"Invalid value '{fields['vis_state']}' for field 'vis_state'."
                raise responses.accounting(422, 1004, message, "vis_state", resource.singular)
            crud.set_visibility(resource, books, row, fields["vis_state"], call.now)
        elif any(name.startswith("action_") for name in fields):
            actions.run(call, books, resource, row, fields)
        else:
            require(fields, resource.singular, *resource.whole)
            crud.edit(resource, books, row, fields, call.now)
        return _shown(call, books, resource, row)

    return handler


def _delete(resource: Resource) -> Handler:
    def handler(call: Call) -> Response:
        books = open_books(call, resource.scope, resource.name)
        row = _found(call, books, resource)
        if resource.soft_delete is None:
            books.table(resource.name).remove(row["id"])
            books.tell(resource.name, "delete", row["id"])
        else:
            crud.set_visibility(resource, books, row, crud.DELETED, call.now)
        return Answer({"response": {}})

    return handler


def _system(call: Call) -> Response:
    books = call.books(call.store.by_account(call.path("account")))
    call.need("business")
    if str(books.business_id) != call.path("business") or not books.system:
        raise responses.not_found("system", "systemid", call.path("business"))
    return result({"system": books.system})


def routes() -> list[Route]:
    root = "/accounting/account/{account}"
    made = [route(f"{root}/systems/systems/{{business}}", {"GET": _system}, "accounting")]
    made += actions.routes(root, _found, open_books)
    for resource in ACCOUNTING:
        many: dict[str, Handler] = {"GET": _list(resource)} if resource.listed else {}
        one: dict[str, Handler] = {"GET": _single(resource)}
        if resource.writable and resource.posted and resource.create:
            many["POST"] = _create(resource)
        if resource.writable and resource.change:
            one["PUT"] = _update(resource)
        if resource.delete_verb:
            one["DELETE"] = _delete(resource)
        made.append(route(f"{root}/{resource.path}", many, "accounting"))
        made.append(route(f"{root}/{resource.path}/{{id}}", one, "accounting"))
    return made
