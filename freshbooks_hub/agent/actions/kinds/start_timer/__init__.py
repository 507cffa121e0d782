"""Start a timer of the connected user (freshbooks-api.md 3.7, 7.7).

It counts from the proposal on, whenever it is approved: what is sent is what was shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
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
    check_free,
    proof,
)
from freshbooks_hub.agent.actions.audit import canonical
from freshbooks_hub.agent.actions.books import Books, Reference
from freshbooks_hub.agent.actions.models import ActionRefused, Result, Status
from freshbooks_hub.agent.actions.preview import business_line
from freshbooks_hub.agent.actions.time_entries import (
    WorkPreview,
    as_instant,
    delete_entry,
    entry_exists,
    entry_of,
    found_work,
    links_of,
    same_work,
    utc,
    work_differences,
    work_lines,
)
from freshbooks_hub.agent.actions.timers import Timer, entries_since, shown_timer, timers_of


class StartTimerRequest(ActionRequest):
    """A timer on a project, or for a client, or on neither."""

    project_id: Reference | None = None
    client_id: Reference | None = None
    service_id: Reference | None = None
    note: str = ""
    billable: bool = True
    another_timer: Annotated[
        bool, Field(description="Only if the user wants it beside the timer that there is")
    ] = False


class StartTimerPreview(WorkPreview):
    """The timer that will run; `start`: its date and time in `timezone`."""

    kind: Literal["start_timer"] = "start_timer"
    start: str
    timezone: str


def prepare(context: ProposalContext, request: StartTimerRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused, `timer_running` when a timer exists already."""
    books, now = context.books, context.now.replace(microsecond=0)
    work = found_work(books, request.client_id, request.project_id, request.service_id, request.note)
    there = timers_of(books, now)
    sent: dict[str, Any] = {
        "is_logged": False,
        "started_at": utc(now),
        "duration": None,
        "timer": {},
        "note": work.note,
        "billable": request.billable,
        **links_of(work),
    }
    if there and (not request.another_timer or any(same_work(sent, timer.current) for timer in there)):
        raise _there_already(books, there, now)
    # Each proposal has an instant of its own, so the earlier one is looked for: two that wait would be two timers.
    ours = f"timer/{books.business.business_id}/start/"
    waiting = {key: owner for key, owner in context.owners.items() if key.startswith(ours)}
    check_free({key: owner for key, owner in waiting.items() if owner[1] is not Status.confirmed}, waiting)
    local = now.astimezone(ZoneInfo(books.business.timezone))
    preview = StartTimerPreview(
        heading="Start a timer",
        business=books.business.shown(),
        start=f"{local:%Y-%m-%d %H:%M:%S}",
        timezone=books.business.timezone,
        billable=request.billable,
        warnings=("Another timer is there already; the agent says that both are wanted.",) if there else (),
        **dict(work),
    )
    path = f"/comments/business/{books.business.business_id}/time_entries"
    return Proposal(
        steps=(Step("create", "POST", path, canonical({"time_entry": sent})),),
        preview=preview,
        amount=Decimal(0),
        keys=(f"{ours}{sent['started_at']}",),
        watch={"timers": [timer.id for timer in there]},
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` when a timer was started meanwhile."""
    there = {timer.id for timer in timers_of(context.books, context.clock.now())}
    if there - set(action.watch["timers"]):
        raise ActionRefused(
            "stale", "A timer was started in FreshBooks since the proposal. Nothing was written."
        )


def find(books: Books, action: StoredAction) -> Candidates:
    """Entries of the user that began at that instant on that work: the timer, or what was logged of it since."""
    sent = action.sent("time_entry")
    return Candidates.of(_begun(books, sent), lambda row: _differences(sent, row))


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The timer as FreshBooks has it, compared with what was approved."""
    sent = action.sent("time_entry")
    row = next((row for row in _begun(books, sent) if int(row["id"]) == record_id), None)
    if row is None:
        return None
    found = _differences(sent, row)
    return proof(
        "started", "The timer runs in FreshBooks. Stop it with stop_timer.", "timer", record_id, found
    )


def undo(books: Books, action: StoredAction, record_id: int) -> None:
    """Discard the timer, if it was neither logged nor changed."""
    row = entry_of(books, record_id)
    if row is not None and (row.get("is_logged") or _differences(action.sent("time_entry"), row)):
        raise changed_since()
    delete_entry(books, record_id)


def describe(preview: StartTimerPreview) -> Iterator[str]:
    """The lines of the preview."""
    yield business_line(preview)
    yield f"Start         {preview.start} ({preview.timezone}), whenever it is approved"
    yield from work_lines(preview)


def _there_already(books: Books, there: list[Timer], now: datetime) -> ActionRefused:
    state = "is running" if any(timer.is_running for timer in there) else "is paused"
    return ActionRefused(
        "timer_running",
        f"A timer {state} already. Ask the user whether to stop it first (stop_timer), or, on other work, to let both "
        "run (another_timer).",
        timers=[shown_timer(books, timer, now).model_dump(exclude_none=True) for timer in there],
    )


def _begun(books: Books, sent: Json) -> list[Json]:
    at = as_instant(sent["started_at"])
    assert at is not None
    rows = entries_since(books, at)
    return [row for row in rows if as_instant(row.get("started_at")) == at]


def _differences(sent: Json, row: Json) -> tuple[str, ...]:
    """The fields in which FreshBooks differs from what was sent; an unlogged entry without a timer counts nothing."""
    bare = [] if row.get("is_logged") or (row.get("timer") or {}).get("id") else ["timer"]
    return (*bare, *work_differences(sent, row))


KIND = ActionKind(
    name="start_timer",
    write="start-timer",
    label="Start timer",
    title="Start a timer",
    description="Propose to start the connected user's timer; it counts from now on. A person approves it.",
    request=StartTimerRequest,
    preview=StartTimerPreview,
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
    position=11,
)
