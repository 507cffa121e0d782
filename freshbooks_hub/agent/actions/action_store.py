"""The stored actions: every transition is a compare-and-set in SQL, with its audit entry in the same commit."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from sqlite3 import Connection, Row
from typing import Any

from freshbooks_hub.agent.actions import receipts
from freshbooks_hub.agent.actions.action_kind import ActionKind, Owners, Proposal, Step, StoredAction
from freshbooks_hub.agent.actions.audit import Audit, canonical, digest
from freshbooks_hub.agent.actions.books import BusinessContext
from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.models import (
    WAITING,
    Action,
    ActionRefused,
    Channel,
    Result,
    Status,
    Timing,
)
from freshbooks_hub.core.clock import SystemClock, exact_stamp
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home

_WAITING = ", ".join(f"'{status.value}'" for status in WAITING)


class ActionStore:
    """Reads and moves actions. Each method is one transaction of its own unless it takes `db`; raises HomeError."""

    def __init__(self, home: Home, audit: Audit, clock: SystemClock, timing: Timing) -> None:
        self._home = home
        self._audit = audit
        self._clock = clock
        self._timing = timing

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, and the audit log's head mirrored after its commit."""
        with transaction(self._home.history) as db:
            before = db.total_changes
            yield db
            head = self._audit.head(db) if db.total_changes > before else None
        if head:
            self._audit.mirror(head)

    # -- proposals and their idempotency keys

    def same(
        self, db: Connection, kind: ActionKind, business: BusinessContext, proposal: Proposal
    ) -> str | None:
        """The id of the unfinished action that would send exactly the same."""
        row = db.execute(
            "SELECT id FROM actions WHERE kind = ? AND business_id = ? AND request = ? "
            "AND status IN ('proposed', 'approved', 'dispatching', 'unknown', 'needs_person')",
            [kind.name, business.business_id, canonical(_request(business, proposal))],
        ).fetchone()
        return str(row["id"]) if row else None

    def insert(
        self, db: Connection, kind: ActionKind, business: BusinessContext, proposal: Proposal, who: str
    ) -> str:
        """Write a proposal down and acquire its keys; its id. Raises sqlite3.IntegrityError for a key that is taken."""
        now = self._clock.now()
        request, preview = _request(business, proposal), proposal.preview.model_dump(mode="json")
        currency = proposal.preview.currency
        action_id = secrets.token_hex(6)
        row = {
            "id": action_id,
            "kind": kind.name,
            "status": Status.proposed.value,
            "business_id": business.business_id,
            "account_id": business.account_id,
            "request": canonical(request),
            "preview": canonical(preview),
            "payload_hash": _hash(kind.name, business.business_id, request, preview),
            "amount": str(proposal.amount),
            "currency": currency,
            "recipients": json.dumps(proposal.recipients),
            "proposed_by": who,
            "created_at": exact_stamp(now),
            "expires_at": exact_stamp(now + self._timing.expiry),
        }
        marks = ", ".join("?" * len(row))
        db.execute(
            f"INSERT INTO actions ({', '.join(row)}) VALUES ({marks})",  # noqa: S608 - our own names
            list(row.values()),
        )
        db.executemany("INSERT INTO action_claims VALUES (?, ?)", [(key, action_id) for key in proposal.keys])
        self._audit.append(
            db,
            "proposed",
            who,
            action_id=action_id,
            kind=kind.name,
            business_id=business.business_id,
            payload_hash=row["payload_hash"],
            amount=f"{proposal.amount} {currency}" if currency else None,
            recipients=proposal.recipients or None,
        )
        return action_id

    def owners(self, db: Connection) -> Owners:
        """Every idempotency key that is taken. A trigger frees the keys of an action that wrote nothing."""
        rows = db.execute(
            "SELECT c.key, a.id, a.status FROM action_claims c JOIN actions a ON a.id = c.action_id"
        )
        return {row["key"]: (str(row["id"]), Status(row["status"])) for row in rows}

    def release_keys(self, db: Connection, action_id: str) -> None:
        """Free the idempotency keys of a confirmed action; only after its record was deleted in FreshBooks."""
        db.execute("DELETE FROM action_claims WHERE action_id = ?", [action_id])

    def clear_receipts(self) -> None:
        """Remove the files of receipts that no action will upload any more."""
        for sha256 in receipts.listed(self._home):
            # Within the transaction: a proposal takes its key first and keeps its file after.
            with self.transaction() as db:
                needed = db.execute(
                    "SELECT 1 FROM action_claims c JOIN actions a ON a.id = c.action_id "
                    "WHERE c.key LIKE 'receipt/%/' || ? AND a.status IN ('proposed', 'approved', 'dispatching')",
                    [sha256],
                ).fetchone()
                if needed is None:
                    receipts.forget(self._home, sha256)

    # -- moving

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
        """Compare and set; raises ActionRefused `wrong_status` when the action has another status."""
        changed: dict[str, Any] = {"status": after.value, **columns}
        if result is not None:
            changed["result"] = result.model_dump_json()
        if after not in WAITING and after not in (Status.dispatching, Status.unknown):
            changed["finished_at"] = exact_stamp(self._clock.now())
        states = ", ".join(f"'{status.value}'" for status in before)
        done = db.execute(
            f"UPDATE actions SET {', '.join(f'{name} = ?' for name in changed)} "  # noqa: S608 - our own names
            f"WHERE id = ? AND status IN ({states})",
            [*changed.values(), action_id],
        ).rowcount
        if done != 1:
            self._raise_wrong_status(db, action_id, after)
        detail = {"code": result.code, "record_id": result.record_id} if result else {}
        self._audit.append(db, after.value, who, action_id=action_id, channel=channel, **detail)

    def approve(self, db: Connection, action: StoredAction, approver: str, channel: Channel) -> None:
        """Write down that this very proposal was approved; raises ActionRefused `wrong_status`."""
        self.move(
            db,
            action.id,
            [Status.proposed],
            Status.approved,
            approver,
            channel=channel,
            approved_by=approver,
            approved_channel=channel.value,
            approved_hash=action.row["payload_hash"],
            approved_at=exact_stamp(self._clock.now()),
        )

    def _raise_wrong_status(self, db: Connection, action_id: str, after: Status) -> None:
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
        now = exact_stamp(self._clock.now())
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

    def stored(self, db: Connection, action_id: str) -> StoredAction:
        """The action with its request; raises ActionRefused `tampered` when it is not what was hashed."""
        row = self.row(db, action_id)
        kind = KINDS[row["kind"]]
        request, preview = json.loads(row["request"]), json.loads(row["preview"])
        if _hash(kind.name, row["business_id"], request, preview) != row["payload_hash"]:
            raise ActionRefused("tampered", "The stored proposal is not the one that was hashed.")
        steps = tuple(Step(**step) for step in request["steps"])
        return StoredAction(row, steps, request["watch"], kind.preview.model_validate(preview))

    def read(self, action_id: str) -> StoredAction:
        """`stored`, in a transaction of its own."""
        with transaction(self._home.history) as db:
            return self.stored(db, action_id)

    def having(self, *statuses: Status) -> list[StoredAction]:
        """Actions in one of `statuses`, oldest first."""
        states = ", ".join(f"'{status.value}'" for status in statuses)
        with transaction(self._home.history) as db:
            query = f"SELECT id FROM actions WHERE status IN ({states}) ORDER BY created_at"  # noqa: S608
            return [self.stored(db, row["id"]) for row in db.execute(query).fetchall()]

    def records(self, db: Connection, action: StoredAction) -> set[int]:
        """Records made by other actions of this kind, none of which can be this one's."""
        if KINDS[action.kind].changes_record:
            return set()
        rows = db.execute(
            "SELECT record_id FROM actions WHERE kind = ? AND business_id = ? AND id <> ? "
            "AND status = 'confirmed' AND record_id IS NOT NULL",
            [action.kind, action.row["business_id"], action.id],
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
            return self.action(db, action_id)

    def action(self, db: Connection, action_id: str) -> Action:
        """One action as stored; raises ActionRefused `not_found`."""
        return as_action(self.row(db, action_id))


def as_action(row: Row) -> Action:
    """The public shape of a row."""
    return Action(
        id=row["id"],
        kind=row["kind"],
        status=Status(row["status"]),
        business_id=row["business_id"],
        preview=KINDS[row["kind"]].preview.model_validate_json(row["preview"]),
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


def _request(business: BusinessContext, proposal: Proposal) -> dict[str, Any]:
    """What is stored and hashed as the request: exactly what will be sent, and what must still hold then."""
    steps = [{k: v for k, v in vars(step).items() if v is not None} for step in proposal.steps]
    return {"account": business.account_id, "steps": steps, "watch": proposal.watch}


def _hash(kind: str, business_id: int, request: dict[str, Any], preview: dict[str, Any]) -> str:
    return digest({"kind": kind, "business": business_id, "request": request, "preview": preview})


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
