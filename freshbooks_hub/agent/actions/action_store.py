"""The ledger of actions: every step is a compare-and-set in SQL, with its audit entry in the same commit."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from sqlite3 import Connection, Row
from typing import Any

from pydantic import TypeAdapter

from freshbooks_hub.agent.actions.audit import Audit
from freshbooks_hub.agent.actions.canonical import canonical, digest
from freshbooks_hub.agent.actions.models import (
    WAITING,
    Action,
    ActionRefused,
    Channel,
    Kind,
    Preview,
    Result,
    Status,
)
from freshbooks_hub.agent.actions.tables import ledger_transaction
from freshbooks_hub.agent.actions.timing import Clock, Timing, stamp
from freshbooks_hub.core.home import Home

_PREVIEW: TypeAdapter[Preview] = TypeAdapter(Preview)
_WAITING = ", ".join(f"'{status.value}'" for status in WAITING)


@dataclass(frozen=True)
class Step:
    """One request, as it will be sent. `body` is the exact text; `receipt` names the file of an upload."""

    name: str
    method: str
    path: str
    body: str | None = None
    receipt: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A proposal before it is written down. `watch` is what must still hold when it is sent."""

    kind: Kind
    business_id: int
    account_id: str
    steps: tuple[Step, ...]
    preview: Preview
    amount: Decimal
    currency: str
    claims: tuple[str, ...]
    recipients: tuple[str, ...] = ()
    watch: dict[str, Any] = field(default_factory=dict)

    @property
    def request(self) -> dict[str, Any]:
        """What is stored and hashed as the request."""
        steps = [{k: v for k, v in vars(step).items() if v is not None} for step in self.steps]
        return {"account": self.account_id, "steps": steps, "watch": self.watch}


@dataclass(frozen=True)
class Task:
    """An action's row with its request read back; `row` holds the columns of the table."""

    row: Row
    steps: tuple[Step, ...]
    watch: dict[str, Any]
    preview: Preview

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def kind(self) -> Kind:
        return Kind(self.row["kind"])

    @property
    def amount(self) -> Decimal:
        return Decimal(self.row["amount"])

    def step(self, name: str) -> Step:
        """The step of that name."""
        return next(step for step in self.steps if step.name == name)


