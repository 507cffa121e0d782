"""Send an approved action exactly once, and settle an uncertain outcome by reading FreshBooks.

The row says `dispatching` on disk before a socket opens, and there is no way back to `approved`. What is not a
clear answer becomes `unknown` and is settled by reading, never by sending again: confirmed, absent after a waiting
time, or for a person to look at. No marker is put on the documents, since every free field of an invoice shows on it
(freshbooks-api.md 3.6, 7.8): a record is ours when all fields that were sent agree, it was not there right before the
request, and no other action made it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from filelock import FileLock, Timeout

from freshbooks_api.client import Lost, NeverSent, Refused
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    Candidates,
    NotBegun,
    StoredAction,
)
from freshbooks_hub.agent.actions.action_store import ActionStore, as_action
from freshbooks_hub.agent.actions.api import Api, reason
from freshbooks_hub.agent.actions.books import Books, BusinessContext
from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.models import UNDONE, ActionRefused, Channel, Result, Status, Timing
from freshbooks_hub.agent.actions.policy import (
    check_amount,
    check_cool_down,
    check_day,
    check_on,
    read_policy,
)
from freshbooks_hub.agent.actions.standing import check_standing
from freshbooks_hub.agent.actions.verdict import NEVER_SENT, verdict
from freshbooks_hub.core.clock import SystemClock, exact_stamp
from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.home import Home

HUB = "hub"
CONFLICT = 409
# Reasons for which an approval is void, found before anything is sent.
VOID = frozenset({"stale", "already_sent", "invoice_unknown", "receipt_lost"})
ANSWER_LOST = (
    "FreshBooks's answer was lost, so it may or may not be done. The hub is checking; do not repeat it."
)
ORPHANED = "The process that sent it ended before the answer. The hub is checking; do not repeat it."


class Delivery:
    """Sends and settles the actions of one connection. Only the holder of the lock does either."""

    def __init__(self, home: Home, store: ActionStore, clock: SystemClock, timing: Timing) -> None:
        self._home = home
        self._store = store
        self._clock = clock
        self._timing = timing

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the actions; it dies with its process, so a `dispatching` row under it is orphaned.

        Raises ActionRefused `busy`, HomeError.
        """
        lock = FileLock(self._home.root / "actions.lock", timeout=self._timing.lock_timeout, mode=0o600)
        with disk_errors(self._home.root):
            try:
                lock.acquire()
            except Timeout as error:
                raise ActionRefused(
                    "busy", "Another action is being sent. Nothing was done; try again in a minute."
                ) from error
        try:
            yield
        finally:
            lock.release()

    # -- sending

    def send(self, action_id: str, unattended: bool = False) -> None:
        """Send an approved action; `unattended`: a proposed one, within the owner's standing permission.

        Raises ActionRefused when nothing was sent and the action stands where it stood.
        """
        needed = Status.proposed if unattended else Status.approved
        with self.locked():
            action = self._store.read(action_id)
            _check_status(action, needed)
            kind, context = KINDS[action.kind], self.context(action)
            try:
                kind.recheck(context, action)
            except ActionRefused as refusal:
                if unattended or refusal.code not in VOID:
                    raise
                self.end(action, Status.approved, Status.failed, refusal.code, str(refusal))
                return
            before = kind.find(context.books, action)
            action, not_ours = self._begin(kind, action, needed, [*before.matches, *before.similar])
            self._send(kind, context, action, not_ours)

    def _begin(
        self, kind: ActionKind, action: StoredAction, needed: Status, before: list[int]
    ) -> tuple[StoredAction, set[int]]:
        """The point of no return, with the owner's caps checked in the same transaction; and the records not ours.

        A standing permission becomes an approval here and nowhere else, so none outlives what it was given for.
        """
        with self._store.transaction() as db:
            self._store.expire(db)
            action = self._store.stored(db, action.id)
            _check_status(action, needed)
            rule = check_on(read_policy(db), kind.write)
            check_amount(rule, action.amount, action.row["currency"])
            check_day(db, rule, action.row, self._clock)
            check_cool_down(db, action.row, kind.cool_down, self._clock)
            if needed is Status.proposed:
                standing = check_standing(db, rule, action, self._clock)
                self._store.approve(db, action, standing.granted_by, Channel.standing)
            self._store.move(
                db,
                action.id,
                [Status.approved],
                Status.dispatching,
                HUB,
                dispatched_at=exact_stamp(self._clock.now()),
                step=action.steps[0].name,
                baseline=json.dumps(before),
            )
            return self._store.stored(db, action.id), {*before, *self._store.records(db, action)}

    def _send(
        self, kind: ActionKind, context: ActionContext, action: StoredAction, not_ours: set[int]
    ) -> None:
        fail = partial(self.end, action, Status.dispatching, Status.failed)
        record_id = None
        try:
            record_id = kind.record_id(kind.send(context, action))
        except Refused as refused:
            try:
                # "Already exists" may be about this very record, if the request arrived twice.
                if refused.answer.status == CONFLICT and self._prove(context, action, None, not_ours) is None:
                    return
            except ActionRefused:
                self._mark_unknown(action, ANSWER_LOST)
                return
            fail(
                "refused_by_freshbooks",
                f"FreshBooks rejected it ({reason(refused.answer)}). Nothing was written.",
            )
            return
        except NeverSent:
            fail("unreachable", "FreshBooks could not be reached. Nothing was sent; propose it again later.")
            return
        except NotBegun as error:
            fail(error.code, str(error))
            return
        except Lost:
            pass
        try:
            # An answer is no proof: the record is read back and compared (freshbooks-api.md 7.1).
            if record_id is not None and self._prove(context, action, record_id, not_ours) is None:
                return
        except ActionRefused:
            pass  # answered, but not readable now
        self._mark_unknown(action, ANSWER_LOST, record_id)
        # One look at once, since most lost answers are settled by it.
        self._settle(self._store.read(action.id))

    # -- settling

    def settle(self) -> list[str]:
        """Take over from dead processes, settle what is unknown, finish what is confirmed; the ids that changed."""
        moved = []
        self._store.clear_receipts()
        with self.locked():
            for action in self._store.having(Status.dispatching):
                # The sender holds the lock while it sends, and now we hold it: that process is dead.
                self._mark_unknown(action, ORPHANED)
            for action in self._store.having(Status.unknown):
                self._settle(action)
                if self._store.read(action.id).row["status"] != Status.unknown:
                    moved.append(action.id)
            for action in self._store.having(Status.confirmed):
                if (result := as_action(action.row).result) and result.code != UNDONE:
                    self._finish(action, result)
        return moved

    def _settle(self, action: StoredAction) -> None:
        """One look at FreshBooks for an unknown action. What cannot be read now stays unknown."""
        if action.step(action.row["step"]).receipt is not None:
            self.end(action, Status.unknown, *NEVER_SENT)
            return
        with self._store.transaction() as db:
            not_ours = set(json.loads(action.row["baseline"] or "[]")) | self._store.records(db, action)
        try:
            found = self._prove(self.context(action), action, action.row["record_id"], not_ours)
        except ActionRefused:
            return
        if found is None:
            return
        reads = action.row["empty_reads"] + 1
        waited = self._clock.now() - datetime.fromisoformat(action.row["unknown_since"])
        ended = verdict(found, reads, waited, self._timing, KINDS[action.kind].leaves_trace)
        if ended is None:
            self.note(action.id, empty_reads=reads)
        else:
            self.end(action, Status.unknown, *ended)

    def _prove(
        self, context: ActionContext, action: StoredAction, known: int | None, not_ours: set[int]
    ) -> Candidates | None:
        """Find the record and confirm the action; else what was seen. `known`: the id that FreshBooks answered.

        Raises ActionRefused when FreshBooks cannot be read.
        """
        seen = KINDS[action.kind].find(context.books, action)
        found = Candidates(
            tuple(number for number in seen.matches if number not in not_ours),
            tuple(number for number in seen.similar if number not in not_ours),
        )
        # Several: the request arrived twice, or a person did the same. Which one it is, we do not guess.
        if len(found.matches) <= 1:
            candidates = [known] if known is not None else found.matches
            if any(self.confirm(context, action, number) for number in candidates):
                return None
        return found

    def confirm(self, context: ActionContext, action: StoredAction, record_id: int) -> bool:
        """Read the record back and end the action as confirmed; False when FreshBooks does not show it."""
        result = KINDS[action.kind].verify(context.books, action, record_id)
        if result is None:
            return False
        before = [Status.dispatching, Status.unknown, Status.needs_person]
        with self._store.transaction() as db:
            self._store.move(db, action.id, before, Status.confirmed, HUB, result=result, record_id=record_id)
        self._clear_receipts_of(action)
        self._finish(action, result, context)
        return True

    def _finish(self, action: StoredAction, result: Result, context: ActionContext | None = None) -> None:
        """Run the kind's follow-up on the confirmed record; what cannot be read now is tried again later."""
        after = KINDS[action.kind].after
        if after is None:
            return
        try:
            changed = after((context or self.context(action)).books, action, result)
        except ActionRefused:
            return
        if changed is not None:
            self.note(action.id, result=changed.model_dump_json())

    # -- shared with what a person settles (lifecycle.py)

    def context(self, action: StoredAction) -> ActionContext:
        business, row = action.preview.business, action.row
        api = Api.of(self._home, self._clock, self._timing)
        books = Books(api, BusinessContext(business.id, row["account_id"], business.name, "UTC", 1))
        return ActionContext(books, self._home, self._clock, self._timing, partial(self.note, action.id))

    def note(self, action_id: str, **columns: Any) -> None:
        with self._store.transaction() as db:
            self._store.note(db, action_id, **columns)

    def _mark_unknown(self, action: StoredAction, message: str, record_id: int | None = None) -> None:
        """The request has no clear answer; `record_id`: the one that FreshBooks named, if it did."""
        with self._store.transaction() as db:
            self._store.move(
                db,
                action.id,
                [Status.dispatching],
                Status.unknown,
                HUB,
                result=Result(code="unknown", message=message, record_id=record_id),
                record_id=record_id,
                unknown_since=exact_stamp(self._clock.now()),
            )

    def end(self, action: StoredAction, before: Status, after: Status, code: str, message: str) -> None:
        """End the action without a record, or leave it for a person to resolve."""
        with self._store.transaction() as db:
            self._store.move(db, action.id, [before], after, HUB, result=Result(code=code, message=message))
        self._clear_receipts_of(action)

    def _clear_receipts_of(self, action: StoredAction) -> None:
        if any(step.receipt for step in action.steps):
            self._store.clear_receipts()


def _check_status(action: StoredAction, needed: Status) -> None:
    if (status := action.row["status"]) != needed:
        raise ActionRefused(
            "wrong_status", f"Only an {needed.label} action is sent so; this one is {status}.", status=status
        )
