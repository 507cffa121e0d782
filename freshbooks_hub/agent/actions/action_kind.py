"""A kind of action: one record of functions, so that the code that proposes, sends and settles is written only once.

A new kind is a folder under `kinds`, with its record as `KIND`; nothing else names it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from sqlite3 import Row
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from freshbooks_api.client import Json, Lost, NeverSent, Refused, single
from freshbooks_hub.agent.actions.api import reason
from freshbooks_hub.agent.actions.audit import canonical
from freshbooks_hub.agent.actions.books import DELETED, Books
from freshbooks_hub.agent.actions.models import ActionRefused, Result, Status, Timing
from freshbooks_hub.agent.actions.policy import PolicyView
from freshbooks_hub.agent.actions.preview import ActionPreview
from freshbooks_hub.agent.actions.receipts import File
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.home import Home

Preview = TypeVar("Preview", bound=ActionPreview)
# The owner of an idempotency key: the action's id and its status.
Owners = Mapping[str, tuple[str, Status]]


class ActionRequest(BaseModel):
    """What an agent asks for. A kind's own request adds its fields: they are the arguments of the tool."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    business_id: Annotated[int | None, Field(description="Only this business")] = None


@dataclass(frozen=True)
class Step:
    """One request, as it will be sent. `body` is the exact text; `receipt`: the SHA-256 of the file of an upload."""

    name: str
    method: str
    path: str
    body: str | None = None
    receipt: str | None = None


@dataclass(frozen=True)
class Proposal:
    """What will be sent and shown. `watch` is what must still hold when it is sent.

    `keys`: what this action alone may write (`kind/business/number`). `recipients`: addresses that get a mail.
    `file`: kept on this machine until it is uploaded.
    """

    steps: tuple[Step, ...]
    preview: ActionPreview
    amount: Decimal
    keys: tuple[str, ...]
    recipients: tuple[str, ...] = ()
    watch: dict[str, Any] = field(default_factory=dict)
    file: File | None = None


@dataclass(frozen=True)
class StoredAction:
    """An action's row, its request parsed; `row` holds the columns of the table."""

    row: Row
    steps: tuple[Step, ...]
    watch: dict[str, Any]
    preview: ActionPreview

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def kind(self) -> str:
        return str(self.row["kind"])

    @property
    def amount(self) -> Decimal:
        return Decimal(self.row["amount"])

    def preview_as(self, shape: type[Preview]) -> Preview:
        """The preview, which is of its kind's own model."""
        assert isinstance(self.preview, shape)
        return self.preview

    def step(self, name: str) -> Step:
        """The step of that name."""
        return next(step for step in self.steps if step.name == name)

    def sent(self, record: str) -> Json:
        """The record of this name as the step `create` sends it, fractions as Decimal."""
        sent: Json = json.loads(self.step("create").body or "{}", parse_float=Decimal)[record]
        return sent


@dataclass(frozen=True)
class Candidates:
    """Records that may be the one that was sent. `matches`: all that was sent agrees; `similar`: the sum does."""

    matches: tuple[int, ...] = ()
    similar: tuple[int, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[Json], differences: Callable[[Json], object]) -> Candidates:
        """Sort records that look like the one that was sent into those without differences and the others."""
        matches: list[int] = []
        similar: list[int] = []
        for row in rows:
            (similar if differences(row) else matches).append(int(row["id"]))
        return cls(tuple(matches), tuple(similar))


def proof_message(message: str, record: str, differences: object) -> str:
    """`message`, unless the record in FreshBooks differs from what was approved."""
    if not differences:
        return message
    return f"The {record} is in FreshBooks, but it differs from what was approved. Check it there."


def proof(code: str, message: str, record: str, record_id: int, differences: tuple[str, ...]) -> Result:
    """The result for a record that was found; it says no more than that it exists."""
    text = proof_message(message, record, differences)
    return Result(code=code, message=text, record_id=record_id, differences=differences)


@dataclass(frozen=True)
class ProposalContext:
    """What a proposal is made from. `owners`: every idempotency key that is taken, as of the start of the call.

    `links`: how this account's invoices name what they bill (sync/assumptions.py), as far as it was found out.
    """

    books: Books
    policy: PolicyView
    owners: Owners
    now: datetime
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day at the business."""
        return self.now.astimezone(ZoneInfo(self.books.business.timezone)).date()


@dataclass(frozen=True)
class ActionContext:
    """What sending and settling an action needs. `note` sets columns of the action's row, durably."""

    books: Books
    home: Home
    clock: SystemClock
    timing: Timing
    note: Callable[..., None]