class Ledger:
    """Reads and moves actions. Each method is one transaction of its own unless it takes `db`."""

    def __init__(self, home: Home, audit: Audit, clock: Clock, timing: Timing) -> None:
        self._home = home
        self._audit = audit
        self._clock = clock
        self._timing = timing

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, and the audit log's head mirrored after its commit."""
        with ledger_transaction(self._home) as db:
            before = db.total_changes
            yield db
            changed = db.total_changes > before
        if changed:
            self._audit.mirror()

    def insert(self, db: Connection, prepared: Prepared, who: str) -> str:
        """Write a proposal down; its id. The caller takes its claims in the same transaction."""
        now = self._clock.now()
        preview = _PREVIEW.dump_python(prepared.preview, mode="json")
        action_id = secrets.token_hex(6)
        row = {
            "id": action_id,
            "kind": prepared.kind.value,
            "status": Status.proposed.value,
            "business_id": prepared.business_id,
            "account_id": prepared.account_id,
            "request": canonical(prepared.request),
            "preview": canonical(preview),
            "payload_hash": _hash(prepared.kind, prepared.business_id, prepared.request, preview),
            "amount": str(prepared.amount),
            "currency": prepared.currency,
            "recipients": json.dumps(prepared.recipients),
            "proposed_by": who,
            "created_at": stamp(now),
            "expires_at": stamp(now + self._timing.expiry),
        }
        marks = ", ".join("?" * len(row))
        db.execute(
            f"INSERT INTO actions ({', '.join(row)}) VALUES ({marks})",  # noqa: S608 - our own names
            list(row.values()),
        )
        self._audit.append(
            db,
            "proposed",
            who,
            action_id=action_id,
            kind=prepared.kind,
            business_id=prepared.business_id,
            payload_hash=row["payload_hash"],
            amount=f"{prepared.amount} {prepared.currency}",
            recipients=prepared.recipients or None,
        )
        return action_id

    def move(
        self,
        db: Connection,
        action_id: str,
        before: Iterable[Status],
        after: Status,
        who: str,
        *,
        channel: Channel | None = None,
        result: Result | None = None,
        **columns: Any,
    ) -> None:
        """Compare and set; raises ActionRefused `wrong_status` when the action stands elsewhere."""
        changed: dict[str, Any] = {"status": after.value, **columns}
        if result is not None:
            changed["result"] = result.model_dump_json()
        if after not in WAITING and after not in (Status.dispatching, Status.unknown):
            changed["finished_at"] = stamp(self._clock.now())
        states = ", ".join(f"'{status.value}'" for status in before)
        done = db.execute(
            f"UPDATE actions SET {', '.join(f'{name} = ?' for name in changed)} "  # noqa: S608 - our own names
            f"WHERE id = ? AND status IN ({states})",
            [*changed.values(), action_id],
        ).rowcount
        if done != 1:
            self._refuse_move(db, action_id, after)
        detail = {"code": result.code, "record_id": result.record_id} if result else {}
        self._audit.append(db, after.value, who, action_id=action_id, channel=channel, **detail)

    def _refuse_move(self, db: Connection, action_id: str, after: Status) -> None:
        row = self.row(db, action_id)
        raise ActionRefused(
            "wrong_status",
            f"The action is {row['status']}, so it cannot become {after.value}.",
            status=row["status"],
        )

    def note(self, db: Connection, action_id: str, **columns: Any) -> None:
        """Set columns that are no part of the proposal, without moving the action."""
        changed = ", ".join(f"{name} = ?" for name in columns)
        db.execute(f"UPDATE actions SET {changed} WHERE id = ?", [*columns.values(), action_id])  # noqa: S608

    def expire(self, db: Connection) -> None:
        """Proposals and approvals whose time is over end here."""
        now = stamp(self._clock.now())
        due = db.execute(
            f"SELECT id FROM actions WHERE status IN ({_WAITING}) AND expires_at <= ?",  # noqa: S608
            [now],
        ).fetchall()
        result = Result(code="expired", message="Nobody approved and sent it in time. Nothing was written.")
        for row in due:
            self.move(db, row["id"], WAITING, Status.expired, "hub", result=result)

    def row(self, db: Connection, action_id: str) -> Row:
        """The action's columns; raises ActionRefused `not_found`."""
        row: Row | None = db.execute("SELECT * FROM actions WHERE id = ?", [action_id]).fetchone()
        if row is None:
            raise ActionRefused("not_found", "There is no action with this id.")
        return row

    def task(self, db: Connection, action_id: str) -> Task:
        """The action with its request; raises ActionRefused `tampered` when it is not what was hashed."""
        row = self.row(db, action_id)
        request, preview = json.loads(row["request"]), json.loads(row["preview"])
        if _hash(Kind(row["kind"]), row["business_id"], request, preview) != row["payload_hash"]:
            raise ActionRefused("tampered", "The stored proposal is not the one that was hashed.")
        steps = tuple(Step(**step) for step in request["steps"])
        return Task(row, steps, request["watch"], _PREVIEW.validate_python(preview))

    def tasks(self, *statuses: Status) -> list[Task]:
        """Actions that stand at one of `statuses`, oldest first."""
        states = ", ".join(f"'{status.value}'" for status in statuses)
        with ledger_transaction(self._home) as db:
            query = f"SELECT id FROM actions WHERE status IN ({states}) ORDER BY created_at"  # noqa: S608
            return [self.task(db, row["id"]) for row in db.execute(query).fetchall()]

    def records(self, task: Task) -> set[int]:
        """Records that other actions of this kind made: none of them can be this one's."""
        with ledger_transaction(self._home) as db:
            rows = db.execute(
                "SELECT record_id FROM actions WHERE kind = ? AND business_id = ? AND id <> ? "
                "AND status = 'confirmed' AND record_id IS NOT NULL",
                [task.kind.value, task.row["business_id"], task.id],
            )
            return {int(row["record_id"]) for row in rows}

    def select(self, status: Status | None = None) -> list[Action]:
        """Actions, newest first."""
        with self.transaction() as db:
            self.expire(db)
            where, values = ("WHERE status = ?", [status.value]) if status else ("", [])
            query = f"SELECT * FROM actions {where} ORDER BY created_at DESC, id"  # noqa: S608 - our own words
            return [as_action(row) for row in db.execute(query, values)]

    def get(self, action_id: str) -> Action:
        """One action; raises ActionRefused `not_found`."""
        with self.transaction() as db:
            self.expire(db)
            return as_action(self.row(db, action_id))


def as_action(row: Row) -> Action:
    """The public shape of a row."""
    return Action(
        id=row["id"],
        kind=Kind(row["kind"]),
        status=Status(row["status"]),
        business_id=row["business_id"],
        preview=_PREVIEW.validate_json(row["preview"]),
        payload_hash=row["payload_hash"],
        proposed_by=row["proposed_by"],
        created_at=datetime.fromisoformat(row["created_at"]),
        expires_at=datetime.fromisoformat(row["expires_at"]),
        approved_by=row["approved_by"],
        approved_channel=Channel(row["approved_channel"]) if row["approved_channel"] else None,
        approved_at=_instant(row["approved_at"]),
        dispatched_at=_instant(row["dispatched_at"]),
        finished_at=_instant(row["finished_at"]),
        result=Result.model_validate_json(row["result"]) if row["result"] else None,
    )


def _hash(kind: Kind, business_id: int, request: dict[str, Any], preview: dict[str, Any]) -> str:
    return digest({"kind": kind.value, "business": business_id, "request": request, "preview": preview})


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
