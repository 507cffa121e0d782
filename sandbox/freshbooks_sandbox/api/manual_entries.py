"""The newer journal entries: those written by hand, by uuid, behind a version header (freshbooks-api.md 3.6)."""

from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Any

import orjson
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.call import Call, jsonable, route
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import journal_entries
from freshbooks_sandbox.ledger.chart import chart
from freshbooks_sandbox.ledger.tables import account_uuid
from freshbooks_sandbox.lists.paging import CAP
from freshbooks_sandbox.responses import Answer
from freshbooks_sandbox.values import Row, decimal, plain

VERSION = "2023-09-25"
_NUMBER = re.compile(r"[A-Za-z0-9.-]+")
_SIDES = {"TYPE_DEBIT": "debit", "TYPE_CREDIT": "credit"}


def _open(call: Call) -> Books:
    """Without the header there is no such address."""
    if call.request.headers.get("x-api-version") != VERSION:
        raise responses.family_not_found("ledger")
    books = call.books(call.store.by_uuid(call.path("uuid")))
    call.need("journal_entries")
    if books.account_id is None or books.role == "client":
        raise responses.family_not_found("ledger")
    return books


def _list(call: Call) -> Response:
    """Newest first; `page_size` is cut without a word."""
    books = _open(call)
    rows = [row for _, row in sorted(books["journal_entries"].items(), reverse=True)]
    number = max(_positive(call, "page_number", 1), 1)
    size = min(max(_positive(call, "page_size", CAP), 1), call.store.behaviours.journal_entry_cap)
    shown = [_view(books, row) for row in rows[(number - 1) * size : number * size]]
    page = {"page_number": number, "page_size": size, "total": len(rows)}
    return Answer({"manualJournalEntries": shown, "page": page})


def _positive(call: Call, name: str, default: int) -> int:
    text = call.params.get(name, str(default))
    if not text.isdigit():
        raise _refused(f"{name} must be a number.")
    return int(text)


def _refused(reason: str) -> responses.ApiError:
    detail = {"reason": reason, "metadata": {"message": reason, "field": None}}
    message = "Request failed with status code 400"
    return responses.ApiError(400, {"errors": {"message": message, "status": 400, "details": [detail]}})


def _entry_uuid(books: Books, row: Row) -> str:
    return str(
        uuid.uuid5(uuid.NAMESPACE_URL, f"freshbooks sandbox/{books.account_id}/entry/{row['entryid']}")
    )


def _view(books: Books, row: Row) -> Row:
    on = date.fromisoformat(row["user_entered_date"])
    return {
        "uuid": _entry_uuid(books, row),
        "name": row["name"],
        "journalEntryNumber": row.get("_number")
        or f"JE-{row['entryid'] - journal_entries.FIRST_ENTRY + 1:04d}",
        "description": row["description"],
        "userEnteredDate": {"year": on.year, "month": on.month, "day": on.day},
        "details": [_detail(books, detail) for detail in row["details"]],
        "reverseDepth": 0,
    }


def _detail(books: Books, detail: Row) -> Row:
    """The amount is a JSON number here, unlike everywhere else."""
    debit = detail["debit"] is not None
    value = plain(decimal(detail["debit"] if debit else detail["credit"]))
    return {
        "accountId": account_uuid(books, detail["sub_accountid"]),
        "amount": {"amount": orjson.Fragment(value), "code": detail["currency_code"]},
        "type": "TYPE_DEBIT" if debit else "TYPE_CREDIT",
    }


def _found(call: Call, books: Books) -> Row:
    wanted = call.path("id")
    row = next((r for r in books["journal_entries"].values() if _entry_uuid(books, r) == wanted), None)
    if row is None:
        raise responses.family_not_found("ledger")
    return row


def _answer(books: Books, row: Row) -> Response:
    return Answer({"manualJournalEntry": _view(books, row)})


def _single(call: Call) -> Response:
    books = _open(call)
    return _answer(books, _found(call, books))


def _create(call: Call) -> Response:
    books = _open(call)
    fields = _fields(call, books)
    row = journal_entries.create(books, fields, call.now)
    row["_number"] = fields["number"]
    return _answer(books, row)


def _update(call: Call) -> Response:
    books = _open(call)
    row = _found(call, books)
    fields = _fields(call, books)
    row.update(journal_entries.made(books, row["entryid"], fields), _number=fields["number"])
    books.table("journal_entries").changed()
    return _answer(books, row)


def _delete(call: Call) -> Response:
    books = _open(call)
    books.table("journal_entries").remove(_found(call, books)["entryid"])
    return Answer({})


def _fields(call: Call, books: Books) -> Row:
    """The older form of what was sent; the number takes letters, digits, points and hyphens only."""
    sent = jsonable(call.body("manualJournalEntry"))
    number = sent.get("journalEntryNumber")
    if number is not None and not _NUMBER.fullmatch(str(number)):
        raise _refused("journalEntryNumber is not valid.")
    known = {account_uuid(books, sub.id): sub.id for sub in chart(books).subs}
    try:
        on = date(**{part: int(sent["userEnteredDate"][part]) for part in ("year", "month", "day")})
        details = [_older(detail, known) for detail in sent["details"]]
        codes = {detail["amount"]["code"] for detail in sent["details"]}
    except (KeyError, TypeError, ValueError):
        raise _refused("The journal entry is not complete.") from None
    return {
        "name": sent.get("name"),
        "description": sent.get("description"),
        "date": on.isoformat(),
        "currency_code": next(iter(codes), None),
        "details": details,
        "number": number,
    }


def _older(detail: Row, known: dict[str, int]) -> dict[str, Any]:
    return {"sub_accountid": known[detail["accountId"]], _SIDES[detail["type"]]: detail["amount"]["amount"]}


def routes() -> list[Route]:
    root = "/accounting/businesses/{uuid}/journal_entries"
    one = {"GET": _single, "PUT": _update, "DELETE": _delete}
    return [
        route(root, {"GET": _list, "POST": _create}, "ledger"),
        route(f"{root}/{{id}}", one, "ledger"),
    ]
