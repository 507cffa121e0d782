"""Timers: unlogged segments that share one timer, as the web app writes them (freshbooks-api.md 3.7, 7.7)."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response
from starlette.routing import Route

from freshbooks_sandbox import responses
from freshbooks_sandbox.api.call import Call, jsonable, route
from freshbooks_sandbox.api.timetracking import open_books
from freshbooks_sandbox.books import crud
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain import projects_and_time
from freshbooks_sandbox.lists.views import public
from freshbooks_sandbox.resources import TIME_ENTRIES
from freshbooks_sandbox.responses import vnd
from freshbooks_sandbox.values import Row, parse_instant


def _start(call: Call) -> Response:
    """`timer: {}` starts one, `timer: {id}` resumes it with another segment; the entry is the caller's own."""
    books = open_books(call)
    fields = jsonable(call.body("time_entry"))
    sent = fields.get("timer")
    if sent is None:
        timer = None
    else:
        known = sent.get("id")
        if known is not None and not _segments(books, known):
            raise responses.family_not_found("comments")
        timer = {"id": known or books.new_id("timers"), "is_running": fields.get("duration") is None}
    fields = {**fields, "timer": timer, "identity_id": call.store.identity["identity_id"], "is_logged": False}
    row = crud.create(TIME_ENTRIES, books, fields, call.now)
    _mark(books, row)
    return vnd({"time_entry": public(row)})


def _segment(call: Call) -> Response:
    """A PUT replaces the segment; a duration pauses its timer, none lets it run."""
    books = open_books(call)
    row = books["time_entries"].get(call.number("id"))
    if row is None:
        raise responses.family_not_found("comments")
    fields = {**jsonable(call.body("time_entry")), "timer": row["timer"], "active": row["active"]}
    projects_and_time.replace_entry(books, row, fields, call.now)
    _mark(books, row)
    books.tell("time_entries", "update", row["id"])
    return vnd({"time_entry": public(row)})


def _log(call: Call) -> Response:
    """The segments become one logged entry, to the nearest minute; the ids of the others are gone.

    The durations and the note are those of the segments in the body, as the web app sends them, if it names any.
    """
    books = open_books(call)
    segments = _segments(books, call.number("id"))
    if not segments:
        raise responses.family_not_found("comments")
    first, *others = segments
    told = jsonable(call.body("timer")).get("time_entries") or segments
    seconds = sum(_seconds(segment, call.now) for segment in told)
    fields = {"is_logged": True, "duration": (seconds + 30) // 60 * 60, "timer": None}
    fields["note"] = told[-1].get("note") or first["note"]
    crud.edit(TIME_ENTRIES, books, first, fields, call.now)
    for other in others:
        books.table("time_entries").remove(other["id"])
    return vnd({"time_entry": public(first)})


def _segments(books: Books, timer: int) -> list[Row]:
    rows = books["time_entries"].values()
    found = [r for r in rows if r["active"] and not r["is_logged"] and (r["timer"] or {}).get("id") == timer]
    return sorted(found, key=lambda row: (row["started_at"], row["id"]))


def _seconds(segment: Row, now: datetime) -> int:
    if segment["duration"] is not None:
        return int(segment["duration"])
    return max(int((now - parse_instant(segment["started_at"])).total_seconds()), 0)


def _mark(books: Books, row: Row) -> None:
    """All segments of a timer say whether it runs: whether one of them is open."""
    if row["timer"]:
        segments = _segments(books, row["timer"]["id"])
        running = any(segment["duration"] is None for segment in segments)
        for segment in segments:
            segment["timer"] = {**segment["timer"], "is_running": running}
    books.table("time_entries").changed()


def routes() -> list[Route]:
    root = "/comments/business/{business}"
    return [
        route(f"{root}/time_entries", {"POST": _start}, "comments"),
        route(f"{root}/time_entries/{{id}}", {"PUT": _segment}, "comments"),
        route(f"{root}/timers/{{id}}", {"PUT": _log}, "comments"),
    ]
