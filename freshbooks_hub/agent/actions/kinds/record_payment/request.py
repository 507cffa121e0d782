"""The request, and the preview that the approver sees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date
from typing import Annotated, Literal

from pydantic import Field

from freshbooks_hub.agent.actions.action_kind import ActionRequest
from freshbooks_hub.agent.actions.books import Reference
from freshbooks_hub.agent.actions.preview import ActionPreview, Client, business_line, client_line
from freshbooks_hub.agent.actions.values import DayText
from freshbooks_hub.core.currencies import with_code

# As FreshBooks spells them (freshbooks-api.md 4.6); `Credit` would draw on a credit note.
PaymentType = Literal[
    "Check",
    "Cash",
    "Bank Transfer",
    "Credit Card",
    "Debit",
    "PayPal",
    "ACH",
    "VISA",
    "MASTERCARD",
    "AMEX",
    "Other",
]


class RecordPaymentRequest(ActionRequest):
    """A payment on a sent invoice, by default of all that is owed, today."""

    invoice_id: Reference
    amount: Annotated[str | None, Field(description="Decimal text; default: all that is owed")] = None
    date: DayText | None = None
    type: PaymentType = "Other"
    note: str = ""
    overpayment: Annotated[
        bool, Field(description="Only if the user says that more was paid than is owed")
    ] = False
    another_payment: Annotated[
        bool, Field(description="Only if the user says that it is not a duplicate")
    ] = False


class RecordPaymentPreview(ActionPreview):
    """The payment; `owed` and `left`: what the client owes on the invoice before and after it."""

    kind: Literal["record_payment"] = "record_payment"
    client: Client
    invoice_id: int
    invoice_number: str
    amount: str
    date: Date
    type: PaymentType
    note: str
    owed: str
    left: str

    @property
    def total_amount(self) -> str:
        return self.amount


def describe(preview: RecordPaymentPreview) -> Iterator[str]:
    """The lines of the preview."""
    yield business_line(preview)
    yield client_line(preview.client)
    yield f"Invoice       {preview.invoice_number} ({preview.invoice_id})"
    yield f"Payment       {with_code(preview.amount, preview.currency)}, {preview.type}, {preview.date}"
    if preview.note:
        yield f"Note          {preview.note}"
    owed, left = (with_code(amount, preview.currency) for amount in (preview.owed, preview.left))
    yield f"Owed          {owed} before, {left} after"
