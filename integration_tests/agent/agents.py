"""Four scripted agents, an approver, and what must hold whatever they and the network do."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from freshbooks_hub.agent.actions.action_kind import ActionRequest
from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.kinds.create_client import CreateClientRequest
from freshbooks_hub.agent.actions.kinds.create_estimate import CreateEstimateRequest
from freshbooks_hub.agent.actions.kinds.create_expense.request import CreateExpenseRequest
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoiceRequest
from freshbooks_hub.agent.actions.kinds.log_time import LogTimeRequest
from freshbooks_hub.agent.actions.kinds.mark_invoice_sent import MarkInvoiceSentRequest
from freshbooks_hub.agent.actions.kinds.record_payment.request import RecordPaymentRequest
from freshbooks_hub.agent.actions.kinds.send_invoice.request import SendInvoiceRequest
from freshbooks_hub.agent.actions.kinds.send_reminder.request import SendReminderRequest
from freshbooks_hub.agent.actions.kinds.start_timer import StartTimerRequest
from freshbooks_hub.agent.actions.kinds.stop_timer import StopTimerRequest
from freshbooks_hub.agent.actions.kinds.update_client import UpdateClientRequest
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Status
from freshbooks_hub.core.errors import HubError
from integration_tests.agent.acting import Firm

Propose = Callable[[], Action]
# Every intent has a client and mails of its own, so the caps of a day are not what is tested.
UNCAPPED = {"per_day": 10_000, "per_recipient_per_day": 10_000}
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


@dataclass(frozen=True)
class Intent:
    """What the user wants once. `write`: path (a glob) and method of the request that does it.

    `mine` picks what it made out of the rows of `table`, or of the mails; where it changes a record that was there, the
    record as changed. `is_of`: whether a preview is of it.
    """

    request: ActionRequest
    write: tuple[str, str]
    table: str
    mine: Callable[[dict[str, Any]], bool]
    is_of: Callable[[Any], bool]


class Intents:
    """What the user wants once each, of every kind or of some."""

    def __init__(self, firm: Firm, kinds: Iterable[str] = KINDS) -> None:
        self.firm = firm
        self.project = firm.finished_project()
        self.invoice = firm.draft()
        every = self._every()
        assert list(every) == list(KINDS)
        self.all = {kind: every[kind] for kind in kinds}

    def _every(self) -> dict[str, Intent]:
        firm, mark = self.firm, f"{self.project['id']}"
        marked, owed, overdue = firm.draft(), firm.sent_invoice(), firm.sent_invoice()
        worked = firm.project(firm.client()["id"], complete=False)
        changed, estimated = firm.client(bus_phone="1"), firm.client()
        timed, stopped = (firm.project(firm.client()["id"], complete=False) for _ in range(2))
        timer = firm.timer(stopped, 57, None)
        lines = [{"name": "Work", "unit_cost": "150.00"}]
        invoices, mails = "*/invoices/invoices", "outbox"
        return {
            "draft_invoice": Intent(
                DraftInvoiceRequest(project_id=self.project["id"], taxes=[]),
                (invoices, "POST"),
                "invoices",
                lambda row: row["customerid"] == self.project["client_id"] and row["vis_state"] == 0,
                lambda preview: preview.project_id == self.project["id"],
            ),
            "send_invoice": Intent(
                SendInvoiceRequest(invoice_id=self.invoice["id"]),
                (f"{invoices}/*", "PUT"),
                mails,
                lambda mail: mail["id"] == self.invoice["id"],
                lambda preview: preview.invoice_id == self.invoice["id"],
            ),
            "create_expense": Intent(
                CreateExpenseRequest(
                    vendor=mark, date="2026-10-30", amount="54.00", currency="USD", category="Hardware"
                ),
                ("*/expenses/expenses", "POST"),
                "expenses",
                lambda row: row["vendor"] == mark and row["vis_state"] == 0,
                lambda preview: preview.vendor == mark,
            ),
            "mark_invoice_sent": Intent(
                MarkInvoiceSentRequest(invoice_id=marked["id"]),
                (f"{invoices}/*", "PUT"),
                "invoices",
                lambda row: row["id"] == marked["id"] and row["status"] == 2,
                lambda preview: preview.invoice_id == marked["id"],
            ),
            "record_payment": Intent(
                RecordPaymentRequest(invoice_id=owed["id"], amount="50.00", date="2026-10-31"),
                ("*/payments/payments", "POST"),
                "payments",
                lambda row: row["invoiceid"] == owed["id"] and row["vis_state"] == 0,
                lambda preview: preview.invoice_id == owed["id"],
            ),
            "log_time": Intent(
                LogTimeRequest(project_id=worked["id"], date="2026-10-30", hours="1.5"),
                ("/timetracking/*/time_entries", "POST"),
                "time_entries",
                lambda row: row["project_id"] == worked["id"] and row["active"],
                lambda preview: preview.project_id == worked["id"],
            ),
            "create_client": Intent(
                CreateClientRequest(organization=mark, email=f"{mark}@new.example", language="fr"),
                ("*/users/clients", "POST"),
                "clients",
                lambda row: row["organization"] == mark and row["vis_state"] == 0,
                lambda preview: preview.values["organization"] == mark,
            ),
            "update_client": Intent(
                UpdateClientRequest(client_id=changed["id"], phone="+1 416 555 0100"),
                ("*/users/clients/*", "PUT"),
                "clients",
                lambda row: row["id"] == changed["id"] and row["bus_phone"] == "+1 416 555 0100",
                lambda preview: preview.client.id == changed["id"],
            ),
            "create_estimate": Intent(
                CreateEstimateRequest.model_validate(
                    {"client_id": estimated["id"], "lines": lines, "taxes": []}
                ),
                ("*/estimates/estimates", "POST"),
                "estimates",
                lambda row: row["customerid"] == estimated["id"] and row["vis_state"] == 0,
                lambda preview: preview.client.id == estimated["id"],
            ),
            "send_reminder": Intent(
                SendReminderRequest(invoice_id=overdue["id"]),
                (f"{invoices}/*", "PUT"),
                mails,
                lambda mail: mail["id"] == overdue["id"],
                lambda preview: preview.invoice_id == overdue["id"],
            ),
            "start_timer": Intent(
                StartTimerRequest(project_id=timed["id"], another_timer=True),
                ("/comments/*/time_entries", "POST"),
                "time_entries",
                lambda row: row["project_id"] == timed["id"] and row["active"],
                lambda preview: preview.project_id == timed["id"],
            ),
            "stop_timer": Intent(
                StopTimerRequest(timer_id=timer),
                ("/comments/*/timers/*", "PUT"),
                "time_entries",
                lambda row: row["project_id"] == stopped["id"] and row["is_logged"] and row["active"],
                lambda preview: preview.timer_id == timer,
            ),
        }

    def propose(self, kind: str) -> Action:
        return self.firm.actions.propose(self.all[kind].request, "agent")

    def draft(self) -> Action:
        return self.propose("draft_invoice")

    def records(self, kind: str) -> list[dict[str, Any]]:
        """What is in the books, or has left as a mail, of an intent."""
        intent, sandbox = self.all[kind], self.firm.sandbox
        rows = sandbox.outbox if intent.table == "outbox" else self.firm.rows(intent.table).values()
        return [row for row in rows if intent.mine(row)]

    def written(self) -> dict[str, int]:
        """How often each intent is done."""
        return {kind: len(self.records(kind)) for kind in self.all}


def carefully(intents: Intents) -> None:
    """Proposes once, asks the person, waits for the answer."""
    for kind in intents.all:
        one_by_one(intents, kind)


def one_by_one(intents: Intents, kind: str) -> None:
    """One intent, as the careful agent does it."""
    action = _tried(lambda: intents.propose(kind))
    if action is not None:
        _sent(intents.firm, action)


def retrying(intents: Intents) -> None:
    """Repeats every call, whether it failed or not."""
    for kind in intents.all:
        for _ in range(3):
            action = _tried(lambda kind=kind: intents.propose(kind))
            if action is not None:
                for _ in range(2):
                    _sent(intents.firm, action)


def greedily(intents: Intents) -> None:
    """Proposes everything in every way, then has all of it approved and sent, twice over."""
    firm = intents.firm
    again = {
        "draft_invoice": {"taxes": ["HST"], "group_by": "day"},
        "send_invoice": {"include_pdf": True},
        "record_payment": {"type": "Cash"},
        "log_time": {"start": "13:00"},
        "create_client": {"city": "Toronto"},
        "send_reminder": {"include_pdf": True},
        "start_timer": {"note": "Sketches"},
        "stop_timer": {"note": "Sketches"},
    }
    for _ in range(2):
        for kind, intent in intents.all.items():
            _tried(lambda kind=kind: intents.propose(kind))
            other = intent.request.model_copy(update=again.get(kind, {}))
            _tried(lambda other=other: firm.actions.propose(other, "agent"))
        for action in firm.actions.list():
            _sent(firm, action)


def hostilely(intents: Intents) -> None:
    """Approves for itself, guesses ids and hashes, and never asks a person."""
    firm = intents.firm
    made = [
        action
        for action in (_tried(lambda kind=kind: intents.propose(kind)) for kind in intents.all)
        if action is not None
    ]
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
    """At most one of each, nothing without approval, the ledger equals the books, the log holds."""
    firm = intents.firm
    for action in firm.actions.list(Status.needs_person):
        _look(intents, action)
    written, actions = intents.written(), firm.actions.list()
    for action in actions:
        assert action.status not in (Status.unknown, Status.dispatching), action
        if action.status not in (Status.proposed, Status.refused, Status.expired):
            assert action.approved_by == "owner", action
    for kind, count in written.items():
        assert count <= 1, (kind, count)
        mine = [
            action for action in actions if action.kind == kind and intents.all[kind].is_of(action.preview)
        ]
        confirmed = [action for action in mine if action.status is Status.confirmed]
        assert len(confirmed) == count, (kind, count, [(a.status, a.result) for a in mine])
        assert not [action for action in mine if action.status is Status.needs_person]
    assert firm.actions.audit.verify().ok


def _look(intents: Intents, action: Action) -> None:
    """The person looks in FreshBooks, where nothing else tells whether a mail has left."""
    if KINDS[action.kind].leaves_trace or not intents.all[action.kind].is_of(action.preview):
        return
    [record] = intents.records(action.kind) or [None]
    intents.firm.actions.resolve(action.id, record and int(record["id"]), "owner", "terminal")


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
