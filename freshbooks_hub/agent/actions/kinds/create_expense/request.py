"""The request, its preview, and the validation of an expense's values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date as Date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from freshbooks_hub.agent.actions.action_kind import ActionRequest
from freshbooks_hub.agent.actions.audit import digest
from freshbooks_hub.agent.actions.books import Reference
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.actions.preview import (
    ActionPreview,
    Client,
    Money,
    Receipt,
    Shape,
    Tax,
    business_line,
    client_line,
    tax_lines,
)
from freshbooks_hub.agent.actions.values import DayText, as_amount, as_day
from freshbooks_hub.agent.text import clean, folded
from freshbooks_hub.core.currencies import with_code

VENDOR_LIMIT = 100


class ExpenseTax(BaseModel, frozen=True, extra="forbid"):
    """A tax contained in the amount of an expense."""

    name: str
    amount: str


class CreateExpenseRequest(ActionRequest):
    """An expense, with its receipt by path (under the owner's folder) or as base64 bytes.

    `taxes`: up to two, parts of `amount`. `another_purchase`: the user says that an equal expense is not the same
    one; the approver sees both.
    """

    vendor: str
    date: DayText
    amount: Annotated[str, Field(description="Decimal text, taxes included")]
    currency: Annotated[str, Field(description="ISO code, such as USD")]
    category: Annotated[str, Field(description="Existing category by name or id")]
    taxes: list[ExpenseTax] | None = None
    client_id: Reference | None = None
    project_id: Reference | None = None
    billable: Annotated[bool, Field(description="Bill it to the client")] = False
    notes: str = ""
    receipt_path: Annotated[str | None, Field(description="Image or PDF in the receipts folder")] = None
    receipt_base64: Annotated[str | None, Field(description="The file itself, instead of a path")] = None
    receipt_name: str | None = None
    another_purchase: Annotated[
        bool, Field(description="Only if the user says that it is not a duplicate")
    ] = False


class LookAlike(Shape):
    """An expense in FreshBooks with the same vendor, date and amount."""

    expense_id: int
    date: Date
    vendor: str
    amount: Money


class CreateExpensePreview(ActionPreview):
    """The expense that will be booked; `amount` includes the taxes."""

    kind: Literal["create_expense"] = "create_expense"
    vendor: str
    date: Date
    amount: str
    taxes: tuple[Tax, ...]
    category_id: int
    category: str
    client: Client | None
    project_id: int | None
    project: str | None
    billable: bool
    notes: str
    receipt: Receipt | None
    look_alikes: tuple[LookAlike, ...] = ()

    @property
    def total_amount(self) -> str:
        return self.amount


@dataclass(frozen=True)
class Purchase:
    """The checked values of the request."""

    vendor: str
    day: Date
    amount: Decimal
    currency: str
    taxes: tuple[Tax, ...] = field(default=())

    @property
    def fingerprint(self) -> str:
        """Equal for the same purchase, however its vendor is capitalised or its amount written."""
        return digest(
            [folded(self.vendor), self.day.isoformat(), f"{self.amount.normalize():f}", self.currency]
        )


def validate(request: CreateExpenseRequest) -> Purchase:
    """The values as they will be booked; raises ActionRefused naming what is wrong with one."""
    vendor = clean(request.vendor, VENDOR_LIMIT)
    if not vendor:
        raise ActionRefused("vendor_missing", "An expense needs its vendor.")
    if not re.fullmatch("[A-Z]{3}", request.currency):
        raise ActionRefused("invalid_currency", "A currency is three capital letters, for example USD.")
    amount = as_amount(request.amount, request.currency)
    if amount <= 0:
        raise ActionRefused("invalid_amount", "The amount of an expense is more than 0.")
    taxes = tuple(_tax(tax, request.currency) for tax in request.taxes or ())
    if len(taxes) > 2:
        raise ActionRefused("too_many_taxes", "An expense takes up to two taxes.")
    if sum((Decimal(tax.amount or "0") for tax in taxes), Decimal(0)) > amount:
        raise ActionRefused("invalid_tax", "The taxes are part of the amount, so they cannot exceed it.")
    return Purchase(vendor, as_day(request.date), amount, request.currency, taxes)


def _tax(tax: ExpenseTax, currency: str) -> Tax:
    name = clean(tax.name, 40)
    if not name:
        raise ActionRefused("invalid_tax", "A tax has a name and an amount.")
    return Tax(name=name, amount=str(as_amount(tax.amount, currency)))


def describe(preview: CreateExpensePreview) -> Iterator[str]:
    """The lines of the preview for a terminal."""
    yield business_line(preview)
    yield f"Vendor        {preview.vendor}"
    yield f"Date          {preview.date}"
    yield f"Amount        {with_code(preview.amount, preview.currency)}, taxes included"
    yield from tax_lines(preview.taxes, preview.currency)
    yield f"Category      {preview.category} ({preview.category_id})"
    if preview.client:
        yield client_line(preview.client)
    if preview.project_id is not None:
        yield f"Project       {preview.project} ({preview.project_id})"
    yield f"Billable      {'yes' if preview.billable else 'no'}"
    if preview.notes:
        yield f"Notes         {preview.notes}"
    if preview.receipt:
        receipt = preview.receipt
        yield f"Receipt       {receipt.filename}, {receipt.media_type}, {receipt.bytes} bytes"
    for twin in preview.look_alikes:
        amount = with_code(twin.amount.amount, twin.amount.currency)
        yield f"Looks like    expense {twin.expense_id} of {twin.date}: {amount}"
