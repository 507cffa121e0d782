"""Mark a draft invoice as sent, for one that reached its client in another way."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.mark_invoice_sent.prepare import (
    MarkInvoiceSentPreview,
    MarkInvoiceSentRequest,
    describe,
    find,
    prepare,
    recheck,
    verify,
)

KIND = ActionKind(
    name="mark_invoice_sent",
    write="mark-sent",
    label="Mark invoice as sent",
    title="Mark an invoice as sent",
    description="Propose to mark a draft invoice as sent, without an e-mail. A person approves it.",
    request=MarkInvoiceSentRequest,
    preview=MarkInvoiceSentPreview,
    streams=("invoices", "clients"),
    record="invoice",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    changes_record=True,
    position=4,
)
