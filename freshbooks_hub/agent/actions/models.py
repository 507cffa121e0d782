"""An action as all its users see it: its status, its result, and how it is refused. Times are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import SerializeAsAny

from freshbooks_hub.agent.actions.preview import ActionPreview, Money, Shape
from freshbooks_hub.core.errors import HubError


class Status(StrEnum):
    """The status of an action. `unknown`: sent, but the answer was lost; FreshBooks is being read."""

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

    @property
    def label(self) -> str:
        """As people read it."""
        return "rejected" if self is Status.refused else self.value.replace("_", " ")


WAITING = frozenset({Status.proposed, Status.approved})
# Something may have reached FreshBooks.
SENT = frozenset({Status.dispatching, Status.unknown, Status.confirmed, Status.needs_person})


# The result of what was deleted again in FreshBooks.
UNDONE = "undone"


class Channel(StrEnum):
    """The channel by which a person decided, now or beforehand (`standing`). No tool of the agents is among them."""

    elicitation = "elicitation"
    web = "web"
    terminal = "terminal"
    standing = "standing"

    @classmethod
    def of_person(cls, channel: Channel | str) -> Channel:
        """The channel through which a person decides now; raises ValueError for any other word."""
        found = cls(channel)
        if found is cls.standing:
            raise ValueError("a standing permission decides nothing new")
        return found


@dataclass(frozen=True)
class Timing:
    """How long things last. Seconds are for one request, durations for an action."""

    expiry: timedelta = timedelta(hours=24)
    undo: timedelta = timedelta(hours=24)  # how long after it was sent
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


class Result(Shape):
    """The result so far. `code` is stable; `record_id` is the id of FreshBooks' invoice or expense."""

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
    kind: str
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

    @property
    def unattended(self) -> bool:
        """Whether it was done without asking, under the owner's standing permission."""
        return self.approved_channel is Channel.standing
