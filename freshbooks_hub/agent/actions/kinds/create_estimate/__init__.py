"""Draft an estimate from given lines."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.create_estimate.prepare import (
    CreateEstimatePreview,
    CreateEstimateRequest,
    describe,
    exists,
    find,
    prepare,
    recheck,
    undo,
    verify,
)

KIND = ActionKind(
    name="create_estimate",
    write="estimate",
    label="Draft estimate",
    title="Draft an estimate",
    description="Propose a draft estimate for a client from given lines; it is not sent. A person approves it.",
    request=CreateEstimateRequest,
    preview=CreateEstimatePreview,
    streams=("estimates", "clients"),
    record="estimate",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    exists=exists,
    undo=undo,
    position=9,
)
