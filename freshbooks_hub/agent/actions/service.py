"""Actions, whole: what the agents' server, the web page and the command line call."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from freshbooks_hub.agent.actions import dispatch as sending
from freshbooks_hub.agent.actions import idempotency_keys, persons, proposing, receipts
from freshbooks_hub.agent.actions import settle as settling
from freshbooks_hub.agent.actions.action_store import Ledger, Prepared
from freshbooks_hub.agent.actions.audit import Audit
from freshbooks_hub.agent.actions.books import Books
from freshbooks_hub.agent.actions.desk import Desk
from freshbooks_hub.agent.actions.draft_invoice import DraftRequest
from freshbooks_hub.agent.actions.draft_invoice import prepare as prepare_draft
from freshbooks_hub.agent.actions.expense import prepare as prepare_expense
from freshbooks_hub.agent.actions.models import (
    WAITING,
    Action,
    ActionRefused,
    Channel,
    Kind,
    Result,
    Status,
)
from freshbooks_hub.agent.actions.place import NAME_LIMIT, find_place
from freshbooks_hub.agent.actions.policy import Policy, check_amount, check_on, read_policy
from freshbooks_hub.agent.actions.purchase import ExpenseRequest
from freshbooks_hub.agent.actions.send_invoice import SendRequest
from freshbooks_hub.agent.actions.send_invoice import prepare as prepare_send
from freshbooks_hub.agent.actions.stale_marts import newer_actions, start_stale_sync
from freshbooks_hub.agent.actions.tables import ledger_transaction
from freshbooks_hub.agent.actions.timing import Clock, Timing, stamp
from freshbooks_hub.agent.untrusted import clean
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home

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
        self._desk = Desk(home, self._ledger, self._clock, self._timing)

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
        books = self._books(Kind.draft_invoice, business_id)
        asked = DraftRequest(
            project=project,
            group_by=group_by,
            hourly_rate=proposing.rate(hourly_rate),
            taxes=tuple(taxes) if taxes is not None else None,
            due_in_days=due_in_days,
            include_expenses=include_expenses,
        )
        prepared = prepare_draft(books, asked, self.policy.view(), self._holders, self._clock.now())
        return self._propose(prepared, proposed_by)

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
        books = self._books(Kind.send_invoice, business_id)
        chosen = tuple(recipients) if recipients else None
        prepared = prepare_send(books, SendRequest(invoice, chosen, subject, body, include_pdf))
        return self._propose(prepared, proposed_by)

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
        books = self._books(Kind.create_expense, business_id)
        file = self._receipt(receipt_path, receipt_base64, receipt_name)
        if file:
            key = idempotency_keys.receipt(books.place.business_id, file.receipt.sha256)
            self._check_receipt(key)
        asked = ExpenseRequest(
            vendor=vendor,
            date=date,
            amount=amount,
            currency=currency,
            category=category,
            taxes=tuple(taxes or ()),
            client=client,
            project=project,
            billable=billable,
            notes=notes,
            receipt=file.receipt if file else None,
            another_purchase=another_purchase,
        )
        prepared = prepare_expense(books, asked, self._clock.now())
        action = self._propose(prepared, proposed_by)
        if file:
            receipts.keep(self._home, file)
        return action

    def newer_than(self, marts_published_at: datetime | None) -> ActionList:
        """Actions that the published marts cannot show yet, newest first; None: there are no marts."""
        return newer_actions(self._home, marts_published_at)

    # -- what a person decides; never reached from an argument of a tool

    def approve(self, action_id: str, payload_hash: str, approver: str, channel: Channel | str) -> Action:
        """Approve exactly what was shown: `payload_hash` of the preview. Raises ActionRefused otherwise."""
        approver = clean(approver, NAME_LIMIT)
        if not approver:
            raise ActionRefused("approver_missing", "An approval needs the name of the person who gives it.")
        with self._ledger.transaction() as db:
            self._ledger.expire(db)
            task = self._ledger.task(db, action_id)
            if payload_hash != task.row["payload_hash"]:
                raise ActionRefused(
                    "hash_mismatch", "This is not the proposal that was shown. Look at it again."
                )
            rule = check_on(read_policy(db), task.kind)
            check_amount(rule, task.amount, task.row["currency"])
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
        return self.get(action_id)

    def refuse(self, action_id: str, approver: str, channel: Channel | str) -> Action:
        """Turn a proposal down, or take an unused approval back."""
        result = Result(code="refused", message="It was turned down. Nothing was written.")
        with self._ledger.transaction() as db:
            self._ledger.expire(db)
            self._ledger.move(
                db, action_id, WAITING, Status.refused, approver, channel=Channel(channel), result=result
            )
        self._desk.clear_receipts()
        return self.get(action_id)

    def resolve(self, action_id: str, record_id: int | None, approver: str, channel: Channel | str) -> Action:
        """A person settles what `needs_person`: this record it is, or (None) none of them."""
        persons.resolve(self._desk, self.audit, action_id, record_id, approver, Channel(channel))
        return self.get(action_id)

    def release(self, action_id: str, approver: str, channel: Channel | str) -> Action:
        """Let the time, expense or receipt of a confirmed action be used again: its record must be deleted."""
        persons.release(self._desk, self.audit, action_id, approver, Channel(channel))
        return self.get(action_id)

    # -- sending

    def dispatch(self, action_id: str) -> Action:
        """Send an approved action, once. The answer's status says how it ended; `unknown`: see `reconcile`.

        Raises ActionRefused when nothing was sent and the approval still stands.
        """
        sending.dispatch(self._desk, action_id)
        start_stale_sync(self._home)
        return self.get(action_id)

    def reconcile(self) -> ActionList:
        """Settle what is `unknown` by reading FreshBooks, and what a killed process left; the changed ones."""
        self._desk.clear_receipts()
        moved = settling.reconcile(self._desk)
        start_stale_sync(self._home)
        return [self.get(action_id) for action_id in moved]

    # -- within

    def _books(self, kind: Kind, business_id: int | None) -> Books:
        check_on(self.policy.view(), kind)
        api = self._desk.api()
        config = ConnectionStore(self._home.connection).load().config
        return Books(api, find_place(api, config.get("business_ids"), business_id))

    def _propose(self, prepared: Prepared, who: str) -> Action:
        return self.get(proposing.propose(self._ledger, prepared, clean(who, NAME_LIMIT)))

    def _receipt(
        self, path: str | Path | None, content: str | None, name: str | None
    ) -> receipts.File | None:
        if path is not None and content is not None:
            raise ActionRefused("two_receipts", "Give the receipt by path or as bytes, not both.")
        if path is not None:
            return receipts.from_path(path, self.policy.view().receipts_folder)
        return receipts.from_base64(content, name) if content is not None else None

    def _check_receipt(self, key: str) -> None:
        """A receipt that was booked is known before FreshBooks is asked for look-alikes."""
        holder = self._holders([key]).get(key)
        if holder and holder[1] is Status.confirmed:
            proposing.check_free({key: holder})

    def _holders(self, keys: Texts) -> dict[str, tuple[str, Status]]:
        with ledger_transaction(self._home) as db:
            return idempotency_keys.holders(db, keys)

    # -- reading the ledger (last, because its name hides the type)

    def get(self, action_id: str) -> Action:
        """One action; raises ActionRefused `not_found`."""
        return self._ledger.get(action_id)

    def list(self, status: Status | str | None = None) -> ActionList:
        """Actions, newest first."""
        return self._ledger.select(Status(status) if status else None)
