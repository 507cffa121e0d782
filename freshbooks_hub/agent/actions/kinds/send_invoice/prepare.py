"""Send a draft invoice by e-mail: one PUT with the action alone in its body (freshbooks-api.md 7.1, 7.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    ActionRequest,
    Candidates,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
    canonical,
    digest,
)
from freshbooks_hub.agent.actions.api import Json
from freshbooks_hub.agent.actions.books import (
    DELETED,
    Books,
    Reference,
    addresses,
    as_client,
    decimal,
    name_of,
)
from freshbooks_hub.agent.actions.models import (
    ActionPreview,
    ActionRefused,
    Client,
    Kind,
    Line,
    Money,
    Result,
    Shape,
    Tax,
)
from freshbooks_hub.agent.actions.preview_lines import business_line, client_line, invoice_lines
from freshbooks_hub.agent.text import clean

SUBJECT_LIMIT = 200
BODY_LIMIT = 4000
MOST_RECIPIENTS = 10
_ADDRESS = re.compile(r"[^@\s,;<>\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,}")


class SendInvoiceRequest(ActionRequest):
    """A mail with a draft invoice, to the client's own addresses unless others are named."""

    invoice_id: Reference
    recipients: Annotated[list[str] | None, Field(description="Default: the client's own addresses")] = None
    subject: str | None = None
    body: str | None = None
    include_pdf: bool = False


class Recipient(Shape):
    """`on_file`: FreshBooks has this address for the client. Others are for the approver to look at twice."""

    email: str
    on_file: bool


class SendInvoicePreview(ActionPreview):
    """The mail that will leave. `subject` and `body` None: FreshBooks's own words."""

    kind: Literal["send_invoice"] = "send_invoice"
    client: Client
    invoice_id: int
    invoice_number: str
    create_date: date
    due_date: date | None
    lines: tuple[Line, ...]
    total: str
    outstanding: str
    recipients: tuple[Recipient, ...]
    subject: str | None
    body: str | None
    include_pdf: bool

    @property
    def total_amount(self) -> str:
        return self.total


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
        raise ActionRefused("invalid_subject", "The subject of an e-mail is one line, without line breaks.")
    subject, body = _own_words(request.subject, SUBJECT_LIMIT), _own_words(request.body, BODY_LIMIT)
    preview = SendInvoicePreview(
        heading=f"Send an invoice: {total} {currency} to {_counted(len(recipients), 'recipient')}",
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
    books, preview = context.books, _preview(action)
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
    preview = _preview(action)
    invoice = books.invoice(preview.invoice_id)
    sent = invoice is not None and invoice.get("vis_state") != DELETED and not is_draft(invoice)
    return Candidates(matches=(preview.invoice_id,) if sent else ())


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The invoice as FreshBooks has it; None while it is a draft."""
    invoice = books.invoice(record_id)
    if invoice is None or is_draft(invoice):
        return None
    preview = _preview(action)
    return Result(
        code="sent",
        message="FreshBooks mailed the invoice; it is not a draft any more.",
        record_id=record_id,
        record_number=preview.invoice_number,
        before="draft",
        after=name_of(invoice.get("v3_status")),
        total=Money(amount=str(decimal(invoice["amount"])), currency=preview.currency),
    )


def describe(preview: SendInvoicePreview) -> Iterator[str]:
    """The lines of the preview for a terminal."""
    yield business_line(preview)
    yield client_line(preview.client)
    yield f"Invoice       {preview.invoice_number} of {preview.create_date} ({preview.invoice_id})"
    yield f"Due           {preview.due_date or 'not set'}"
    yield from invoice_lines(preview.lines, preview.currency)
    yield f"Total         {preview.total} {preview.currency}"
    for recipient in preview.recipients:
        mark = "" if recipient.on_file else "   ! NOT an address of this client in FreshBooks"
        yield f"To            {recipient.email}{mark}"
    if preview.subject is not None:
        yield f"Subject       {preview.subject}"
    for line in (preview.body or "").splitlines():
        yield f"Text          {line}"
    yield f"PDF attached  {'yes' if preview.include_pdf else 'no'}"


def is_draft(invoice: Json) -> bool:
    """By the number and the word: either may lag behind (freshbooks-api.md 4.1)."""
    return invoice.get("status") in (1, "1") and invoice.get("v3_status") in ("draft", "created", None)


def _check_draft(invoice: Json) -> None:
    if invoice.get("vis_state") == DELETED:
        raise ActionRefused("invoice_unknown", "The invoice is deleted in FreshBooks.")
    if not is_draft(invoice):
        raise ActionRefused(
            "already_sent",
            "The invoice is not a draft: it was sent already. Nothing was mailed.",
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
        raise ActionRefused("too_many_recipients", f"A mail goes to {MOST_RECIPIENTS} recipients at most.")
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


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _own_words(text: str | None, limit: int) -> str | None:
    """Text of the mail, line by line free of hidden characters, so that the preview shows all of it."""
    if text is None:
        return None
    shown = "\n".join(clean(line, limit) for line in text.splitlines())
    if len(shown) > limit:
        raise ActionRefused("too_long", f"The subject or body of the mail is longer than {limit} characters.")
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


def _preview(action: StoredAction) -> SendInvoicePreview:
    assert isinstance(action.preview, SendInvoicePreview)
    return action.preview


def _stale() -> ActionRefused:
    return ActionRefused(
        "stale",
        "Since the approval the invoice or the client's addresses changed in FreshBooks. "
        "Nothing was mailed; propose it again.",
    )


SEND_INVOICE = ActionKind(
    name=Kind.send_invoice,
    write="send",
    title="Send an invoice by e-mail",
    description="E-mail a draft invoice to its client, which cannot be undone. Proposes; a person approves.",
    request=SendInvoiceRequest,
    preview=SendInvoicePreview,
    streams=("invoices", "clients"),
    record="invoice",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    cannot_be_undone=True,
)
