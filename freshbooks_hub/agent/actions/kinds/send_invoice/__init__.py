"""Send a draft invoice by e-mail.

It is one PUT with the action alone in its body (freshbooks-api.md 7.1, 7.3).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    Candidates,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
)
from freshbooks_hub.agent.actions.audit import canonical
from freshbooks_hub.agent.actions.books import (
    Books,
    as_client,
    decimal,
    name_of,
)
from freshbooks_hub.agent.actions.issuing import (
    addresses,
    check_draft,
    draft_fingerprint,
    issued,
    issued_result,
    own_words,
    printed_texts,
    sending_key,
    shown_lines,
    shown_totals,
)
from freshbooks_hub.agent.actions.kinds.send_invoice.request import (
    Recipient,
    SendInvoicePreview,
    SendInvoiceRequest,
    describe,
)
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.values import is_address
from freshbooks_hub.core.currencies import with_code
from freshbooks_hub.core.freshbooks_pages import invoice_page
from freshbooks_hub.core.labels import plural

MOST_RECIPIENTS = 10


def prepare(context: ProposalContext, request: SendInvoiceRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused, `already_sent` when it is not a draft."""
    books = context.books
    invoice = books.find_invoice(request.invoice_id)
    number = int(invoice["id"])
    check_draft(invoice)
    client = books.client(int(invoice["customerid"]))
    if client is None:
        raise ActionRefused("client_unknown", "The invoice's client is deleted in FreshBooks.")
    recipients = _recipients(request.recipients, addresses(client))
    currency = str(invoice["currency_code"])
    total = decimal(invoice["amount"])
    totals, owes = shown_totals(invoice), _owed_by(client, currency)
    subject, body = own_words(request.subject, request.body)
    preview = SendInvoicePreview(
        heading=f"Send an invoice: {with_code(total, currency)} to {plural(len(recipients), 'recipient')}",
        business=books.business.shown(),
        client=as_client(client),
        invoice_id=number,
        invoice_number=name_of(invoice.get("invoice_number")),
        create_date=date.fromisoformat(invoice["create_date"]),
        due_date=date.fromisoformat(invoice["due_date"]) if invoice.get("due_date") else None,
        lines=shown_lines(invoice),
        total=str(total),
        outstanding=str(decimal(invoice.get("outstanding"))),
        currency=currency,
        recipients=tuple(recipients),
        subject=subject,
        body=body,
        include_pdf=request.include_pdf,
        subtotal=totals.subtotal,
        discount=totals.discount,
        discount_percent=totals.discount_percent,
        taxes=totals.taxes,
        client_owes=None if owes is None else str(owes),
        printed=printed_texts(invoice),
        page=invoice_page(books.business.account_id, number),
        warnings=_warnings(recipients, subject, body),
    )
    sent: dict[str, Any] = {
        "action_email": True,
        "email_recipients": [recipient.email for recipient in recipients],
        "email_include_pdf": request.include_pdf,
    }
    words = {name: text for name, text in (("subject", subject), ("body", body)) if text is not None}
    if words:
        sent["invoice_customized_email"] = words
    step = Step("send", "PUT", books.path("invoices/invoices", number), canonical({"invoice": sent}))
    return Proposal(
        steps=(step,),
        preview=preview,
        amount=total,
        keys=(sending_key(books.business.business_id, number),),
        recipients=tuple(recipient.email.casefold() for recipient in recipients),
        watch={"invoice": draft_fingerprint(invoice)},
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` or `already_sent` when the draft or the client's addresses changed."""
    books, preview = context.books, action.preview_as(SendInvoicePreview)
    invoice = books.invoice(preview.invoice_id)
    if invoice is None:
        raise _stale()
    check_draft(invoice)
    client = books.client(preview.client.id)
    own = {text.casefold() for text in addresses(client)} if client else set()
    moved = any(r.on_file and r.email.casefold() not in own for r in preview.recipients)
    if client is None or moved or draft_fingerprint(invoice) != action.watch["invoice"]:
        raise _stale()


def find(books: Books, action: StoredAction) -> Candidates:
    """The invoice itself, once it is not a draft any more."""
    return issued(books, action.preview_as(SendInvoicePreview).invoice_id)


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The invoice as FreshBooks has it; None while it is a draft."""
    preview = action.preview_as(SendInvoicePreview)
    message = "FreshBooks e-mailed the invoice; it is no longer a draft."
    return issued_result(books, record_id, "sent", message, preview.invoice_number, preview.currency)


def _recipients(asked: list[str] | None, own: list[str]) -> list[Recipient]:
    on_file = {address.casefold() for address in own}
    wanted = asked or [text for text in own if is_address(text)]
    if not wanted:
        raise ActionRefused(
            "no_recipient", "The client has no e-mail address in FreshBooks. Name one, or add it there."
        )
    if len(wanted) > MOST_RECIPIENTS:
        raise ActionRefused(
            "too_many_recipients", f"An e-mail can have at most {MOST_RECIPIENTS} recipients."
        )
    chosen: dict[str, Recipient] = {}
    for address in wanted:
        if not is_address(address):
            raise ActionRefused("invalid_recipient", "A recipient is not an e-mail address.")
        chosen[address.casefold()] = Recipient(email=address, on_file=address.casefold() in on_file)
    return list(chosen.values())


def _owed_by(client: Json, currency: str) -> Decimal | None:
    """What the client owes in `currency`, drafts not counted; None where FreshBooks does not say."""
    balances = client.get("outstanding_balance")
    if not isinstance(balances, list):
        return None
    amounts = [
        one["amount"] for one in balances if isinstance(one, dict) and isinstance(one.get("amount"), dict)
    ]
    return sum((decimal(amount) for amount in amounts if amount.get("code") == currency), Decimal(0))


def _warnings(recipients: list[Recipient], subject: str | None, body: str | None) -> tuple[str, ...]:
    found = []
    strangers = sum(not recipient.on_file for recipient in recipients)
    if strangers == 1:
        found.append("One of the recipients is not an address of this client in FreshBooks.")
    elif strangers:
        found.append(f"{strangers} of the recipients are not addresses of this client in FreshBooks.")
    if subject is not None or body is not None:
        found.append("The email text was written by the agent.")
    return tuple(found)


def _stale() -> ActionRefused:
    return ActionRefused(
        "stale",
        "The invoice or the client's addresses changed in FreshBooks after the approval. "
        "No e-mail was sent; propose it again.",
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
