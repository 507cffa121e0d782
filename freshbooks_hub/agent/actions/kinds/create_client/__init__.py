"""Create a client, once it is sure that there is none like it."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.create_client.prepare import (
    CreateClientPreview,
    CreateClientRequest,
    describe,
    exists,
    find,
    prepare,
    recheck,
    verify,
)

KIND = ActionKind(
    name="create_client",
    write="client",
    label="Create client",
    title="Create a client",
    description="Propose a new client, after looking for duplicates. A person approves it.",
    request=CreateClientRequest,
    preview=CreateClientPreview,
    streams=("clients",),
    record="client",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    exists=exists,
    has_amount=False,
    position=7,
)
