"""The public shapes of actions. Money is decimal text beside its currency; times are UTC; dates are dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

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


WAITING = frozenset({Status.proposed, Status.approved})
# Something may have reached FreshBooks.
SENT = frozenset({Status.dispatching, Status.unknown, Status.confirmed, Status.needs_person})


class Channel(StrEnum):
    """Where a person decided. No tool of the agents is among them."""

    elicitation = "elicitation"
    web = "web"
    terminal = "terminal"


@dataclass(frozen=True)
class Timing:
    """How long things last. Seconds are for one request, durations for an action."""

    expiry: timedelta = timedelta(hours=24)
    absent_after: timedelta = timedelta(minutes=15)  # of reads that find nothing, after an answer was lost
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    longest_wait: float = 60.0  # that a 429 may ask for
    attempts: int = 3  # of a read; of a write that was answered 429
    lock_timeout: float = 30.0  # for another dispatch to end


class ActionRefused(HubError):
    """An action that cannot be done as asked; nothing was written.

    `code` is stable, for programs. The message holds our own words only; what comes from the books (names,
    candidates) is in `detail`, cleaned and capped.
    """

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail


class Shape(BaseModel):
    """What goes out of here: unchangeable, and without fields that nobody knows."""

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


class Receipt(Shape):
    filename: str
    media_type: str
    bytes: int
    sha256: str


class ActionPreview(Shape):
    """What the approver is shown; each kind adds its own fields. `heading` holds words of ours and amounts only."""

    kind: str
    heading: str
    business: Business
    currency: str
    warnings: tuple[str, ...] = ()

    @property
    def total_amount(self) -> str:
        """The amount that the action is about, in `currency`: decimal text."""
        raise NotImplementedError


class Result(Shape):
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


class Action(Shape):
    """One action of the ledger. `payload_hash` covers kind, business, request and preview."""

    id: str
    kind: Kind
    status: Status
    business_id: int
    preview: SerializeAsAny[ActionPreview]
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


class Rule(Shape):
    """What the owner allows of one kind of write. Amounts are caps by currency; without any, no cap.

    Once one currency has a cap, an action in a currency without one is refused. Days are the last 24 hours.
    """

    allowed: bool = False
    max_amount: dict[str, str] = Field(default_factory=dict)
    max_amount_per_day: dict[str, str] = Field(default_factory=dict)
    per_day: int = 20
    per_recipient_per_day: int = 3


class PolicyView(Shape):
    """The owner's settings; each further field is the Rule of the kind of write of that name.

    `receipts_folder`: the only place from which receipt files are read. `link`, how billed time is to show as
    billed in FreshBooks (freshbooks-api.md 7.4, 9): `mark` each entry after the draft; `lines`: send the entries
    with the lines too, undocumented; `off`: leave FreshBooks alone, the ledger guards by itself.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Rule] = Field(init=False)

    receipts_folder: str | None = None
    link: Literal["mark", "lines", "off"] = "mark"

    def rule(self, write: str) -> Rule:
        """What is allowed of a kind of write; nothing, unless the owner has said so."""
        return self.__pydantic_extra__.get(write, Rule())


class Finding(Shape):
    """Of `audit verify`: `seq` is the entry where the chain breaks, None when it holds."""

    ok: bool
    entries: int
    seq: int | None = None
    problem: str | None = None