class NotBegun(Exception):
    """A prerequisite of the record failed, so the record was never requested. The text is for the owner."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def send_first_step(context: ActionContext, action: StoredAction) -> Json:
    """Send the one request of the action; the answer. Raises NeverSent, Lost, Refused."""
    step = action.steps[0]
    return context.books.api.send(step.method, step.path, step.body or "")


@dataclass(frozen=True)
class ActionKind:
    """One kind of action. Functions that read FreshBooks raise ActionRefused when it cannot be read.

    `name`: that of the tool, and of the folder. `write`: its name in the owner's settings and on the command line.
    `label`: what people read. `title` and `description`: what models read of the tool. `position`: its place in lists.
    `streams`: what the write touches. `record`: what FreshBooks calls it in an answer.
    `prepare`: the proposal of a request, read live. `recheck`: raises ActionRefused with one of `void` when what was
    approved does not hold any more. `send`: the answer of FreshBooks; raises NeverSent, Lost, Refused, NotBegun.
    `find`: records that may be the action's. `verify`: the proof that a record is it, None when it is not so (yet).
    `after`: what is still to be done once it is confirmed; the better result, None: ask again later.
    `exists`: whether the record is still there; without it, nothing of the action can be released.
    `describe`: the lines of a preview for a terminal, and for the page if the folder has no `page.html`.
    `sends_email`: to the addresses in `Proposal.recipients`, which cannot be undone.
    `cool_down`: how long a client is left in peace after one of these; the preview has its `client`.
    `has_amount`: whether it is about an amount of money, so that what is done without asking needs a cap.
    `changes_record`: it changes a record that was there before, which others of its kind may have changed too.
    `leaves_trace`: whether FreshBooks shows afterwards that it was done; else a person says how a lost answer ended.
    `undo`: deletes the record again; it may be repeated. Raises ActionRefused `changed` when the record is not as it
    was left, `not_undone` when it is still there afterwards.
    """

    name: str
    write: str
    label: str
    title: str
    description: str
    request: type[ActionRequest]
    preview: type[ActionPreview]
    streams: tuple[str, ...]
    record: str
    prepare: Callable[[ProposalContext, Any], Proposal]
    recheck: Callable[[ActionContext, StoredAction], None]
    find: Callable[[Books, StoredAction], Candidates]
    verify: Callable[[Books, StoredAction, int], Result | None]
    describe: Callable[[Any], Iterator[str]]
    send: Callable[[ActionContext, StoredAction], Json] = send_first_step
    after: Callable[[Books, StoredAction, Result], Result | None] | None = None
    exists: Callable[[Books, int], bool] | None = None
    sends_email: bool = False
    cool_down: timedelta | None = None
    has_amount: bool = True
    changes_record: bool = False
    leaves_trace: bool = True
    undo: Callable[[Books, StoredAction, int], None] | None = None
    position: int = 100

    def record_id(self, answer: Json) -> int | None:
        """The id that FreshBooks gave the record, if the answer holds one."""
        number = str((single(answer, self.record) or {}).get("id") or "")
        return int(number) if number.isdigit() else None


def check_free(owners: Owners, keys: Iterable[str]) -> None:
    """Raises ActionRefused naming the actions that own one of `keys`."""
    taken = {key: owners[key] for key in keys if key in owners}
    if not taken:
        return
    earlier = sorted({(action_id, status.value) for action_id, status in taken.values()})
    done = any(status is Status.confirmed for _, status in taken.values())
    raise ActionRefused(
        "already_done" if done else "already_proposed",
        "An earlier action covers this already, so nothing was proposed. See it with get_action.",
        what=sorted({key.split("/")[0] for key in taken}),
        actions=[{"id": action_id, "status": status} for action_id, status in earlier],
    )


def delete_record(books: Books, path: str, singular: str, is_there: Callable[[], bool]) -> None:
    """Delete an accounting record (freshbooks-api.md 7.1); raises ActionRefused `not_undone` when it is still there."""
    send_undo(books, "PUT", path, canonical({singular: {"vis_state": DELETED}}), is_there)


def send_undo(books: Books, method: str, path: str, body: str, is_there: Callable[[], bool]) -> None:
    """Send the request that removes what `is_there` looks for, unless it is gone already. Safe to repeat.

    Raises ActionRefused `not_undone`: what counts is what is there afterwards.
    """
    if not is_there():
        return
    why = "it did not answer clearly"
    try:
        books.api.send(method, path, body)
    except Refused as refused:
        why = reason(refused.answer)
    except (NeverSent, Lost):
        pass
    if is_there():
        raise ActionRefused("not_undone", f"FreshBooks still has it ({why}). Try again in a few minutes.")


def changed_since() -> ActionRefused:
    """The record is not as the action left it, so deleting it would delete somebody's work."""
    return ActionRefused(
        "changed", "It was changed, sent, billed or paid in FreshBooks since. Delete it there if you want to."
    )
