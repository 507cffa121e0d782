"""A person approves and refuses what agents proposed, having seen all of it; with and without a script."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from freshbooks_hub.agent.actions.kinds.create_expense.request import CreateExpenseRequest
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Action, Channel, Status
from freshbooks_hub.agent.actions.policy import Limits, Rule
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from integration_tests.web.conftest import point_at
from integration_tests.web.serving import Client, Served

MAPLE = 439000


class LastMonth(SystemClock):
    def now(self) -> datetime:
        return super().now() - timedelta(days=30)


class Office:
    """A connected home where agents may propose, and its pages."""

    def __init__(self, served: Served, sandbox: Sandbox) -> None:
        self.served, self.sandbox = served, sandbox
        self.actions = ActionService(served.home)
        for write in ("draft", "send", "expense"):
            self.actions.policy.set(write, Rule(allowed=True), "owner", Channel.terminal)

    def propose(self, vendor: str = "Paper Mill Ltd", amount: str = "48.20") -> Action:
        return self.actions.propose(
            CreateExpenseRequest(
                vendor=vendor,
                date="2026-10-30",
                amount=amount,
                currency="USD",
                category="Office Supplies",
                business_id=MAPLE,
                notes="Two boxes <b>of paper</b>",
            ),
            "an agent",
        )

    def expenses(self) -> list[dict[str, object]]:
        """Those of the sandbox."""
        return list(self.sandbox.books(MAPLE)["expenses"].values())

    def status(self, action: Action) -> Status:
        return self.actions.get(action.id).status


@pytest.fixture
def office(empty_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with Sandbox(seed="empty", rate_limit=None) as sandbox:
        point_at(sandbox, empty_home, monkeypatch)
        ConnectionStore(empty_home.ensure().connection).connect(config_of(sandbox, business_ids=[MAPLE]))
        with Served(empty_home) as served:
            yield Office(served, sandbox)


def test_approving_writes_exactly_what_was_shown(page: Page, office: Office) -> None:
    action = office.propose()
    before = len(office.expenses())
    page.goto(office.served.link())
    page.get_by_role("link", name="Approvals 1 waiting").click()
    card = page.locator(".proposal")
    for words in (
        "Paper Mill Ltd",
        "USD 48.20",
        "30 Oct 2026",
        "Office Supplies",
        "Two boxes <b>of paper</b>",
    ):
        expect(card).to_contain_text(words)
    expect(card).to_contain_text("an agent")
    card.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Nothing to approve")).to_be_visible()
    assert office.status(action) is Status.confirmed
    written = office.expenses()[before:]
    assert [(row["vendor"], row["amount"]) for row in written] == [
        ("Paper Mill Ltd", {"amount": "48.20", "code": "USD"})
    ]
    found = office.actions.get(action.id)
    assert found.approved_channel is Channel.web
    page.get_by_role("link", name="Activity").click()
    expect(page.get_by_text("Log verified")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("approved.*" + action.id))).to_be_visible()
    page.get_by_text("Undo …").click()
    page.get_by_role("button", name="Undo now").click()
    expect(page.get_by_role("status")).to_have_text("Undone by the owner: it is deleted in FreshBooks.")
    expect(page.get_by_text("Undo …")).to_have_count(0)
    assert [row["vis_state"] for row in office.expenses()[before:]] == [1]


def test_rejecting_writes_nothing(page: Page, office: Office) -> None:
    action = office.propose()
    before = len(office.expenses())
    page.goto(office.served.link())
    page.goto(f"{office.served.url}/approvals")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Rejected. Nothing was written.", exact=True)).to_be_visible()
    assert office.status(action) is Status.refused
    assert len(office.expenses()) == before


def test_without_a_script(no_script: Callable[[], Page], office: Office) -> None:
    action, other = office.propose(), office.propose("Ink & Co")
    page = no_script()
    page.goto(office.served.link())
    page.goto(f"{office.served.url}/approvals")
    page.locator(".proposal", has_text="Ink & Co").get_by_role("button", name="Reject").click()
    page.locator(".proposal").get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Nothing to approve")).to_be_visible()
    assert (office.status(action), office.status(other)) == (Status.confirmed, Status.refused)


def test_another_payload_than_the_one_shown_is_not_approved(office: Office) -> None:
    action = office.propose()
    client = Client(office.served.home)
    client.submit(f"/approvals/{action.id}/approve", "/approvals", payload_hash="0" * 64)
    assert "This is not the proposal that was shown" in client.get("/approvals").text
    assert office.status(action) is Status.proposed


def test_pressing_approve_twice_writes_once(office: Office) -> None:
    action = office.propose()
    before = len(office.expenses())
    client = Client(office.served.home)
    for _ in range(2):
        client.submit(f"/approvals/{action.id}/approve", "/settings", payload_hash=action.payload_hash)
    assert len(office.expenses()) == before + 1


def test_an_expired_proposal_cannot_be_approved(office: Office) -> None:
    office.actions = ActionService(office.served.home, LastMonth())
    action = office.propose()
    office.actions = ActionService(office.served.home)
    client = Client(office.served.home)
    assert "Nothing to approve" in client.get("/approvals").text
    client.submit(f"/approvals/{action.id}/approve", "/settings", payload_hash=action.payload_hash)
    assert office.status(action) is Status.expired
    assert 'class="notice bad"' in client.get("/approvals").text


def test_a_lost_answer_is_said_to_be_unknown_and_settled_later(office: Office) -> None:
    action = office.propose()
    before = len(office.expenses())
    office.sandbox.faults.add(kind="drop_after", path="*/expenses/expenses", method="POST")
    client = Client(office.served.home)
    client.submit(f"/approvals/{action.id}/approve", "/approvals", payload_hash=action.payload_hash)
    text = client.get("/approvals").text
    assert office.status(action) in {Status.unknown, Status.confirmed}
    assert "failed" not in text.lower()
    client.submit("/approvals/check", "/settings")
    assert office.status(action) is Status.confirmed
    assert len(office.expenses()) == before + 1


def test_the_settings_page_shows_what_is_done_without_asking_and_stops_it(empty_home: Home) -> None:
    policy = ActionService(empty_home.ensure()).policy
    client = Client(empty_home)
    assert "Stop everything" not in client.get("/settings/agents").text
    policy.grant("draft", Limits(max_amount={"USD": "500"}), "owner", Channel.terminal)
    assert "allowed by owner" in client.get("/settings/agents").text
    client.submit("/settings/stop", "/settings")
    assert policy.view().rule("draft").unattended is None
    assert policy.view().rule("draft").allowed
    assert "Stop everything" not in client.get("/settings/agents").text
