"""Mark a draft invoice as sent, for one that reached its client in another way.

It is one PUT with the action alone in its body (freshbooks-api.md 7.1, 7.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    ActionRequest,
    Candidates,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
)
from freshbooks_hub.agent.actions.audit import canonical
from freshbooks_hub.agent.actions.books import Books, Reference, as_client, decimal, name_of
from freshbooks_hub.agent.actions.issuing import (
    check_draft,
    draft_fingerprint,
    issued,
    issued_result,
    sending_key,
    shown_lines,
)
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import (
    ActionPreview,
    Client,
    Line,
    business_line,
    client_line,
    invoice_lines,
)
from freshbooks_hub.core.currencies import with_code


class MarkInvoiceSentRequest(ActionRequest):
    """A draft invoice that is to count as sent."""

    invoice_id: Reference


class MarkInvoiceSentPreview(ActionPreview):
    """The invoice as it will count."""

    kind: Literal["mark_invoice_sent"] = "mark_invoice_sent"
    client: Client
    invoice_id: int
    invoice_number: str
    create_date: date
    lines: tuple[Line, ...]
    total: str

    @property
    def total_amount(self) -> str:
        return self.total

    @property
    def issued_invoice(self) -> int:
        return self.invoice_id


def prepare(context: ProposalContext, request: MarkInvoiceSentRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused, `already_sent` when it is not a draft."""
    books = context.books
    invoice = books.find_invoice(request.invoice_id)
    check_draft(invoice)
    number, total = int(invoice["id"]), decimal(invoice["amount"])
    client = books.client(int(invoice["customerid"]))
    if client is None:
        raise ActionRefused("client_unknown", "The invoice's client is deleted in FreshBooks.")
    preview = MarkInvoiceSentPreview(
        heading=f"Mark an invoice as sent: {with_code(total, invoice['currency_code'])}",
        business=books.business.shown(),
        currency=str(invoice["currency_code"]),
        client=as_client(client),
        invoice_id=number,
        invoice_number=name_of(invoice.get("invoice_number")),
        create_date=date.fromisoformat(invoice["create_date"]),
        lines=shown_lines(invoice),
        total=str(total),
    )
    body = canonical({"invoice": {"action_mark_as_sent": True}})
    return Proposal(
        steps=(Step("mark", "PUT", books.path("invoices/invoices", number), body),),
        preview=preview,
        amount=total,
        keys=(sending_key(books.business.business_id, number),),
        watch={"invoice": draft_fingerprint(invoice)},
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` or `already_sent` when the draft changed."""
    invoice = context.books.invoice(action.preview_as(MarkInvoiceSentPreview).invoice_id)
    if invoice is not None:
        check_draft(invoice)
    if invoice is None or draft_fingerprint(invoice) != action.watch["invoice"]:
        raise ActionRefused(
            "stale",
            "The invoice changed in FreshBooks after the approval. Nothing was done; propose it again.",
        )


def find(books: Books, action: StoredAction) -> Candidates:
    """The invoice itself, once it is not a draft any more."""
    return issued(books, action.preview_as(MarkInvoiceSentPreview).invoice_id)


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The invoice as FreshBooks has it; None while it is a draft."""
    preview = action.preview_as(MarkInvoiceSentPreview)
    message = "The invoice counts as sent in FreshBooks; no e-mail left."
    return issued_result(books, record_id, "marked", message, preview.invoice_number, preview.currency)


def describe(preview: MarkInvoiceSentPreview) -> Iterator[str]:
    """The lines of the preview."""
    yield business_line(preview)
    yield client_line(preview.client)
    yield f"Invoice       {preview.invoice_number} of {preview.create_date} ({preview.invoice_id})"
    yield from invoice_lines(preview.lines, preview.currency)
    yield f"Total         {with_code(preview.total, preview.currency)}"


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
