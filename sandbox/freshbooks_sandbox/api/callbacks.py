"""Callbacks of the events family: who is told of what (freshbooks-api.md 3.11, 8)."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.call import Call, jsonable, route
from freshbooks_sandbox.books.query import search_params
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.lists.paging import accounting_page
from freshbooks_sandbox.lists.views import public
from freshbooks_sandbox.resources import BY_NAME
from freshbooks_sandbox.responses import result
from freshbooks_sandbox.values import Row, utc_plain
from freshbooks_sandbox.webhooks import EVENTS, NOUNS, Webhooks

_SCOPE = {noun: BY_NAME[name].scope for name, noun in NOUNS.items()}


def _open(call: Call) -> Books:
    books = call.books(call.store.by_account(call.path("account")))
    if call.store.behaviours.callbacks_need_notifications:
        call.need("notifications", "read")
    return books


def _list(call: Call) -> Response:
    books = _open(call)
    events = search_params(call.multi).get("event", [])
    rows = [row for _, row in sorted(books["callbacks"].items(), reverse=True)]
    rows = [row for row in rows if not events or row["event"] == events[-1]]
    page = accounting_page(call.params, len(rows))
    return result({"callbacks": [public(row) for row in page.cut(rows)], **page.block()})


def _found(call: Call, books: Books) -> Row:
    row = books["callbacks"].get(call.number("id"))
    if row is None:
        raise responses.family_not_found("events")
    return row


def _answer(row: Row) -> Response:
    return result({"callback": public(row)})


def _single(call: Call) -> Response:
    return _answer(_found(call, _open(call)))


def _verify(call: Call, books: Books, row: Row) -> None:
    webhooks: Webhooks = call.request.app.state.webhooks
    webhooks.verify(books, row)


def _create(call: Call) -> Response:
    """Not verified yet, so it is told of nothing; the verification is on its way."""
    books = _open(call)
    fields = _checked(call, {"event": None, "uri": None, **jsonable(call.body("callback"))})
    key = books.new_id("callbacks")
    row: Row = {
        "callbackid": key,
        "id": key,
        "event": fields["event"],
        "uri": fields["uri"],
        "verified": False,
        "updated_at": utc_plain(call.now),
        "_verifier": secrets.token_hex(17)[:33],
    }
    books.table("callbacks").put(key, row)
    _verify(call, books, row)
    return _answer(row)


def _update(call: Call) -> Response:
    """The verifier comes back, or is asked for once more, or event and address change."""
    books = _open(call)
    row = _found(call, books)
    fields = jsonable(call.body("callback"))
    if "verifier" in fields:
        if not secrets.compare_digest(str(fields["verifier"]).encode(), row["_verifier"].encode()):
            raise responses.unprocessable("verifier: Value error, The verifier does not match.")
        row.update(verified=True, updated_at=utc_plain(call.now))
    elif fields.get("resend"):
        _verify(call, books, row)
    else:
        changed = {name: fields[name] for name in ("event", "uri") if name in fields}
        _checked(call, {**row, **changed})
        moved = changed.get("uri", row["uri"]) != row["uri"]
        row.update(changed, updated_at=utc_plain(call.now))
        if moved:  # another address has to prove itself
            row["verified"] = False
            _verify(call, books, row)
    books.table("callbacks").changed()
    return _answer(row)


def _delete(call: Call) -> Response:
    books = _open(call)
    books.table("callbacks").remove(_found(call, books)["callbackid"])
    return Response(status_code=204)


def _checked(call: Call, fields: Row) -> Row:
    """422 for an event or an address that is none; 403 without the scope of the event's resource."""
    problems = []
    if fields["event"] not in EVENTS:
        problems.append("event: Value error, Unrecognized event.")
    if not _is_url(fields["uri"]):
        problems.append("uri: Input should be a valid URL, relative URL without a base")
    if problems:
        raise responses.unprocessable(*problems)
    call.need(_SCOPE[str(fields["event"]).partition(".")[0]], "read")
    return fields


def _is_url(value: Any) -> bool:
    parts = urlsplit(str(value or ""))
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def routes() -> list[Route]:
    root = "/events/account/{account}/events/callbacks"
    one = {"GET": _single, "PUT": _update, "DELETE": _delete}
    return [
        route(root, {"GET": _list, "POST": _create}, "events"),
        route(f"{root}/{{id}}", one, "events"),
    ]
