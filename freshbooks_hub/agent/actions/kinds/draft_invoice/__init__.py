"""Draft an invoice for a completed project, or from given lines."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.draft_invoice.body import exists, find, mark_time, undo, verify
from freshbooks_hub.agent.actions.kinds.draft_invoice.prepare import prepare, recheck
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import (
    DraftInvoicePreview,
    DraftInvoiceRequest,
    describe,
)

KIND = ActionKind(
    name="draft_invoice",
    write="draft",
    label="Draft invoice",
    title="Draft an invoice",
    description="Propose a draft invoice: for a completed project's unbilled time and expenses, or for a client from "
    "given lines. A person approves it.",
    request=DraftInvoiceRequest,
    preview=DraftInvoicePreview,
    streams=("invoices", "clients", "projects", "time_entries", "expenses"),
    record="invoice",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    after=mark_time,
    exists=exists,
    undo=undo,
    position=1,
)
