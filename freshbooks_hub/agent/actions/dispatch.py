"""Send an approved action, exactly once.

The row says `dispatching` on disk before a socket opens, and there is no way back to `approved`. What is not a
clear answer becomes `unknown` and is settled by reading FreshBooks, never by sending again.
"""

from __future__ import annotations

import json

from freshbooks_hub.agent.actions import receipts
from freshbooks_hub.agent.actions.action_store import Step, Task
from freshbooks_hub.agent.actions.api import Json, Lost, NeverSent, Refused, single
from freshbooks_hub.agent.actions.books import Books
from freshbooks_hub.agent.actions.canonical import digest_text
from freshbooks_hub.agent.actions.desk import HUB, WORKS, Desk
from freshbooks_hub.agent.actions.expense import is_key, with_key
from freshbooks_hub.agent.actions.models import ActionRefused, ExpensePreview, Kind, Status
from freshbooks_hub.agent.actions.policy import check_amount, check_day, check_on, read_policy
from freshbooks_hub.agent.actions.settle import mark_unknown, prove, settle
from freshbooks_hub.agent.actions.timing import stamp

# Reasons for which an approval is void, found before anything is sent.
VOID = frozenset({"stale", "already_sent", "invoice_unknown"})
UPLOAD = "upload"
CHECKING = (
    "FreshBooks's answer was lost, so it may or may not be done. It is being looked up; do not repeat it."
)


class _NotUploaded(Exception):
    """The receipt did not arrive; the expense was not begun."""


def dispatch(desk: Desk, action_id: str) -> None:
    """Send the action. Raises ActionRefused when nothing was sent and the approval still stands."""
    with desk.locked():
        task = desk.read(action_id)
        _check_approved(task)
        books = desk.books(task)
        try:
            WORKS[task.kind].recheck(books, task)
        except ActionRefused as refusal:
            if refusal.code not in VOID:
                raise
            desk.end(task, Status.approved, Status.failed, refusal.code, str(refusal))
            return
        content = _receipt(desk, task)
        if content is None:
            message = "The receipt's file was lost or changed on this machine. Nothing was written; propose it again."
            desk.end(task, Status.approved, Status.failed, "receipt_lost", message)
            return
        sight = WORKS[task.kind].look(books, task)
        task = _begin(desk, task, [*sight.exact, *sight.near])
        try:
            answer = _send(desk, books, task, content)
        except Refused as refused:
            message = f"FreshBooks refused it ({refused}). Nothing was written."
            desk.end(task, Status.dispatching, Status.failed, "refused_by_freshbooks", message)
        except NeverSent:
            message = "FreshBooks could not be reached. Nothing was sent; propose it again later."
            desk.end(task, Status.dispatching, Status.failed, "unreachable", message)
        except _NotUploaded:
            message = "The receipt could not be uploaded. The expense was not booked; propose it again later."
            desk.end(task, Status.dispatching, Status.failed, "receipt_not_uploaded", message)
        except Lost:
            _lose(desk, books, task, None)
        else:
            _conclude(desk, books, task, _record_id(task.kind, answer))


def _check_approved(task: Task) -> None:
    status = task.row["status"]
    if status != Status.approved:
        raise ActionRefused(
            "wrong_status", f"Only an approved action is sent; this one is {status}.", status=status
        )


def _receipt(desk: Desk, task: Task) -> bytes | None:
    """The receipt's bytes; empty when the action has none, None when they are gone."""
    if isinstance(task.preview, ExpensePreview) and task.preview.receipt:
        return receipts.kept(desk.home, task.preview.receipt.sha256)
    return b""


def _begin(desk: Desk, task: Task, before: list[int]) -> Task:
    """The point of no return, with the owner's caps checked in the same transaction."""
    with desk.ledger.transaction() as db:
        desk.ledger.expire(db)
        task = desk.ledger.task(db, task.id)
        _check_approved(task)
        rule = check_on(read_policy(db), task.kind)
        check_amount(rule, task.amount, task.row["currency"])
        check_day(db, rule, task.row, desk.clock)
        desk.ledger.move(
            db,
            task.id,
            [Status.approved],
            Status.dispatching,
            HUB,
            dispatched_at=stamp(desk.clock.now()),
            step=task.steps[0].name,
            baseline=json.dumps(before),
        )
        return desk.ledger.task(db, task.id)


def _send(desk: Desk, books: Books, task: Task, content: bytes) -> Json:
    first = task.steps[0]
    if first.name != UPLOAD:
        return books.api.send(first.method, first.path, first.body or "")
    key = _upload(desk, books, task, first, content)
    create = task.step("create")
    with desk.ledger.transaction() as db:
        desk.ledger.note(db, task.id, step=create.name, receipt_hash=digest_text(key))
    return books.api.send(create.method, create.path, with_key(create.body or "", first.receipt or "", key))


def _upload(desk: Desk, books: Books, task: Task, step: Step, content: bytes) -> str:
    """Upload the receipt; its key. Safe to repeat: an upload that no record names is nowhere in the books."""
    assert isinstance(task.preview, ExpensePreview)
    receipt = task.preview.receipt
    assert receipt is not None  # the step is there for it
    for attempt in range(1, desk.timing.attempts + 1):
        try:
            answer = books.api.upload(step.path, receipt.filename, receipt.media_type, content)
        except (Lost, NeverSent):
            answer = {}
        key = (single(answer, "attachment") or {}).get("jwt")
        if is_key(key):
            return str(key)
        desk.clock.sleep(attempt)
    raise _NotUploaded


def _record_id(kind: Kind, answer: Json) -> int | None:
    record = single(answer, "expense" if kind is Kind.create_expense else "invoice") or {}
    number = str(record.get("id") or "")
    return int(number) if number.isdigit() else None


def _conclude(desk: Desk, books: Books, task: Task, record_id: int | None) -> None:
    """An answer is no proof: the record is read back and compared (freshbooks-api.md 7.1)."""
    try:
        if record_id is not None and prove(desk, books, task, record_id) is None:
            return
    except ActionRefused:
        pass  # answered, but not readable now
    _lose(desk, books, task, record_id)


def _lose(desk: Desk, books: Books, task: Task, record_id: int | None) -> None:
    """Unknown from here on; one look at once, since most lost answers are settled by it."""
    mark_unknown(desk, task, CHECKING, record_id)
    settle(desk, books, desk.read(task.id))
