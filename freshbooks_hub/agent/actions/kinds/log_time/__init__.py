"""Log time that the connected user worked."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.log_time.prepare import (
    find,
    prepare,
    recheck,
    undo,
    verify,
)
from freshbooks_hub.agent.actions.kinds.log_time.request import LogTimePreview, LogTimeRequest, describe
from freshbooks_hub.agent.actions.work import entry_exists

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
