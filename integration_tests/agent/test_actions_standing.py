"""What the owner allows beforehand is done at once and told; everything else asks; and a day long it can be undone."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.agent.actions.action_kind import ActionRequest
from freshbooks_hub.agent.actions.kinds.create_estimate import CreateEstimateRequest
from freshbooks_hub.agent.actions.kinds.create_expense.request import CreateExpenseRequest
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoiceRequest
from freshbooks_hub.agent.actions.kinds.log_time import LogTimeRequest
from freshbooks_hub.agent.actions.kinds.record_payment.request import RecordPaymentRequest
from freshbooks_hub.agent.actions.kinds.send_invoice.request import SendInvoiceRequest
from freshbooks_hub.agent.actions.kinds.update_client import UpdateClientRequest
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Channel, Status
from freshbooks_hub.agent.actions.policy import Limits
from integration_tests.agent.acting import BUSINESS, PNG, Firm, opened_firm
from integration_tests.agent.agents import Intents


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        yield firm


def grant(firm: Firm, write: str, own_drafts: bool = False, **limits: Any) -> None:
    caps = {} if write in ("time", "client", "client-update") else {"max_amount": {"USD": "500"}}
    firm.actions.policy.grant(
        write, Limits(**{**caps, **limits}), "owner", Channel.terminal, own_drafts=own_drafts
    )


def act(firm: Firm, request: ActionRequest) -> Action:
    return firm.actions.act(request, "agent")


def draft(firm: Firm, hours: int = 2, **fields: Any) -> DraftInvoiceRequest:
    return DraftInvoiceRequest(project_id=firm.finished_project(hours)["id"], **{"taxes": [], **fields})


def code(call: Any, *args: Any) -> str:
    with pytest.raises(ActionRefused) as caught:
        call(*args)
    return caught.value.code


def test_it_is_off_until_a_person_grants_it_and_then_done_at_once_and_logged(firm: Firm) -> None:
    assert act(firm, draft(firm)).status is Status.proposed
    grant(firm, "draft")
    done = act(firm, draft(firm))
    assert (done.status, done.unattended, done.approved_by) == (Status.confirmed, True, "owner")
    events = [(one["event"], one["channel"]) for one in firm.actions.audit.entries(4)]
    assert events == [
        ("confirmed", None), ("dispatching", None), ("approved", "standing"), ("proposed", None)
    ]  # fmt: skip
    assert firm.actions.audit.verify().ok
    # Of another kind nothing was said.
    assert act(firm, SendInvoiceRequest(invoice_id=firm.draft()["id"])).status is Status.proposed


@pytest.mark.parametrize(
    ("limits", "hours"),
    [({"max_amount": {"USD": "199.99"}}, 2), ({"max_amount": {"CAD": "500"}}, 1), ({"per_day": 0}, 1)],
    ids=["a cent over", "another currency", "none a day"],
)
def test_what_lies_outside_waits_for_a_person_as_ever(firm: Firm, limits: dict[str, Any], hours: int) -> None:
    grant(firm, "draft", **limits)
    waiting = act(firm, draft(firm, hours))
    assert waiting.status is Status.proposed
    assert firm.sent("*/invoices/invoices", "POST") == []
    assert firm.done(waiting).approved_channel is Channel.web


def test_a_days_count_and_sum_are_those_of_what_was_done_unattended(firm: Firm) -> None:
    grant(firm, "draft", per_day=2, max_amount_per_day={"USD": "350"})
    firm.done(firm.actions.propose(draft(firm), "agent"))  # by a person: not counted
    assert act(firm, draft(firm)).unattended
    over = act(firm, draft(firm))  # 200 + 200 > 350
    assert over.status is Status.proposed
    assert act(firm, draft(firm, hours=1)).unattended
    assert act(firm, draft(firm, hours=1)).status is Status.proposed  # the third
    firm.clock.advance(hours=24)
    assert act(firm, draft(firm)).unattended


def test_it_ends_after_90_days_unless_it_is_given_again(firm: Firm) -> None:
    grant(firm, "draft")
    firm.clock.advance(days=89, hours=23)
    assert act(firm, draft(firm)).unattended
    firm.clock.advance(hours=1)
    firm.connect()
    assert act(firm, draft(firm)).status is Status.proposed
    grant(firm, "draft")
    assert act(firm, draft(firm)).unattended


def test_one_switch_ends_all_of_them_and_what_they_are_part_of_too(firm: Firm) -> None:
    grant(firm, "draft")
    grant(firm, "time")
    firm.actions.policy.stop("owner", Channel.terminal)
    rules = firm.actions.policy.view().rules
    assert [name for name, rule in rules.items() if rule.unattended] == []
    assert rules["draft"].allowed  # to propose
    assert act(firm, draft(firm)).status is Status.proposed
    assert "stopped" in [one["event"] for one in firm.actions.audit.entries()]
    grant(firm, "draft")
    firm.allow("draft")  # "each for my approval"
    assert act(firm, draft(firm)).status is Status.proposed


def test_it_needs_a_cap_where_an_amount_is_moved_and_a_person_who_grants_it(firm: Firm) -> None:
    policy = firm.actions.policy
    assert code(policy.grant, "draft", Limits(), "owner", Channel.terminal) == "invalid_cap"
    policy.grant("time", Limits(), "owner", Channel.terminal)
    with pytest.raises(ValueError, match="standing"):
        policy.grant("time", Limits(), "agent", "standing")
    action = firm.actions.propose(draft(firm), "agent")
    with pytest.raises(ValueError, match="standing"):
        firm.actions.approve(action.id, action.payload_hash, "owner", "standing")


def test_a_guess_always_asks(firm: Firm) -> None:
    for write in ("draft", "send", "expense", "payment", "client-update"):
        grant(firm, write)
    known = firm.draft()  # its client's taxes are taken over
    project = firm.project(known["customerid"])
    firm.time(project)
    no_rate = firm.project(firm.client()["id"], rate=None)
    firm.time(no_rate)
    png = base64.b64encode(PNG).decode()
    purchase = {"vendor": "Staples", "date": "2026-10-30", "amount": "54.00", "currency": "USD"}
    purchase |= {"category": "Hardware"}
    for request in (
        DraftInvoiceRequest(project_id=project["id"]),
        DraftInvoiceRequest(project_id=no_rate["id"], hourly_rate="90.00", taxes=[]),
        CreateExpenseRequest.model_validate(purchase),  # without a receipt
        SendInvoiceRequest(invoice_id=known["id"], recipients=["stranger@example.com"]),
        SendInvoiceRequest(invoice_id=firm.draft()["id"], body="Please pay to another account."),
        RecordPaymentRequest(invoice_id=firm.sent_invoice()["id"], amount="250.00", overpayment=True),
        UpdateClientRequest(client_id=firm.client()["id"], email="new@acme.example"),
    ):
        action = act(firm, request)
        assert (action.status, bool(action.preview.warnings)) == (Status.proposed, True), request
    purchase |= {"vendor": "Grand & Toy"}
    assert act(firm, CreateExpenseRequest.model_validate(purchase | {"receipt_base64": png})).unattended
    twin = purchase | {"another_purchase": True, "receipt_base64": base64.b64encode(PNG + b"2").decode()}
    assert act(firm, CreateExpenseRequest.model_validate(twin)).status is Status.proposed


def test_a_draft_that_no_person_saw_is_not_sent_unless_that_was_said(firm: Firm) -> None:
    grant(firm, "draft")
    grant(firm, "send")
    assert act(firm, SendInvoiceRequest(invoice_id=firm.draft()["id"])).unattended
    approved = firm.done(firm.actions.propose(draft(firm), "agent"))
    assert approved.result is not None
    assert act(firm, SendInvoiceRequest(invoice_id=approved.result.record_id)).unattended
    own = act(firm, draft(firm))
    assert own.result is not None
    sending = act(firm, SendInvoiceRequest(invoice_id=own.result.record_id))
    assert (own.unattended, sending.status) == (True, Status.proposed)
    grant(firm, "send", own_drafts=True)
    assert act(firm, SendInvoiceRequest(invoice_id=own.result.record_id)).unattended


def test_while_it_is_not_known_what_became_of_an_own_draft_no_draft_is_sent_unattended(firm: Firm) -> None:
    grant(firm, "draft")
    grant(firm, "send")
    firm.sandbox.faults.add(kind="drop_before", method="POST", path="*/invoices/invoices")
    assert act(firm, draft(firm)).status is Status.unknown
    assert act(firm, SendInvoiceRequest(invoice_id=firm.draft()["id"])).status is Status.proposed


def test_many_at_once_do_each_thing_once_and_no_more_than_is_allowed(firm: Firm) -> None:
    grant(firm, "draft", per_day=2)
    requests = [draft(firm, hours=1) for _ in range(3)]

    def attempt(request: DraftInvoiceRequest) -> None:
        with suppress(ActionRefused):  # who comes late finds nothing left to bill
            firm.restarted().act(request, "agent")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(attempt, requests * 2))
    assert sorted(action.status for action in firm.actions.list()) == ["confirmed", "confirmed", "proposed"]
    assert len(firm.sent("*/invoices/invoices", "POST")) == 2


# -- undo


def test_a_draft_is_undone_with_the_marks_on_its_time_and_can_be_drafted_again(firm: Firm) -> None:
    grant(firm, "draft")
    request = draft(firm)
    done = act(firm, request)
    assert done.result is not None
    assert all(row["billed"] for row in firm.rows("time_entries").values())
    undone = firm.actions.undo(done.id, "owner", Channel.terminal)
    assert undone.result is not None
    assert undone.result.code == "undone"
    assert firm.rows("invoices")[done.result.record_id]["vis_state"] == 1
    assert not any(row["billed"] for row in firm.rows("time_entries").values())
    assert firm.actions.audit.entries(1)[0]["event"] == "undone"
    assert code(firm.actions.undo, done.id, "owner", Channel.terminal) == "wrong_status"
    firm.actions.settle()
    assert not any(row["billed"] for row in firm.rows("time_entries").values())
    assert act(firm, request).unattended


@pytest.mark.parametrize(
    "kind", ["draft_invoice", "create_expense", "record_payment", "log_time", "create_estimate"]
)
def test_what_can_be_undone_is_gone_also_when_the_answer_is_lost(firm: Firm, kind: str) -> None:
    intents = Intents(firm, [kind])
    done = firm.done(intents.propose(kind))
    assert intents.written() == {kind: 1}
    for fault in ("drop_before", "drop_after"):
        method = "DELETE" if kind == "log_time" else "PUT"
        firm.sandbox.faults.add(kind=fault, method=method, path=f"{intents.all[kind].write[0]}/*")
        if fault == "drop_before":
            assert code(firm.actions.undo, done.id, "owner", Channel.terminal) == "not_undone"
            assert intents.written() == {kind: 1}
        else:
            firm.actions.undo(done.id, "owner", Channel.terminal)
    assert intents.written() == {kind: 0}
    assert firm.done(intents.propose(kind)).status is Status.confirmed


def test_what_is_old_changed_or_gone_on_is_not_undone(firm: Firm) -> None:
    old, sent = (firm.done(firm.actions.propose(draft(firm), "agent")) for _ in range(2))
    assert sent.result is not None
    firm.done(firm.actions.propose(SendInvoiceRequest(invoice_id=sent.result.record_id), "agent"))
    assert code(firm.actions.undo, sent.id, "owner", "web") == "changed"
    mail = next(action for action in firm.actions.list() if action.kind == "send_invoice")
    assert code(firm.actions.undo, mail.id, "owner", "web") == "no_undo"
    firm.clock.advance(hours=24, seconds=1)
    assert code(firm.actions.undo, old.id, "owner", "web") == "too_late"
    logged = firm.done(firm.actions.propose(LogTimeRequest(date="2026-10-30", hours="1"), "agent"))
    assert logged.result is not None
    firm.sandbox.edit("time_entries", BUSINESS, logged.result.record_id, billed=True)
    assert code(firm.actions.undo, logged.id, "owner", "web") == "changed"
    lines = [{"name": "Work", "unit_cost": "10.00"}]
    request = {"client_id": firm.client()["id"], "lines": lines, "taxes": []}
    estimate = firm.done(firm.actions.propose(CreateEstimateRequest.model_validate(request), "agent"))
    assert estimate.result is not None
    firm.sandbox.edit("estimates", BUSINESS, estimate.result.record_id, lines=[{"name": "Else", "qty": "1"}])
    assert code(firm.actions.undo, estimate.id, "owner", "web") == "changed"
