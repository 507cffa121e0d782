"""Send a draft invoice by e-mail."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.send_invoice.prepare import find, prepare, recheck, verify
from freshbooks_hub.agent.actions.kinds.send_invoice.request import (
    SendInvoicePreview,
    SendInvoiceRequest,
    describe,
)

KIND = ActionKind(
    name="send_invoice",
    write="send",
    label="Send invoice",
    title="Send an invoice by e-mail",
    description="Propose to e-mail a draft invoice to its client. A person approves it; it cannot be undone.",
    request=SendInvoiceRequest,
    preview=SendInvoicePreview,
    streams=("invoices", "clients"),
    record="invoice",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    sends_email=True,
    changes_record=True,
    position=2,
)
