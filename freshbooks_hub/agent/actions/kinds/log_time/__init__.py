"""Log time that the connected user worked (freshbooks-api.md 3.7, 7.7).

FreshBooks makes it the entry of the connected user. A duration is in whole minutes, since FreshBooks may round it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from datetime import date as Date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    ActionRequest,
    Candidates,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
    changed_since,
    proof,
)
from freshbooks_hub.agent.actions.audit import canonical, digest
from freshbooks_hub.agent.actions.books import Books, Reference
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import business_line
from freshbooks_hub.agent.actions.time_entries import (
    LINKS,
    WorkPreview,
    delete_entry,
    entry_exists,
    entry_of,
    found_work,
    links_of,
    logged_differences,
    same_work,
    utc,
    work_lines,
)
from freshbooks_hub.agent.actions.values import DayText, as_day

DAY_MINUTES = 24 * 60
DEFAULT_START = time(9)


class LogTimeRequest(ActionRequest):
    """Time on a project, or for a client, or neither. `start` is on the clock of the business."""

    date: DayText
    hours: Annotated[str, Field(description="Decimal text such as 1.5, or 1:30")]
    start: Annotated[str | None, Field(description="HH:MM; default 09:00")] = None
    project_id: Reference | None = None
    client_id: Reference | None = None
    service_id: Reference | None = None
    note: str = ""
    billable: bool = True
    another_entry: Annotated[bool, Field(description="Only if the user says that it is not a duplicate")] = (
        False
    )


class LogTimePreview(WorkPreview):
    """The entry that will be made, of the connected user; `start` as HH:MM in `timezone`."""

    kind: Literal["log_time"] = "log_time"
    date: Date
    start: str
    timezone: str
    minutes: int


def describe(preview: LogTimePreview) -> Iterator[str]:
    """The lines of the preview."""
    yield business_line(preview)
    length = f"{preview.minutes // 60}:{preview.minutes % 60:02} h"
    yield f"Time          {length} on {preview.date}, from {preview.start} ({preview.timezone})"
    yield from work_lines(preview)


def prepare(context: ProposalContext, request: LogTimeRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused, `look_alike` when the day has an equal entry."""
    books = context.books
    day, minutes = as_day(request.date), _minutes(request.hours)
    if day > context.today:
        raise ActionRefused("invalid_date", "Time is logged after the work: the date is not in the future.")
    start = _start(request.start)
    work = found_work(books, request.client_id, request.project_id, request.service_id, request.note)
    preview = LogTimePreview(
        heading=f"Log {minutes // 60}:{minutes % 60:02} hours",
        business=books.business.shown(),
        date=day,
        start=f"{start:%H:%M}",
        timezone=books.business.timezone,
        minutes=minutes,
        billable=request.billable,
        **dict(work),
    )
    sent = _entry(preview)
    twins = [row for row in _own_entries(books, *_span(preview)) if _looks_like(sent, row)]
    if twins and not request.another_entry:
        raise ActionRefused(
            "look_alike",
            "That day already has an entry of this length on the same project and service. If the user says that it is "
            "another one, propose it with another_entry.",
            time_entry_ids=[int(row["id"]) for row in twins],
        )
    if twins:
        warning = "That day already has such an entry; the agent says that this is another one."
        preview = preview.model_copy(update={"warnings": (warning,)})
    same = f"/{len(twins) + 1}" if request.another_entry else ""
    what = digest([minutes, *(sent.get(name) for name in LINKS)])
    return Proposal(
        steps=(Step("create", "POST", books.entries_path, canonical({"time_entry": sent})),),
        preview=preview,
        amount=Decimal(0),
        keys=(f"time/{books.business.business_id}/{day}/{what}{same}",),
        watch={"twins": [int(row["id"]) for row in twins]},
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` when an equal entry was made meanwhile."""
    sent = action.sent("time_entry")
    rows = _own_entries(context.books, *_span(action.preview_as(LogTimePreview)))
    if {int(row["id"]) for row in rows if _looks_like(sent, row)} - set(action.watch["twins"]):
        raise ActionRefused(
            "stale", "An equal entry was made in FreshBooks since the proposal. Nothing was written."
        )


def find(books: Books, action: StoredAction) -> Candidates:
    """Entries of the user on that day that agree in all that was sent, or look like it."""
    sent = action.sent("time_entry")
    rows = [
        row
        for row in _own_entries(books, *_span(action.preview_as(LogTimePreview)))
        if _looks_like(sent, row)
    ]
    return Candidates.of(rows, lambda row: logged_differences(sent, row))


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The entry as FreshBooks has it, compared with what was approved."""
    row = entry_of(books, record_id)
    if row is None:
        return None
    found = logged_differences(action.sent("time_entry"), row)
    return proof("logged", "The time is in FreshBooks.", "time", record_id, found)


def undo(books: Books, action: StoredAction, record_id: int) -> None:
    """Delete the entry, if it is as it was sent and not billed."""
    row = entry_of(books, record_id)
    if row is not None and (row.get("billed") or logged_differences(action.sent("time_entry"), row)):
        raise changed_since()
    delete_entry(books, record_id)


def _own_entries(books: Books, first: str, last: str) -> list[Json]:
    """Logged time of the connected user that started within two instants (freshbooks-api.md 3.7)."""
    params = [("started_from", first), ("started_to", last)]
    rows = books.api.rows(books.entries_path, "time_entries", params)
    # An ignored filter answers everything (freshbooks-api.md 3.3).
    return [
        row
        for row in rows
        if row.get("is_logged")
        and row.get("active", True)
        and first[:19] <= str(row.get("started_at"))[:19] <= last[:19]
    ]


def _minutes(text: str) -> int:
    if match := re.fullmatch(r"(\d{1,2}):([0-5]\d)", text):
        minutes = int(match[1]) * 60 + int(match[2])
    elif re.fullmatch(r"\d{1,2}(\.\d{1,2})?", text):
        minutes = int((Decimal(text) * 60).quantize(Decimal(1), ROUND_HALF_UP))
    else:
        minutes = 0
    if not 0 < minutes <= DAY_MINUTES:
        raise ActionRefused("invalid_hours", "Hours are more than 0 and at most 24, for example 1.5 or 1:30.")
    return minutes


def _start(text: str | None) -> time:
    if text is None:
        return DEFAULT_START
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ActionRefused("invalid_start", "A start is written HH:MM, for example 14:30.")
    return time.fromisoformat(text)


def _entry(preview: LogTimePreview) -> dict[str, Any]:
    start = _local(preview.date, time.fromisoformat(preview.start), preview.timezone)
    return {
        "is_logged": True,
        "started_at": utc(start),
        "duration": preview.minutes * 60,
        "note": preview.note,
        "billable": preview.billable,
        **links_of(preview),
    }


def _span(preview: LogTimePreview) -> tuple[str, str]:
    """The first and the last second of the day at the business."""
    first, last = (utc(_local(preview.date, at, preview.timezone)) for at in (time.min, time.max))
    return first, last


def _local(day: date, at: time, timezone: str) -> datetime:
    return datetime.combine(day, at, ZoneInfo(timezone))


def _looks_like(sent: Json, row: Json) -> bool:
    """Of equal length on the same project and service, for the same client."""
    return row.get("duration") == sent["duration"] and same_work(sent, row)


KIND = ActionKind(
    name="log_time",
    write="time",
    label="Log time",
    title="Log time",
    description="Propose a time entry of the connected user, after the work was done. A person approves it.",
    request=LogTimeRequest,
    preview=LogTimePreview,
    streams=("time_entries",),
    record="time_entry",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    exists=entry_exists,
    has_amount=False,
    undo=undo,
    position=6,
)
