"""Four scripted agents, an approver, and what must hold whatever they and the network do."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from freshbooks_hub.agent.actions.kinds.create_expense.request import (
    CreateExpensePreview,
    CreateExpenseRequest,
)
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoiceRequest
from freshbooks_hub.agent.actions.kinds.send_invoice.request import SendInvoicePreview, SendInvoiceRequest
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Status
from freshbooks_hub.core.errors import HubError
from integration_tests.agent.acting import Firm

Propose = Callable[[], Action]
# Reads and writes alike may meet these; `duplicate` has a test of its own, for a mail cannot be taken back.
TROUBLE: tuple[dict[str, Any], ...] = (
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "slow", "seconds": 0.05},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "rate_limited", "seconds": 3},
    {"kind": "expire_token"},
    {"kind": "status", "status": 401, "body": {"error": "unauthenticated"}},
    {"kind": "truncate"},
    {"kind": "not_json"},
    {"kind": "error_200"},
)


@dataclass
class Intents:
    """What the user wants once each: a project billed, that invoice mailed, a purchase booked."""

    firm: Firm
    project: dict[str, Any] = field(init=False)
    invoice: dict[str, Any] = field(init=False)
    vendor: str = field(init=False)

    def __post_init__(self) -> None:
        self.project = self.firm.finished_project()
        self.invoice = self.firm.draft()
        self.vendor = f"Vendor {self.project['id']}"

    def draft(self) -> Action:
        return self.firm.actions.propose(
            DraftInvoiceRequest(project_id=self.project["id"], taxes=[]), "agent"
        )

    def mail(self) -> Action:
        return self.firm.actions.propose(SendInvoiceRequest(invoice_id=self.invoice["id"]), "agent")

    def expense(self) -> Action:
        return self.firm.actions.propose(
            CreateExpenseRequest(
                vendor=self.vendor, date="2026-10-30", amount="54.00", currency="USD", category="Hardware"
            ),
            "agent",
        )

    @property
    def all(self) -> tuple[Propose, ...]:
        return (self.draft, self.mail, self.expense)

    def written(self) -> dict[str, int]:
        """How often each intent is in the books, and how many mails left."""
        invoices = [
            row
            for row in self.firm.rows("invoices").values()
            if row["customerid"] == self.project["client_id"] and row["vis_state"] == 0
        ]
        expenses = [
            row
            for row in self.firm.rows("expenses").values()
            if row["vendor"] == self.vendor and row["vis_state"] == 0
        ]
        mails = [mail for mail in self.firm.sandbox.outbox if mail["id"] == self.invoice["id"]]
        return {
            "draft_invoice": len(invoices),
            "send_invoice": len(mails),
            "create_expense": len(expenses),
        }


def carefully(intents: Intents) -> None:
    """Proposes once, asks the person, waits for the answer."""
    for which in range(3):
        one_by_one(intents, which)


def one_by_one(intents: Intents, which: int) -> None:
    """One intent, as the careful agent does it."""
    action = _tried(intents.all[which])
    if action is not None:
        _sent(intents.firm, action)


def retrying(intents: Intents) -> None:
    """Repeats every call, whether it failed or not."""
    for propose in intents.all:
        for _ in range(3):
            action = _tried(propose)
            if action is not None:
                for _ in range(2):
                    _sent(intents.firm, action)


def greedily(intents: Intents) -> None:
    """Proposes everything in every way, then has all of it approved and sent, twice over."""
    firm = intents.firm
    for _ in range(2):
        for propose in (
            *intents.all,
            lambda: firm.actions.propose(
                DraftInvoiceRequest(project_id=intents.project["id"], taxes=["HST"], group_by="day"), "agent"
            ),
            lambda: firm.actions.propose(
                SendInvoiceRequest(invoice_id=intents.invoice["id"], include_pdf=True), "agent"
            ),
        ):
            _tried(propose)
        for action in firm.actions.list():
            _sent(firm, action)


def hostilely(intents: Intents) -> None:
    """Approves for itself, guesses ids and hashes, and never asks a person."""
    firm = intents.firm
    made = [action for action in (_tried(propose) for propose in intents.all) if action is not None]
    ids = [action.id for action in made] + ["1", "0" * 12, "' OR 1=1 --", "../../etc/passwd"]
    for action_id in ids:
        for guess in ("", "0" * 64, "approved", "true"):
            _tried(lambda a=action_id, g=guess: firm.actions.approve(a, g, "owner", "web"))
        for channel in ("agent", "tool", "mcp", ""):
            for action in made:
                try:
                    firm.actions.approve(action.id, action.payload_hash, "agent", channel)
                except ValueError:
                    continue
                raise AssertionError(f"approved through {channel!r}")
        _tried(lambda a=action_id: firm.actions.dispatch(a))
        _tried(lambda a=action_id: firm.actions.resolve(a, 1, "agent", "web"))


AGENTS = {"careful": carefully, "retrying": retrying, "greedy": greedily, "hostile": hostilely}


def add_trouble(firm: Firm, dice: random.Random, most: int = 6) -> None:
    """A random fault schedule."""
    for _ in range(dice.randint(1, most)):
        fault = dict(dice.choice(TROUBLE))
        fault["skip"] = dice.randint(0, 40)
        fault["times"] = dice.choice((1, 1, 1, 2, 5))
        fault["method"] = dice.choice((None, None, "POST", "PUT", "GET"))
        firm.sandbox.faults.add(**fault)


def settle_all(firm: Firm) -> None:
    """The network is well again, and time passes."""
    firm.sandbox.faults.clear()
    for _ in range(4):
        firm.actions.settle()
        firm.clock.advance(minutes=8)


def check(intents: Intents) -> None:
    """At most one of each, no mail without approval, the ledger equals the books, the log holds."""
    firm, written = intents.firm, intents.written()
    actions = firm.actions.list()
    for action in actions:
        assert action.status not in (Status.unknown, Status.dispatching), action
        if action.status not in (Status.proposed, Status.refused, Status.expired):
            assert action.approved_by == "owner", action
    for kind, count in written.items():
        assert count <= 1, (kind, count)
        mine = [action for action in actions if action.kind == kind and _is_of(action, intents)]
        confirmed = [action for action in mine if action.status is Status.confirmed]
        assert len(confirmed) == count, (kind, count, [(a.status, a.result) for a in mine])
        assert not [action for action in mine if action.status is Status.needs_person]
    assert firm.actions.audit.verify().ok


def _is_of(action: Action, intents: Intents) -> bool:
    preview = action.preview
    if isinstance(preview, SendInvoicePreview):
        return preview.invoice_id == intents.invoice["id"]
    if isinstance(preview, CreateExpensePreview):
        return preview.vendor == intents.vendor
    return preview.project_id == intents.project["id"]


def _tried(call: Propose) -> Action | None:
    """The call's action, or None when it was refused or FreshBooks was not to be read."""
    try:
        return call()
    except ActionRefused:
        return None


def _sent(firm: Firm, action: Action) -> None:
    """The person approves what waits; sending is tried until it is settled or refused."""
    try:
        now = firm.actions.get(action.id)
        if now.status is Status.proposed:
            firm.approve(now)
        firm.actions.dispatch(action.id)
    except HubError:
        pass


def undo_rates(firm: Firm) -> None:
    """Every intent has a client and mails of its own, so the caps of a day are not what is tested."""
    firm.allow(per_day=10_000, per_recipient_per_day=10_000)
