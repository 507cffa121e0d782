"""The kinds of actions that there are. A new one needs a line here, and a name in `models.Kind`."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.create_expense import CREATE_EXPENSE
from freshbooks_hub.agent.actions.kinds.draft_invoice import DRAFT_INVOICE
from freshbooks_hub.agent.actions.kinds.send_invoice.prepare import SEND_INVOICE
from freshbooks_hub.agent.actions.models import Kind

KINDS: dict[Kind, ActionKind] = {kind.name: kind for kind in (DRAFT_INVOICE, SEND_INVOICE, CREATE_EXPENSE)}
BY_REQUEST = {kind.request: kind for kind in KINDS.values()}
