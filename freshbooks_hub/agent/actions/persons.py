"""What only a person can settle: which record it was, and that a deleted one may be made again."""

from __future__ import annotations

from freshbooks_hub.agent.actions import idempotency_keys
from freshbooks_hub.agent.actions.audit import Audit
from freshbooks_hub.agent.actions.desk import Desk
from freshbooks_hub.agent.actions.models import ActionRefused, Channel, Kind, Status


def resolve(
    desk: Desk, audit: Audit, action_id: str, record_id: int | None, who: str, channel: Channel
) -> None:
    """End an action that needs a person: this record it is, or (None) none of them."""
    with desk.locked():
        task = desk.read(action_id)
        if task.row["status"] != Status.needs_person:
            raise ActionRefused("wrong_status", "Only an action that needs a person can be settled so.")
        if record_id is not None:
            if not desk.confirm(desk.books(task), task, record_id):
                raise ActionRefused("record_unknown", "FreshBooks has no such record.")
        else:
            message = "A person found that FreshBooks does not have it."
            desk.end(task, Status.needs_person, Status.absent, "absent", message)
        with desk.ledger.transaction() as db:
            audit.append(db, "resolved", who, action_id=action_id, channel=channel, record_id=record_id)


def release(desk: Desk, audit: Audit, action_id: str, who: str, channel: Channel) -> None:
    """Free what a confirmed action holds, once its record is deleted in FreshBooks."""
    task = desk.read(action_id)
    if task.row["status"] != Status.confirmed or task.kind is Kind.send_invoice:
        raise ActionRefused("wrong_status", "Only a drafted invoice or a booked expense can be released.")
    if not desk.gone(task):
        raise ActionRefused("still_there", "The record is still in FreshBooks. Delete it there first.")
    with desk.ledger.transaction() as db:
        idempotency_keys.free(db, action_id)
        audit.append(db, "released", who, action_id=action_id, channel=channel)
