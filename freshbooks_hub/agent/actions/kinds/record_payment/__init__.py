"""Record a payment that arrived on an invoice."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.record_payment.prepare import (
    exists,
    find,
    prepare,
    recheck,
    undo,
    verify,
)
from freshbooks_hub.agent.actions.kinds.record_payment.request import (
    RecordPaymentPreview,
    RecordPaymentRequest,
    describe,
)

KIND = ActionKind(
    name="record_payment",
    write="payment",
    label="Record payment",
    title="Record a payment",
    description="Propose to record a payment that arrived on an invoice, in full or in part. A person approves it.",
    request=RecordPaymentRequest,
    preview=RecordPaymentPreview,
    streams=("payments", "invoices", "clients", "credit_notes"),
    record="payment",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    exists=exists,
    undo=undo,
    position=5,
)
