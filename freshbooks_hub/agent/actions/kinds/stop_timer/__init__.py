"""Stop a timer of the connected user, and log its time (freshbooks-api.md 3.7, 7.7).

It ends at the proposal, whenever it is approved: nobody is billed for the time until then. FreshBooks folds the
segments into one entry, rounded to the minute, whose id may be a new one. There is no undo: deleting the entry would
not bring the timer back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from freshbooks_api.client import Json, Lost, Refused
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    ActionRequest,
    Candidates,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
    check_free,
    proof,
    send_first_step,
)
from freshbooks_hub.agent.actions.audit import canonical, digest
from freshbooks_hub.agent.actions.books import Books
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import business_line
from freshbooks_hub.agent.actions.time_entries import (
    NOTE_LIMIT,
    WorkPreview,
    as_instant,
    entry_exists,
    links_of,
    logged_differences,
    same_work,
    utc,
    work_lines,
    work_of,
)
from freshbooks_hub.agent.actions.timers import (
    Timer,
    entries_since,
    shown_timer,
    timers_of,
    whole_minutes,
)
from freshbooks_hub.agent.text import clean

# A timer that ran for longer may have been forgotten.
LONG = timedelta(hours=12)
NOT_FOUND = 404
# What a segment must carry, for a PUT replaces the whole of it (freshbooks-api.md 7.1).
_SEGMENT = (
    *("id", "is_logged", "started_at", "local_started_at", "local_timezone", "client_id", "project_id", "task_id"),
    *("service_id", "note", "billable", "billed", "internal", "retainer_id", "identity_id"),
)  # fmt: skip


class StopTimerRequest(ActionRequest):
    """The timer that there is, or one of several."""

    timer_id: Annotated[int | None, Field(description="If there are several; get_timer lists them")] = None
    note: Annotated[str | None, Field(description="Replaces the timer's")] = None


class StopTimerPreview(WorkPreview):
    """The entry that the timer becomes; `start` as date and time in `timezone`, `minutes` as they are logged."""

    kind: Literal["stop_timer"] = "stop_timer"
    timer_id: int
    start: str
    timezone: str
    minutes: int


def prepare(context: ProposalContext, request: StopTimerRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused, `no_timer` when there is none, `timer_unclear` for several."""
    books, now = context.books, context.now
    timer = _chosen(books, timers_of(books, now), request.timer_id, now)
    key = f"timer/{books.business.business_id}/stop/{timer.id}"
    check_free(context.owners, [key])
    durations = timer.durations(now)
    minutes = whole_minutes(sum(durations))
    if not minutes:
        raise ActionRefused(
            "too_short", "The timer has run for less than half a minute, so FreshBooks would log nothing."
        )
    work = work_of(books, timer.current)
    if request.note is not None:
        work = work.model_copy(update={"note": clean(request.note, NOTE_LIMIT)})
    local = timer.started_at.astimezone(ZoneInfo(books.business.timezone))
    hours = f"{minutes // 60}:{minutes % 60:02}"
    preview = StopTimerPreview(
        heading=f"Stop a timer and log {hours} hours",
        business=books.business.shown(),
        timer_id=timer.id,
        start=f"{local:%Y-%m-%d %H:%M}",
        timezone=books.business.timezone,
        minutes=minutes,
        billable=bool(timer.current.get("billable")),
        warnings=(f"The timer shows {hours} hours. Was it forgotten?",)
        if minutes * 60 > LONG.seconds
        else (),
        **dict(work),
    )
    note = {} if request.note is None else {"note": preview.note}
    sent = [_segment(row, seconds) | note for row, seconds in zip(timer.segments, durations, strict=True)]
    path = f"/comments/business/{books.business.business_id}/timers/{timer.id}"
    return Proposal(
        steps=(Step("log", "PUT", path, canonical({"timer": {"time_entries": sent}})),),
        preview=preview,
        amount=Decimal(0),
        keys=(key,),
        watch={
            "timer": _fingerprint(timer),
            "logged": {
                "started_at": utc(timer.started_at),
                "duration": minutes * 60,
                "billable": preview.billable,
                "note": preview.note,
                **links_of(preview),
            },
        },
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` when the timer was changed, paused, stopped or discarded meanwhile."""
    now, wanted = context.clock.now(), action.preview_as(StopTimerPreview).timer_id
    timer = next((timer for timer in timers_of(context.books, now) if timer.id == wanted), None)
    if timer is None or _fingerprint(timer) != action.watch["timer"]:
        raise ActionRefused(
            "stale",
            "The timer was changed, paused, stopped or discarded in FreshBooks since the proposal. Nothing was "
            "written; propose it again.",
        )


def send(context: ActionContext, action: StoredAction) -> Json:
    """The answer of FreshBooks; raises NeverSent, Lost, Refused."""
    try:
        return send_first_step(context, action)
    except Refused as refused:
        if refused.answer.status != NOT_FOUND:
            raise
        # Logging a timer removes it: the request may have arrived twice.
        raise Lost("the timer is not there") from refused


def find(books: Books, action: StoredAction) -> Candidates:
    """Entries logged on this work since the timer began: as long as it, or a minute more or less."""
    sent = action.watch["logged"]
    rows = [
        row
        for row in _logged(books, sent)
        if same_work(sent, row) and abs(int(row.get("duration") or 0) - sent["duration"]) <= 60
    ]
    # It is not known which start FreshBooks gives the entry of a timer with several segments.
    return Candidates.of(rows, lambda row: set(logged_differences(sent, row)) - {"started_at"})


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The entry as FreshBooks has it, compared with what was approved."""
    sent = action.watch["logged"]
    row = next((row for row in _logged(books, sent) if int(row["id"]) == record_id), None)
    if row is None:
        return None
    found = logged_differences(sent, row)
    return proof("logged", "The timer is stopped, and its time is in FreshBooks.", "time", record_id, found)


def describe(preview: StopTimerPreview) -> Iterator[str]:
    """The lines of the preview."""
    yield business_line(preview)
    yield f"Timer         {preview.timer_id}, since {preview.start} ({preview.timezone})"
    yield f"Time          {preview.minutes // 60}:{preview.minutes % 60:02} h, until it was proposed"
    yield from work_lines(preview)


def _chosen(books: Books, there: list[Timer], wanted: int | None, now: datetime) -> Timer:
    found = [timer for timer in there if wanted in (None, timer.id)]
    if not there:
        raise ActionRefused("no_timer", "No timer is running or paused in FreshBooks.")
    if len(found) != 1:
        raise ActionRefused(
            "timer_unclear",
            "Which timer is meant? Ask the user, and give its id as timer_id.",
            timers=[shown_timer(books, timer, now).model_dump(exclude_none=True) for timer in there],
        )
    return found[0]


def _segment(row: Json, seconds: int) -> dict[str, Any]:
    kept = {name: row[name] for name in _SEGMENT if row.get(name) is not None}
    return kept | {"duration": seconds, "timer": {"id": int(row["timer"]["id"])}}


def _fingerprint(timer: Timer) -> str:
    """What must not change between the preview and the request."""
    return digest([{name: str(row.get(name)) for name in (*_SEGMENT, "duration")} for row in timer.segments])


def _logged(books: Books, sent: Json) -> list[Json]:
    began = as_instant(sent["started_at"])
    assert began is not None
    return [row for row in entries_since(books, began) if row.get("is_logged")]


KIND = ActionKind(
    name="stop_timer",
    write="stop-timer",
    label="Stop timer",
    title="Stop a timer",
    description="Propose to stop the connected user's timer and log its time until now. A person approves it.",
    request=StopTimerRequest,
    preview=StopTimerPreview,
    streams=("time_entries",),
    record="time_entry",
    prepare=prepare,
    recheck=recheck,
    send=send,
    find=find,
    verify=verify,
    describe=describe,
    exists=entry_exists,
    has_amount=False,
    changes_record=True,
    position=12,
)
