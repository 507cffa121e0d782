"""Actions, whole: what the agents' server, the web page and the command line call."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from freshbooks_hub.agent.actions.audit import Audit
from freshbooks_hub.agent.actions.ledger import Ledger
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Channel, Status
from freshbooks_hub.agent.actions.policy import Policy
from freshbooks_hub.agent.actions.tables import ledger_transaction
from freshbooks_hub.agent.actions.timing import Clock, Timing, stamp
from freshbooks_hub.home import Home

# The method `list` hides the type inside the class.
ActionList = list[Action]
Texts = list[str]
Taxes = list[dict[str, str]]


class Actions:
    """Proposals, approvals and what became of them, for one connection.

    `policy`: what the owner allows. `audit`: who did what. Everything raises HubError; a refusal is an
    ActionRefused, whose `code` is for programs. Calls may block for as long as FreshBooks takes to answer.
    """

    def __init__(self, home: Home, clock: Clock | None = None, timing: Timing | None = None) -> None:
        self._home = home
        self._clock = clock or Clock()
        self._timing = timing or Timing()
        self.audit = Audit(home, self._clock)
        self.policy = Policy(home, self.audit, self._clock)
        self._ledger = Ledger(home, self.audit, self._clock, self._timing)

    # -- what an agent may call

    def propose_draft_invoice(
        self,
        project: int | str,
        *,
        proposed_by: str,
        business_id: int | None = None,
        group_by: Literal["service", "person", "day"] = "service",
        hourly_rate: str | None = None,
        taxes: Texts | None = None,
        due_in_days: int | None = None,
        include_expenses: bool = True,
    ) -> Action:
        """A draft of the unbilled time and expenses of a completed project, by id or name.

        `hourly_rate` (decimal text) is for time whose rate FreshBooks does not tell; `taxes` are names of
        taxes, None: those of the client's latest invoice. Proposing the same again gives the same action.
        """
        raise NotImplementedError

    def propose_send_invoice(
        self,
        invoice: int | str,
        *,
        proposed_by: str,
        business_id: int | None = None,
        recipients: Texts | None = None,
        subject: str | None = None,
        body: str | None = None,
        include_pdf: bool = False,
    ) -> Action:
        """A mail with a draft invoice, by id or number, to the client's own addresses unless others are named.

        Refused with `already_sent` when it is not a draft.
        """
        raise NotImplementedError

    def propose_expense(
        self,
        *,
        proposed_by: str,
        vendor: str,
        date: str,
        amount: str,
        currency: str,
        category: int | str,
        business_id: int | None = None,
        taxes: Taxes | None = None,
        client: int | str | None = None,
        project: int | str | None = None,
        billable: bool = False,
        notes: str = "",
        receipt_path: str | Path | None = None,
        receipt_base64: str | None = None,
        receipt_name: str | None = None,
        another_purchase: bool = False,
    ) -> Action:
        """An expense, with its receipt by path (under the owner's folder) or as base64 bytes.

        `taxes`: up to two of `{"name", "amount", "percent"?}`, parts of `amount`. `another_purchase`: the user
        says that an equal expense is not the same one; the approver sees both.
        """
        raise NotImplementedError

    def list(self, status: Status | str | None = None) -> ActionList:
        """Actions, newest first."""
        return self._ledger.select(Status(status) if status else None)

    def get(self, action_id: str) -> Action:
        """One action; raises ActionRefused `not_found`."""
        return self._ledger.get(action_id)

    def newer_than(self, marts_published_at: datetime | None) -> ActionList:
        """Actions that the published marts cannot show yet; None: there are no marts."""
        raise NotImplementedError

    # -- what a person decides; never reached from an argument of a tool

    def approve(self, action_id: str, payload_hash: str, approver: str, channel: Channel | str) -> Action:
        """Approve exactly what was shown: `payload_hash` of the preview. Raises ActionRefused otherwise."""
        with ledger_transaction(self._home) as db:
            self._ledger.expire(db)
        with ledger_transaction(self._home) as db:
            task = self._ledger.task(db, action_id)
            if payload_hash != task.row["payload_hash"]:
                raise ActionRefused(
                    "hash_mismatch", "This is not the proposal that was shown. Look at it again."
                )
            self._ledger.move(
                db,
                action_id,
                [Status.proposed],
                Status.approved,
                approver,
                channel=Channel(channel),
                approved_by=approver,
                approved_channel=Channel(channel).value,
                approved_hash=payload_hash,
                approved_at=stamp(self._clock.now()),
            )
        self.audit.mirror()
        return self.get(action_id)

    def refuse(self, action_id: str, approver: str, channel: Channel | str) -> Action:
        """Turn a proposal down, or take an unused approval back."""
        raise NotImplementedError

    # -- sending

    def dispatch(self, action_id: str) -> Action:
        """Send an approved action, once. The answer's status says how it ended; `unknown`: see `reconcile`."""
        raise NotImplementedError

    def reconcile(self) -> ActionList:
        """Settle what is `unknown` by reading FreshBooks, and what a killed process left; the changed ones."""
        raise NotImplementedError
