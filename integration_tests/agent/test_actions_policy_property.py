"""Whatever is asked for, and whatever the owner changes meanwhile, nothing passes a cap, a switch or an expiry."""

import base64
import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.agent.actions.action_kind import ActionRequest
from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.kinds.create_expense.request import CreateExpenseRequest
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoiceRequest
from freshbooks_hub.agent.actions.kinds.log_time import LogTimeRequest
from freshbooks_hub.agent.actions.kinds.record_payment.request import RecordPaymentRequest
from freshbooks_hub.agent.actions.kinds.send_invoice.request import SendInvoiceRequest
from freshbooks_hub.agent.actions.kinds.send_reminder.request import SendReminderRequest
from freshbooks_hub.agent.actions.kinds.start_timer import StartTimerRequest
from freshbooks_hub.agent.actions.kinds.stop_timer import StopTimerRequest
from freshbooks_hub.agent.actions.models import SENT, ActionRefused, Channel, Status
from freshbooks_hub.agent.actions.policy import Limits, PolicyView, Rule
from freshbooks_hub.core.errors import HubError
from integration_tests.agent.acting import Firm, opened_firm

CURRENCIES = ("USD", "CAD", "EUR")
WRITES = ("draft", "send", "expense", "payment", "time", "remind", "start-timer", "stop-timer")
MANY = 10_000  # of a day, where the dice leave it open


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


@pytest.mark.parametrize("seed", range(2))
def test_random_requests_under_a_random_policy(firm: Firm, seed: int) -> None:
    keeps_to_the_policy(firm, random.Random(seed), 60)


@pytest.mark.long
def test_1000_random_requests_under_a_random_policy(firm: Firm) -> None:
    done = keeps_to_the_policy(firm, random.Random(17), 1000)
    assert done > 50  # it is about what was done, and not only about what waited


class Day:
    """What happens: requests, a person's approvals, time, and the owner's changes; and the policy at each moment."""

    def __init__(self, firm: Firm, dice: random.Random) -> None:
        self.firm, self.dice = firm, dice
        self.policies: list[tuple[datetime, PolicyView]] = []
        self.clients = {code: firm.client(currency_code=code)["id"] for code in CURRENCIES}
        self.note()

    def note(self) -> None:
        self.policies.append((self.firm.clock.now(), self.firm.actions.policy.view()))

    def caps(self) -> dict[str, str]:
        chosen = self.dice.sample(CURRENCIES, self.dice.choice((1, 2, 3, 3)))
        return {code: str(self.dice.choice((0, 50, 250, 1000, 5000))) for code in chosen}

    def limits(self) -> Limits:
        return Limits(
            max_amount=self.caps(),
            max_amount_per_day=self.dice.choice(({}, self.caps())),
            per_day=self.dice.choice((0, 1, 3, 10, MANY, MANY)),
            per_recipient_per_day=self.dice.choice((0, 1, MANY, MANY)),
        )

    def change_policy(self) -> None:
        policy, write = self.firm.actions.policy, self.dice.choice(WRITES)
        try:
            match self.dice.choice((*["grant"] * 9, "rule", "forbid", "stop")):
                case "grant":
                    policy.grant(write, self.limits(), "owner", Channel.terminal, own_drafts=True)
                case "rule":
                    rule = Rule(allowed=True, **self.limits().model_dump())
                    unattended = policy.view().rule(write).unattended
                    policy.set(write, rule.model_copy(update={"unattended": unattended}), "owner", "web")
                case "forbid":
                    policy.set(write, Rule(), "owner", Channel.terminal)
                case _:
                    policy.stop("owner", Channel.terminal)
        except ActionRefused:  # a grant without a cap
            pass
        self.note()

    def request(self, number: int) -> ActionRequest:
        dice, firm = self.dice, self.firm
        code = dice.choice(CURRENCIES)
        amount = f"{dice.choice((1, 10, 49, 50, 100, 249, 250, 900))}.{dice.choice(('00', '01'))}"
        line = {"name": f"Work {number}", "unit_cost": amount}
        kind = dice.choice(WRITES)
        if kind == "draft":
            given = {"client_id": self.clients[code], "lines": [line]}
            taxes = {} if dice.random() < 0.2 else {"taxes": []}
            return DraftInvoiceRequest.model_validate(given | taxes)
        if kind == "time":
            return LogTimeRequest(
                date="2026-10-30", hours="1", note=f"{number}", another_entry=number % 5 == 0
            )
        if kind == "start-timer":
            return StartTimerRequest(note=f"{number}", another_timer=number % 5 == 0)
        if kind == "stop-timer":
            return StopTimerRequest()
        if kind == "expense":
            purchase = {"vendor": f"{number}", "date": "2026-10-30", "amount": amount, "currency": code}
            png = {"receipt_base64": _png(number)} if dice.random() < 0.8 else {}
            return CreateExpenseRequest.model_validate(purchase | png | {"category": "Hardware"})
        sent = {"name": "Work", "qty": "1", "unit_cost": amount}
        client = {"customerid": self.clients[code], "lines": [sent]}
        if kind == "send":
            return SendInvoiceRequest(invoice_id=firm.draft(**client)["id"])
        invoice = firm.sent_invoice(**client)["id"]
        return (RecordPaymentRequest if kind == "payment" else SendReminderRequest)(invoice_id=invoice)

    def step(self, number: int) -> None:
        chance = self.dice.random()
        if chance < 0.1:
            self.change_policy()
        elif chance < 0.18:
            self.firm.clock.advance(minutes=self.dice.choice((1, 60, 600, 1441, 1441, 1441, 60 * 24 * 20)))
        elif chance < 0.28 and (waiting := self.firm.actions.list(Status.proposed)):
            with_errors_ignored(lambda: self.firm.done(self.dice.choice(waiting)))
        with_errors_ignored(lambda: self.firm.actions.act(self.request(number), "agent"))


