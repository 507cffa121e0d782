"""Whether FreshBooks mailed the invoice: it is not a draft any more."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import Candidates, StoredAction
from freshbooks_hub.agent.actions.books import DELETED, Books, decimal, name_of
from freshbooks_hub.agent.actions.kinds.send_invoice.prepare import is_draft
from freshbooks_hub.agent.actions.kinds.send_invoice.request import preview_of
from freshbooks_hub.agent.actions.models import Result
from freshbooks_hub.agent.actions.preview import Money


def find(books: Books, action: StoredAction) -> Candidates:
    """The invoice itself, once it is not a draft any more."""
    preview = preview_of(action)
    invoice = books.invoice(preview.invoice_id)
    sent = invoice is not None and invoice.get("vis_state") != DELETED and not is_draft(invoice)
    return Candidates(matches=(preview.invoice_id,) if sent else ())


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The invoice as FreshBooks has it; None while it is a draft."""
    invoice = books.invoice(record_id)
    if invoice is None or is_draft(invoice):
        return None
    preview = preview_of(action)
    return Result(
        code="sent",
        message="FreshBooks e-mailed the invoice; it is no longer a draft.",
        record_id=record_id,
        record_number=preview.invoice_number,
        before="draft",
        after=name_of(invoice.get("v3_status")),
        total=Money(amount=str(decimal(invoice["amount"])), currency=preview.currency),
    )
