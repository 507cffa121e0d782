"""Stop a timer of the connected user, and log its time."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.stop_timer.prepare import (
    StopTimerPreview,
    StopTimerRequest,
    describe,
    find,
    prepare,
    recheck,
    send,
    verify,
)
from freshbooks_hub.agent.actions.work import entry_exists

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