def keeps_to_the_policy(firm: Firm, dice: random.Random, steps: int) -> int:
    """Run the days, then judge each action by the policy of its moment; how many were done unattended."""
    day = Day(firm, dice)
    for _ in range(6):
        day.change_policy()
    for number in range(steps):
        day.step(number)
    with closing(sqlite3.connect(firm.home.history)) as db:
        db.row_factory = sqlite3.Row
        found = db.execute("SELECT * FROM actions WHERE dispatched_at IS NOT NULL ORDER BY dispatched_at")
        sent = [row for row in found if row["status"] in SENT]
    for index, row in enumerate(sent):
        judge(day, row, [other for other in sent[:index] if other["kind"] == row["kind"]])
    assert firm.actions.audit.verify().ok
    return sum(row["approved_channel"] == "standing" for row in sent)


def judge(day: Day, row: sqlite3.Row, earlier: list[sqlite3.Row]) -> None:
    at = datetime.fromisoformat(row["dispatched_at"])
    policy = [view for noted, view in day.policies if noted <= at][-1]
    rule = policy.rule(KINDS[row["kind"]].write)
    assert rule.allowed
    within(rule, row, [other for other in earlier if recent(other, at)])
    if row["approved_channel"] == "standing":
        standing = rule.unattended
        assert standing is not None
        assert at < standing.until
        assert json.loads(row["preview"])["warnings"] == []
        alike = [other for other in earlier if other["approved_channel"] == "standing" and recent(other, at)]
        within(standing, row, alike)
    cool_down = KINDS[row["kind"]].cool_down
    if cool_down is not None:
        client = json.loads(row["preview"])["client"]["id"]
        for other in earlier:
            same = json.loads(other["preview"])["client"]["id"] == client
            assert not same or at - datetime.fromisoformat(other["dispatched_at"]) >= cool_down


def recent(row: sqlite3.Row, at: datetime) -> bool:
    return at - datetime.fromisoformat(row["dispatched_at"]) < timedelta(hours=24)


def within(limits: Limits, row: sqlite3.Row, day: list[sqlite3.Row]) -> None:
    assert len(day) + 1 <= limits.per_day
    for address in json.loads(row["recipients"]):
        mails = sum(address in json.loads(other["recipients"]) for other in day)
        assert mails + 1 <= limits.per_recipient_per_day
    code = row["currency"]
    if not code:
        return
    amount = Decimal(row["amount"])
    total = amount + sum((Decimal(other["amount"]) for other in day if other["currency"] == code), Decimal(0))
    for caps, figure in ((limits.max_amount, amount), (limits.max_amount_per_day, total)):
        assert not caps or figure <= Decimal(caps.get(code, "-1"))


def with_errors_ignored(call: Any) -> None:
    with suppress(HubError):
        call()


def _png(number: int) -> str:
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + str(number).encode()).decode()
