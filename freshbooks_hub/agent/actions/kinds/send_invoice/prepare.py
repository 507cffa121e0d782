"""The proposal of an e-mail with an invoice, and the proof that it was sent.

It is one PUT with the action alone in its body (freshbooks-api.md 7.1, 7.3).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    Candidates,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
)
from freshbooks_hub.agent.actions.audit import canonical, digest
from freshbooks_hub.agent.actions.books import (
    DELETED,
    Books,
    addresses,
    as_client,
    decimal,
    name_of,
)
from freshbooks_hub.agent.actions.kinds.send_invoice.request import (
    Recipient,
    SendInvoicePreview,
    SendInvoiceRequest,
    preview_of,
)
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import (
    Line,
    Money,
    Tax,
)
from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.labels import plural

SUBJECT_LIMIT = 200
BODY_LIMIT = 4000
MOST_RECIPIENTS = 10
_ADDRESS = re.compile(r"[^@\s,;<>\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,}")


def prepare(context: ProposalContext, request: SendInvoiceRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused, `already_sent` when it is not a draft."""
    books = context.books
    invoice = books.find_invoice(request.invoice_id)
    number = int(invoice["id"])
    _check_draft(invoice)
    client = books.client(int(invoice["customerid"]))
    if client is None:
        raise ActionRefused("client_unknown", "The invoice's client is deleted in FreshBooks.")
    recipients = _recipients(request.recipients, addresses(client))
    currency = str(invoice["currency_code"])
    total = decimal(invoice["amount"])
    if request.subject is not None and len(request.subject.splitlines()) > 1:
        raise ActionRefused(
            "invalid_subject", "The subject of an e-mail must be one line, without line breaks."
        )
    subject, body = _own_words(request.subject, SUBJECT_LIMIT), _own_words(request.body, BODY_LIMIT)
    preview = SendInvoicePreview(
        heading=f"Send an invoice: {total} {currency} to {plural(len(recipients), 'recipient')}",
        business=books.business.shown(),
        client=as_client(client),
        invoice_id=number,
        invoice_number=name_of(invoice.get("invoice_number")),
        create_date=date.fromisoformat(invoice["create_date"]),
        due_date=date.fromisoformat(invoice["due_date"]) if invoice.get("due_date") else None,
        lines=tuple(_line(line) for line in invoice.get("lines") or []),
        total=str(total),
        outstanding=str(decimal(invoice.get("outstanding"))),
        currency=currency,
        recipients=tuple(recipients),
        subject=subject,
        body=body,
        include_pdf=request.include_pdf,
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
        keys=(f"sending/{books.business.business_id}/{number}",),
        recipients=tuple(recipient.email.casefold() for recipient in recipients),
        watch={"invoice": _fingerprint(invoice)},
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` or `already_sent` when the draft or the client's addresses changed."""
    books, preview = context.books, preview_of(action)
    invoice = books.invoice(preview.invoice_id)
    if invoice is None:
        raise _stale()
    _check_draft(invoice)
    client = books.client(preview.client.id)
    own = {text.casefold() for text in addresses(client)} if client else set()
    moved = any(r.on_file and r.email.casefold() not in own for r in preview.recipients)
    if client is None or moved or _fingerprint(invoice) != action.watch["invoice"]:
        raise _stale()


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


def is_draft(invoice: Json) -> bool:
    """By the number and the word: either may lag behind (freshbooks-api.md 4.1)."""
    return invoice.get("status") in (1, "1") and invoice.get("v3_status") in ("draft", "created", None)


def _check_draft(invoice: Json) -> None:
    if invoice.get("vis_state") == DELETED:
        raise ActionRefused("invoice_unknown", "The invoice is deleted in FreshBooks.")
    if not is_draft(invoice):
        raise ActionRefused(
            "already_sent",
            "The invoice is not a draft: it was sent already. No e-mail was sent.",
            invoice_id=int(invoice["id"]),
            status=name_of(invoice.get("v3_status")),
        )


def _recipients(asked: list[str] | None, own: list[str]) -> list[Recipient]:
    on_file = {address.casefold() for address in own}
    wanted = asked or [text for text in own if _ADDRESS.fullmatch(text)]
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
        if not _ADDRESS.fullmatch(address) or clean(address, 320) != address:
            raise ActionRefused("invalid_recipient", "A recipient is not an e-mail address.")
        chosen[address.casefold()] = Recipient(email=address, on_file=address.casefold() in on_file)
    return list(chosen.values())


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


def _own_words(text: str | None, limit: int) -> str | None:
    """Text of the mail, line by line free of hidden characters, so that the preview shows all of it."""
    if text is None:
        return None
    shown = "\n".join(clean(line, limit) for line in text.splitlines())
    if len(shown) > limit:
        raise ActionRefused(
            "too_long", f"The subject or body of the e-mail is longer than {limit} characters."
        )
    return shown


def _fingerprint(invoice: Json) -> str:
    """What must not change in the draft between the approval and the mail."""
    lines = [
        [str(line.get(key)) for key in ("name", "description", "qty", "taxName1", "taxName2")]
        + [str(decimal(line.get("unit_cost")))]
        for line in invoice.get("lines") or []
    ]
    head = [
        str(invoice.get(key)) for key in ("customerid", "create_date", "currency_code", "due_date", "notes")
    ]
    return digest([head, str(decimal(invoice["amount"])), lines])


def _line(line: Json) -> Line:
    taxes = tuple(
        Tax(name=name_of(line[f"taxName{slot}"]), percent=name_of(line.get(f"taxAmount{slot}")))
        for slot in "12"
        if line.get(f"taxName{slot}")
    )
    return Line(
        name=name_of(line.get("name")),
        description=name_of(line.get("description")),
        quantity=name_of(line.get("qty")),
        unit_cost=str(decimal(line.get("unit_cost"))),
        amount=str(decimal(line.get("amount"))),
        taxes=taxes,
    )


def _stale() -> ActionRefused:
    return ActionRefused(
        "stale",
        "The invoice or the client's addresses changed in FreshBooks after the approval. "
        "No e-mail was sent; propose it again.",
    )
