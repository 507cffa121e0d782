"""The request, and the preview that the approver sees: the email and the invoice in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from freshbooks_hub.agent.actions.action_kind import ActionRequest
from freshbooks_hub.agent.actions.books import Reference
from freshbooks_hub.agent.actions.preview import (
    ActionPreview,
    Client,
    Line,
    Printed,
    Shape,
    Tax,
    business_line,
    client_line,
    invoice_lines,
    tax_lines,
)
from freshbooks_hub.core.currencies import with_code


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
    """The email that will be sent. `subject` and `body` None: FreshBooks' own text.

    `client_owes`: in the same currency, without this invoice; None is unknown. `page`: the invoice in FreshBooks.
    """

    # What an invoice may also have, but no preview shows.
    not_shown: ClassVar[str] = "layout, logo, attachments, payment options and late fees"

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
    # Proposals of earlier versions lack what follows.
    subtotal: str | None = None
    discount: str = ""
    discount_percent: str = ""
    taxes: tuple[Tax, ...] = ()
    client_owes: str | None = None
    printed: tuple[Printed, ...] = ()
    page: str = ""

    @property
    def total_amount(self) -> str:
        return self.total

    @property
    def issued_invoice(self) -> int:
        return self.invoice_id


def describe(preview: SendInvoicePreview) -> Iterator[str]:
    """The lines of the preview for a terminal."""
    yield business_line(preview)
    yield client_line(preview.client)
    yield f"Invoice       {preview.invoice_number} of {preview.create_date} ({preview.invoice_id})"
    yield f"Due           {preview.due_date or 'not set'}"
    yield from invoice_lines(preview.lines, preview.currency)
    if preview.subtotal is not None:
        yield f"Before tax    {with_code(preview.subtotal, preview.currency)}"
    if preview.discount:
        percent = f" ({preview.discount_percent} %)" if preview.discount_percent else ""
        yield f"Discount      {preview.discount} {preview.currency}{percent}"
    yield from tax_lines(preview.taxes, preview.currency)
    yield f"Total         {with_code(preview.total, preview.currency)}"
    yield f"Amount due    {with_code(preview.outstanding, preview.currency)}"
    owes = "unknown" if preview.client_owes is None else f"{preview.client_owes} {preview.currency}"
    yield f"Client owes   {owes}, without this invoice"
    for one in preview.printed:
        for number, line in enumerate(one.text.splitlines()):
            yield f"{'' if number else one.label:<14}{line}"
    for recipient in preview.recipients:
        mark = "" if recipient.on_file else "   ! NOT an address of this client in FreshBooks"
        yield f"To            {recipient.email}{mark}"
    if preview.subject is not None:
        yield f"Subject       {preview.subject}"
    for line in (preview.body or "").splitlines():
        yield f"Text          {line}"
    yield f"PDF attached  {'yes' if preview.include_pdf else 'no'}"
    yield f"Not shown     {preview.not_shown}"
    if preview.page:
        yield f"In FreshBooks {preview.page}"
