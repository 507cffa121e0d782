"""Start a timer of the connected user."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.start_timer.prepare import (
    StartTimerPreview,
    StartTimerRequest,
    describe,
    find,
    prepare,
    recheck,
    undo,
    verify,
)
from freshbooks_hub.agent.actions.work import entry_exists

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
