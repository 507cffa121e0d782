"""What an approver is shown: the parts of previews, and their lines of text.

Money is decimal text beside its currency; dates are days of the business. Text from the books stands behind labels,
cleaned before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict

from freshbooks_hub.core.currencies import with_code


class Shape(BaseModel):
    """Base of what leaves this package: immutable, and without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Money(Shape):
    """`amount` is decimal text, e.g. `"1200.00"`."""

    amount: str
    currency: str


class Business(Shape):
    id: int
    name: str


class Client(Shape):
    id: int
    name: str


class Tax(Shape):
    """`percent` as in FreshBooks, e.g. `"13"`; `amount` where it is known."""

    name: str
    percent: str | None = None
    amount: str | None = None


class Entry(Shape):
    """One time entry: `date` on the clock of the person who worked, `hours` as decimal text."""

    id: int
    date: date
    person: str
    service: str | None
    hours: str
    note: str


class RebilledExpense(Shape):
    """An unbilled project expense; `cost` is what was paid, markup not included."""

    id: int
    date: date
    vendor: str
    category_id: int
    cost: str
    markup_percent: str


class Line(Shape):
    """One line of the invoice; `amount` is before tax."""

    name: str
    description: str
    quantity: str
    unit_cost: str
    amount: str
    taxes: tuple[Tax, ...] = ()
    entries: tuple[Entry, ...] = ()
    expense: RebilledExpense | None = None


class Printed(Shape):
    """Text that the client reads on a document, such as its terms."""

    label: str
    text: str


class Receipt(Shape):
    filename: str
    media_type: str
    bytes: int
    sha256: str


class ActionPreview(Shape):
    """What the approver is shown; each kind adds its own fields. `heading` holds words of ours and amounts only.

    `currency` is empty where no money is involved. What has a warning is never done without asking.
    """

    kind: str
    heading: str
    business: Business
    currency: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def total_amount(self) -> str:
        """The amount that the action is about, in `currency`: decimal text."""
        raise NotImplementedError

    @property
    def issued_invoice(self) -> int | None:
        """The id of the draft invoice that this action sends to its client."""
        return None


def business_line(preview: ActionPreview) -> str:
    return f"Business      {preview.business.name} ({preview.business.id})"


def client_line(client: Client) -> str:
    return f"Client        {client.name} ({client.id})"


def invoice_lines(lines: Sequence[Line], currency: str) -> Iterator[str]:
    yield ""
    for line in lines:
        taxes = "".join(f" + {tax.name} {tax.percent} %" for tax in line.taxes)
        yield f"  {line.name}  {line.quantity} x {line.unit_cost} = {with_code(line.amount, currency)}{taxes}"
        if line.description:
            yield f"      {line.description}"
        yield from entry_lines(line.entries)
        if line.expense:
            yield f"      expense {line.expense.id}, cost {line.expense.cost}, markup {line.expense.markup_percent} %"
    yield ""


def entry_lines(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        service = f", {entry.service}" if entry.service else ""
        note = f"  {entry.note}" if entry.note else ""
        yield f"      {entry.date}  {entry.hours} h  {entry.person}{service}{note}"


def tax_lines(taxes: Sequence[Tax], currency: str) -> Iterator[str]:
    for tax in taxes:
        percent = f" {tax.percent} %" if tax.percent is not None else ""
        amount = "amount unknown" if tax.amount is None else with_code(tax.amount, currency)
        yield f"Tax           {tax.name}{percent}: {amount}"
