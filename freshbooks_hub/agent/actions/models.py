"""The public shapes of actions. Money is decimal text beside its currency; times are UTC; dates are dates."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from freshbooks_hub.core.errors import HubError


class Kind(StrEnum):
    """What an action does. The value is the name of the agents' tool."""

    draft_invoice = "draft_invoice"
    send_invoice = "send_invoice"
    create_expense = "create_expense"


class Status(StrEnum):
    """Where an action stands. `unknown`: sent, and the answer was lost; FreshBooks is being read."""

    proposed = "proposed"
    approved = "approved"
    dispatching = "dispatching"
    unknown = "unknown"
    confirmed = "confirmed"
    absent = "absent"
    needs_person = "needs_person"
    refused = "refused"
    expired = "expired"
    failed = "failed"


# Nothing was written and nothing will be: what the action had claimed is free again.
ENDED_EMPTY = frozenset({Status.refused, Status.expired, Status.failed, Status.absent})
WAITING = frozenset({Status.proposed, Status.approved})
# Something may have reached FreshBooks.
SENT = frozenset({Status.dispatching, Status.unknown, Status.confirmed, Status.needs_person})


class Channel(StrEnum):
    """Where a person decided. No tool of the agents is among them."""

    elicitation = "elicitation"
    web = "web"
    terminal = "terminal"


class ActionRefused(HubError):
    """An action that cannot be done as asked; nothing was written.

    `code` is stable, for programs. The message holds our own words only; what comes from the books (names,
    candidates) is in `detail`, cleaned and capped.
    """

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Money(_Model):
    """`amount` is decimal text, e.g. `"1200.00"`."""

    amount: str
    currency: str


class Business(_Model):
    id: int
    name: str


class Client(_Model):
    id: int
    name: str


class Tax(_Model):
    """`percent` as in FreshBooks, e.g. `"13"`; `amount` where it is known."""

    name: str
    percent: str | None = None
    amount: str | None = None


class Entry(_Model):
    """One time entry: `date` on the clock of the person who worked, `hours` as decimal text."""

    id: int
    date: date
    person: str
    service: str | None
    hours: str
    note: str


class RebilledExpense(_Model):
    """An unbilled project expense; `cost` is what was paid, markup not included."""

    id: int
    date: date
    vendor: str
    category_id: int
    cost: str
    markup_percent: str


class Line(_Model):
    """One line of the invoice; `amount` is before tax."""

    name: str
    description: str
    quantity: str
    unit_cost: str
    amount: str
    taxes: tuple[Tax, ...] = ()
    entries: tuple[Entry, ...] = ()
    expense: RebilledExpense | None = None


class Recipient(_Model):
    """`on_file`: FreshBooks has this address for the client. Others are for the approver to look at twice."""

    email: str
    on_file: bool


class Receipt(_Model):
    filename: str
    media_type: str
    bytes: int
    sha256: str


class LookAlike(_Model):
    """An expense in FreshBooks with the same vendor, date and amount."""

    expense_id: int
    date: date
    vendor: str
    amount: Money


class DraftInvoicePreview(_Model):
    """Everything that the draft will hold. `left_out` counts unbilled items that are not on it, by reason."""

    kind: Literal["draft_invoice"] = "draft_invoice"
    heading: str
    business: Business
    client: Client
    project_id: int
    project: str
    create_date: date
    due_in_days: int | None
    currency: str
    lines: tuple[Line, ...]
    subtotal: str
    taxes: tuple[Tax, ...]
    total: str
    covered_entries: tuple[Entry, ...] = ()  # of a fixed price: hours that it pays for
    will_mark_billed: tuple[int, ...] = ()  # ids of time entries
    left_out: dict[str, int] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class SendInvoicePreview(_Model):
    """The mail that will leave. `subject` and `body` None: FreshBooks's own words."""

    kind: Literal["send_invoice"] = "send_invoice"
    heading: str
    business: Business
    client: Client
    invoice_id: int
    invoice_number: str
    create_date: date
    due_date: date | None
    lines: tuple[Line, ...]
    total: str
    outstanding: str
    currency: str
    recipients: tuple[Recipient, ...]
    subject: str | None
    body: str | None
    include_pdf: bool
    warnings: tuple[str, ...] = ()


class ExpensePreview(_Model):
    """The expense that will be booked; `amount` includes the taxes."""

    kind: Literal["create_expense"] = "create_expense"
    heading: str
    business: Business
    vendor: str
    date: date
    amount: str
    currency: str
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
    warnings: tuple[str, ...] = ()


Preview = Annotated[DraftInvoicePreview | SendInvoicePreview | ExpensePreview, Field(discriminator="kind")]


class Result(_Model):
    """How it ended, or stands. `code` is stable; `record_id` is FreshBooks's invoice or expense id."""

    code: str
    message: str
    record_id: int | None = None
    record_number: str | None = None
    before: str | None = None  # the record's status before and after, e.g. draft -> sent
    after: str | None = None
    total: Money | None = None  # as FreshBooks has it
    linked_in_freshbooks: bool | None = None  # does FreshBooks show the time as billed? None: not asked yet
    differences: tuple[str, ...] = ()  # fields where FreshBooks holds something else than was sent


class Action(_Model):
    """One action of the ledger. `payload_hash` covers kind, business, request and preview."""

    id: str
    kind: Kind
    status: Status
    business_id: int
    preview: Preview
    payload_hash: str
    proposed_by: str
    created_at: datetime
    expires_at: datetime
    approved_by: str | None = None
    approved_channel: Channel | None = None
    approved_at: datetime | None = None
    dispatched_at: datetime | None = None
    finished_at: datetime | None = None
    result: Result | None = None


class Rule(_Model):
    """What the owner allows of one kind of write. Amounts are caps by currency; without any, no cap.

    Once one currency has a cap, an action in a currency without one is refused. Days are the last 24 hours.
    """

    allowed: bool = False
    max_amount: dict[str, str] = Field(default_factory=dict)
    max_amount_per_day: dict[str, str] = Field(default_factory=dict)
    per_day: int = 20
    per_recipient_per_day: int = 3


class PolicyView(_Model):
    """The owner's settings.

    `receipts_folder`: the only place from which receipt files are read. `link`, how billed time is to show as
    billed in FreshBooks (freshbooks-api.md 7.4, 9): `mark` each entry after the draft; `lines`: send the entries
    with the lines too, undocumented; `off`: leave FreshBooks alone, the ledger guards by itself.
    """

    draft: Rule = Rule()
    send: Rule = Rule()
    expense: Rule = Rule()
    receipts_folder: str | None = None
    link: Literal["mark", "lines", "off"] = "mark"


class Finding(_Model):
    """Of `audit verify`: `seq` is the entry where the chain breaks, None when it holds."""

    ok: bool
    entries: int
    seq: int | None = None
    problem: str | None = None
