"""The life of an action from proposal to result: what the agents' server, the web page and the command line call."""

from __future__ import annotations

from datetime import datetime

from freshbooks_hub.agent.actions import receipts
from freshbooks_hub.agent.actions.action_kind import ActionRequest, ProposalContext, check_free
from freshbooks_hub.agent.actions.action_store import ActionStore, as_action
from freshbooks_hub.agent.actions.api import Api
from freshbooks_hub.agent.actions.audit import Audit
from freshbooks_hub.agent.actions.books import NAME_LIMIT, Books, resolve_business
from freshbooks_hub.agent.actions.delivery import Delivery
from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.models import (
    UNDONE,
    WAITING,
    Action,
    ActionRefused,
    Channel,
    Result,
    Status,
    Timing,
)
from freshbooks_hub.agent.actions.policy import Policy, check_amount, check_cool_down, check_on, read_policy
from freshbooks_hub.agent.actions.stale_marts import newer_actions, start_stale_sync
from freshbooks_hub.agent.text import clean
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import SystemClock, exact_stamp
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.assumptions import Assumptions

# The method `list` hides the type inside the class.
ActionList = list[Action]


class ActionService:
    """Proposals, approvals and their results, for one connection.

    `policy`: what the owner allows. `audit`: who did what. Everything raises HubError; a refusal is an
    ActionRefused, whose `code` is for programs. Calls may block for as long as FreshBooks takes to answer.
    """

    def __init__(self, home: Home, clock: SystemClock | None = None, timing: Timing | None = None) -> None:
        self._home = home
        self._marts = home.marts
        self._connection = ConnectionStore(home.connection)
        self._assumptions = Assumptions(home)
        self._clock = clock or SystemClock()
        self._timing = timing = timing or Timing()
        self.audit = Audit(home, self._clock)
        writes = {kind.write: kind.has_amount for kind in KINDS.values()}
        self.policy = Policy(home, self.audit, self._clock, writes)
        self._store = ActionStore(home, self.audit, self._clock, timing)
        self._delivery = Delivery(home, self._store, self._clock, timing)

    # -- what an agent may call

    def propose(self, request: ActionRequest, proposed_by: str) -> Action:
        """The proposal, or the unfinished action that would send exactly the same.

        Raises ActionRefused when writes are off, it is over a cap, another action has a part of it already, or the
        books do not allow it.
        """
        kind = next(kind for kind in KINDS.values() if kind.request is type(request))
        with self._store.transaction() as db:
            policy, owners = read_policy(db), self._store.owners(db)
        check_on(policy, kind.write)
        api = Api.of(self._home, self._clock, self._timing)
        allowed = self._connection.load().config.get("business_ids")
        project = getattr(request, "project_id", None)
        business = resolve_business(api, allowed, request.business_id, project)
        links = self._assumptions.links(business.business_id)
        context = ProposalContext(Books(api, business), policy, owners, self._clock.now(), links)
        proposal = kind.prepare(context, request)
        with self._store.transaction() as db:
            self._store.expire(db)
            rule = check_on(read_policy(db), kind.write)
            check_amount(rule, proposal.amount, proposal.preview.currency)
            action_id = self._store.same(db, kind, business, proposal)
            if action_id is None:
                check_free(self._store.owners(db), proposal.keys)
                who = clean(proposed_by, NAME_LIMIT)
                action_id = self._store.insert(db, kind, business, proposal, who)
                check_cool_down(db, self._store.row(db, action_id), kind.cool_down, self._clock)
            action = self._store.action(db, action_id)
        if proposal.file:
            receipts.keep(self._home, proposal.file)
        return action

    def act(self, request: ActionRequest, proposed_by: str) -> Action:
        """Propose it, and do it at once as far as the owner's standing permission covers it; else it waits.

        Raises ActionRefused as `propose` does.
        """
        action = self.propose(request, proposed_by)
        with self._store.transaction() as db:
            standing = read_policy(db).rule(KINDS[action.kind].write).unattended
        if action.status is not Status.proposed or standing is None:
            return action
        try:
            self._delivery.send(action.id, unattended=True)
        except ActionRefused:
            return self.get(action.id)  # it waits for a person, as any other
        self._sync_stale_marts()
        return self.get(action.id)

    def newer_than(self, marts_published_at: datetime | None) -> ActionList:
        """Actions that the published marts cannot show yet, newest first; None: there are no marts."""
        return newer_actions(self._home, marts_published_at)

    # -- what a person decides; never reached from an argument of a tool

    def approve(self, action_id: str, payload_hash: str, approver: str, channel: Channel | str) -> Action:
        """Approve exactly what was shown, identified by the preview's `payload_hash`. Raises ActionRefused."""
        channel = Channel.of_person(channel)
        approver = clean(approver, NAME_LIMIT)
        if not approver:
            raise ActionRefused("approver_missing", "An approval needs the name of the person who gives it.")
        with self._store.transaction() as db:
            self._store.expire(db)
            action = self._store.stored(db, action_id)
            if payload_hash != action.row["payload_hash"]:
                raise ActionRefused(
                    "hash_mismatch", "This is not the proposal that was shown. Look at it again."
                )
            rule = check_on(read_policy(db), KINDS[action.kind].write)
            check_amount(rule, action.amount, action.row["currency"])
            self._store.approve(db, action, approver, channel)
            return self._store.action(db, action_id)

    def reject(self, action_id: str, approver: str, channel: Channel | str) -> Action:
        """Turn a proposal down, or take an unused approval back."""
        result = Result(code="refused", message="It was rejected. Nothing was written.")
        with self._store.transaction() as db:
            self._store.expire(db)
            self._store.move(
                db,
                action_id,
                WAITING,
                Status.refused,
                approver,
                channel=Channel.of_person(channel),
                result=result,
            )
            action = self._store.action(db, action_id)
        self._store.clear_receipts()
        return action

    def resolve(self, action_id: str, record_id: int | None, approver: str, channel: Channel | str) -> Action:
        """A person settles what `needs_person`: this record it is, or (None) none of them."""
        channel = Channel.of_person(channel)
        with self._delivery.locked():
            action = self._store.read(action_id)
            if action.row["status"] != Status.needs_person:
                raise ActionRefused("wrong_status", "Only an action that needs a person can be settled so.")
            if record_id is None:
                message = "A person found that FreshBooks does not have it."
                self._delivery.end(action, Status.needs_person, Status.absent, "absent", message)
            elif not self._delivery.confirm(self._delivery.context(action), action, record_id):
                raise ActionRefused("record_unknown", "FreshBooks has no such record.")
            with self._store.transaction() as db:
                self.audit.append(
                    db, "resolved", approver, action_id=action_id, channel=channel, record_id=record_id
                )
                return self._store.action(db, action_id)

    def release(self, action_id: str, approver: str, channel: Channel | str) -> Action:
        """Make the time, expense or receipt of a confirmed action available again: its record must be deleted."""
        channel = Channel.of_person(channel)
        action = self._store.read(action_id)
        exists = KINDS[action.kind].exists
        if action.row["status"] != Status.confirmed or exists is None:
            raise ActionRefused(
                "wrong_status", "Only a confirmed action whose record can be deleted can be released."
            )
        if exists(self._delivery.context(action).books, int(action.row["record_id"])):
            raise ActionRefused("still_there", "The record is still in FreshBooks. Delete it there first.")
        return self._released(action_id, "released", approver, channel)

    def undo(self, action_id: str, approver: str, channel: Channel | str) -> Action:
        """Delete in FreshBooks what a confirmed action made there, within a day; it may be proposed again then.

        Raises ActionRefused when that cannot be, or may not be done yet: repeat it then.
        """
        channel, approver = Channel.of_person(channel), clean(approver, NAME_LIMIT)
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
                update={"code": UNDONE, "message": f"Undone by {approver}: it is deleted in FreshBooks."}
            )
            # It counts as finished now, so that the marts are synced after it.
            self._delivery.note(
                action.id, result=changed.model_dump_json(), finished_at=exact_stamp(self._clock.now())
            )
        undone = self._released(action_id, "undone", approver, channel)
        self._sync_stale_marts()
        return undone

    def may_undo(self, action: Action) -> bool:
        """Whether `undo` may be tried now; whether it can, FreshBooks says then."""
        kind = KINDS.get(action.kind)
        if action.status is not Status.confirmed or kind is None or kind.undo is None:
            return False
        done, result = action.dispatched_at, action.result
        if done is None or result is None or result.code == UNDONE:
            return False
        return self._clock.now() - done <= self._timing.undo

    def _released(self, action_id: str, event: str, approver: str, channel: Channel) -> Action:
        with self._store.transaction() as db:
            self._store.release_keys(db, action_id)
            self.audit.append(db, event, approver, action_id=action_id, channel=channel)
            return self._store.action(db, action_id)

    # -- sending

    def dispatch(self, action_id: str) -> Action:
        """Send an approved action, once. The returned status says how it ended; `unknown`: see `settle`.

        Raises ActionRefused when nothing was sent and the approval still stands.
        """
        self._delivery.send(action_id)
        self._sync_stale_marts()
        return self.get(action_id)

    def settle(self) -> ActionList:
        """Settle `unknown` actions by reading FreshBooks, and those of a killed process; returns the changed ones."""
        moved = self._delivery.settle()
        self._sync_stale_marts()
        return [self.get(action_id) for action_id in moved]

    def settle_open(self) -> None:
        """`settle`, if anything was sent whose end is not known; without that, FreshBooks is not asked."""
        if self.list(Status.unknown) or self.list(Status.dispatching):
            self.settle()
        else:
            self._store.clear_receipts()  # of proposals that have expired

    def _sync_stale_marts(self) -> None:
        """Sync so that the published marts show what was written; without marts there is nothing to update."""
        if self._marts.exists():
            start_stale_sync(self._home)

    # -- reading (last, because a name hides the type)

    def get(self, action_id: str) -> Action:
        """One action; raises ActionRefused `not_found`."""
        return self._store.get(action_id)

    def list(self, status: Status | str | None = None) -> ActionList:
        """Actions, newest first."""
        return self._store.select(Status(status) if status else None)
