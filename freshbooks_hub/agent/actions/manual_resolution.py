"""What only a person can say of an action that was sent: how it ended, that its record is gone, or that it is to go."""

from __future__ import annotations

from datetime import datetime

from freshbooks_hub.agent.actions.action_store import ActionStore, as_action
from freshbooks_hub.agent.actions.delivery import Delivery
from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.models import UNDONE, ActionRefused, Status, Timing
from freshbooks_hub.core.clock import SystemClock, exact_stamp


class ManualResolution:
    """Of the actions of one connection; it reads FreshBooks by way of their delivery. Raises ActionRefused."""

    def __init__(self, delivery: Delivery, store: ActionStore, clock: SystemClock, timing: Timing) -> None:
        self._delivery, self._store, self._clock, self._timing = delivery, store, clock, timing

    def resolve(self, action_id: str, record_id: int | None) -> None:
        """End an action that needs a person: this record it is, or (None) none of them. The caller holds the lock."""
        action = self._store.read(action_id)
        if action.row["status"] != Status.needs_person:
            raise ActionRefused("wrong_status", "Only an action that needs a person can be settled so.")
        if record_id is None:
            message = "A person found that FreshBooks does not have it."
            self._delivery.end(action, Status.needs_person, Status.absent, "absent", message)
        elif not self._delivery.confirm(self._delivery.context(action), action, record_id):
            raise ActionRefused("record_unknown", "FreshBooks has no such record.")

    def check_gone(self, action_id: str) -> None:
        """Raises ActionRefused unless the record of a confirmed action is deleted in FreshBooks."""
        action = self._store.read(action_id)
        exists = KINDS[action.kind].exists
        if action.row["status"] != Status.confirmed or exists is None:
            raise ActionRefused(
                "wrong_status", "Only a confirmed action whose record can be deleted can be released."
            )
        if exists(self._delivery.context(action).books, int(action.row["record_id"])):
            raise ActionRefused("still_there", "The record is still in FreshBooks. Delete it there first.")

    def undo(self, action_id: str, who: str) -> None:
        """Delete in FreshBooks what a confirmed action made, and let it be proposed again; may be repeated.

        Raises ActionRefused when it cannot be undone (any more), or is not surely done.
        """
        with self._delivery.locked():
            action = self._store.read(action_id)
            undo, result = KINDS[action.kind].undo, as_action(action.row).result
            if undo is None or action.row["status"] != Status.confirmed or result is None:
                raise ActionRefused("no_undo", "FreshBooks has no way to undo this, or it was not done.")
            if result.code == UNDONE:
                raise ActionRefused("wrong_status", "This was undone already.")
            if self._clock.now() - datetime.fromisoformat(action.row["dispatched_at"]) > self._timing.undo:
                raise ActionRefused("too_late", "It was done more than a day ago. Change it in FreshBooks.")
            undo(self._delivery.context(action).books, action, int(action.row["record_id"]))
            changed = result.model_copy(
                update={"code": UNDONE, "message": f"Undone by {who}: it is deleted in FreshBooks."}
            )
            # It counts as finished now, so that the marts are synced after it.
            self._delivery.note(
                action.id, result=changed.model_dump_json(), finished_at=exact_stamp(self._clock.now())
            )
