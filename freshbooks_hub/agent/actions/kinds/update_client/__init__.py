"""Change a client's names, addresses, currency or language."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.update_client.prepare import (
    UpdateClientPreview,
    UpdateClientRequest,
    describe,
    find,
    prepare,
    recheck,
    verify,
)

KIND = ActionKind(
    name="update_client",
    write="client-update",
    label="Change client",
    title="Change a client",
    description="Propose to change a client's name, address or language; other values stay. A person approves it.",
    request=UpdateClientRequest,
    preview=UpdateClientPreview,
    streams=("clients",),
    record="client",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    has_amount=False,
    changes_record=True,
    position=8,
)
