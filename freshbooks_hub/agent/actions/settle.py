"""Settle what is unknown by reading FreshBooks: confirmed, absent after a waiting time, or for a person.

No marker is put on the documents, since every free field of an invoice shows on it (freshbooks-api.md 3.6, 7.8).
A record is ours when all fields that were sent agree, it was not there right before the request, and no other
action made it; of an expense with a receipt, the key of our own upload is proof by itself.
"""

from __future__ import annotations

import json
from datetime import datetime

from freshbooks_hub.agent.actions.action_store import Task, as_action
from freshbooks_hub.agent.actions.books import Books
from freshbooks_hub.agent.actions.desk import HUB, WORKS, Desk
from freshbooks_hub.agent.actions.models import ActionRefused, Result, Status
from freshbooks_hub.agent.actions.timing import stamp
from freshbooks_hub.agent.actions.work import Sight

# A reading may miss what was just written (freshbooks-api.md 9), so one that finds nothing is not enough.
EMPTY_READS = 2
ORPHANED = "The process that sent it ended before the answer. It is being looked up; do not repeat it."


def reconcile(desk: Desk) -> list[str]:
    """Take over what dead processes left, settle what is unknown, link what is not linked; the ids that moved."""
    moved = []
    with desk.locked():
        for task in desk.ledger.tasks(Status.dispatching):
            # Whoever sends holds the lock, and we hold it: that process is dead.
            mark_unknown(desk, task, ORPHANED)
        for task in desk.ledger.tasks(Status.unknown):
            settle(desk, desk.books(task), task)
            if desk.read(task.id).row["status"] != Status.unknown:
                moved.append(task.id)
        for task in desk.ledger.tasks(Status.confirmed):
            result = as_action(task.row).result
            if result is not None and result.linked_in_freshbooks is None:
                desk.follow_up(desk.books(task), task, result)
    return moved


def mark_unknown(desk: Desk, task: Task, message: str, record_id: int | None = None) -> None:
    """What was sent has no clear answer; `record_id`: the one that FreshBooks named, if it did."""
    with desk.ledger.transaction() as db:
        desk.ledger.move(
            db,
            task.id,
            [Status.dispatching],
            Status.unknown,
            HUB,
            result=Result(code="unknown", message=message, record_id=record_id),
            record_id=record_id,
            unknown_since=stamp(desk.clock.now()),
        )


def prove(desk: Desk, books: Books, task: Task, known: int | None) -> Sight | None:
    """Find the record and confirm the action; else what was seen. `known`: the id that FreshBooks answered.

    Raises ActionRefused when FreshBooks cannot be read.
    """
    before = set(json.loads(task.row["baseline"] or "[]")) | desk.ledger.records(task)
    sight = WORKS[task.kind].look(books, task).without(before)
    # Several: the request arrived twice, or a person did the same. Which one it is, we do not guess.
    if len(sight.exact) <= 1:
        candidates = [known] if known is not None else [*sight.exact]
        if any(desk.confirm(books, task, number) for number in candidates):
            return None
    return sight


def settle(desk: Desk, books: Books, task: Task) -> None:
    """One look at FreshBooks for an unknown action. What cannot be read now stays unknown."""
    if task.row["step"] == "upload":
        message = "It ended before the expense was sent; only the receipt may have been uploaded."
        desk.end(task, Status.unknown, Status.absent, "not_sent", message)
        return
    try:
        sight = prove(desk, books, task, task.row["record_id"])
    except ActionRefused:
        return
    if sight is None:
        return
    if len(sight.exact) > 1:
        numbers = ", ".join(map(str, sight.exact[:10]))
        message = (
            f"FreshBooks has it several times ({numbers}). A person says which it is, and deletes the others."
        )
        desk.end(task, Status.unknown, Status.needs_person, "several_matches", message)
        return
    reads = task.row["empty_reads"] + 1
    with desk.ledger.transaction() as db:
        desk.ledger.note(db, task.id, empty_reads=reads)
    waited = desk.clock.now() - datetime.fromisoformat(task.row["unknown_since"])
    if waited < desk.timing.absent_after or reads < EMPTY_READS:
        return
    if sight.exact or sight.near:
        numbers = ", ".join(map(str, [*sight.exact, *sight.near][:10]))
        message = f"FreshBooks has a record like it ({numbers}), but not equal. A person says whether it is."
        desk.end(task, Status.unknown, Status.needs_person, "near_match", message)
        return
    message = "FreshBooks does not have it: the request never took effect. It may be proposed again."
    desk.end(task, Status.unknown, Status.absent, "absent", message)
