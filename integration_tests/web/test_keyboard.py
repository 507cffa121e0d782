"""By keyboard alone: connect, approve, filter, export; where one is can always be seen."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from freshbooks_hub.agent.actions import lifecycle
from freshbooks_hub.agent.actions.kinds.create_expense.request import CreateExpenseRequest
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Action, Channel
from freshbooks_hub.agent.actions.policy import Rule
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests.consent import registered
from integration_tests.web.conftest import point_at
from integration_tests.web.serving import Served
from integration_tests.web.test_every_look import violations

pytestmark = pytest.mark.long

MAPLE = 439000
MOST = 150  # presses of Tab to anything on a page
# What has the focus is called, and whether one sees it: within the window, and with a ring.
FOCUSED = """() => {
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  if (one === document.body) return { name: '', seen: true }; // past the last thing: next is the first
  const name = one.ariaLabel || (one.labels?.length ? one.labels[0].textContent : one.textContent);
  return {
    name: name.trim().replace(/\\s+/g, ' '),
    seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 &&
      box.bottom > 0 && box.top < window.innerHeight && box.width > 0,
  };
}"""


class Keyboard:
    """Somebody who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, name: str) -> None:
        """Tab until the focus is on what is called so; everything on the way shows that it has the focus."""
        for _ in range(MOST):
            self.page.keyboard.press("Tab")
            focused = self.page.evaluate(FOCUSED)
            assert focused["seen"], focused["name"]
            if re.fullmatch(name, focused["name"]):
                return
        raise AssertionError(f"Tab does not reach {name}")

    def press(self, name: str) -> None:
        """Enter on what is called so, which leads to another page."""
        self.to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def fill(self, name: str, text: str) -> None:
        self.to(name)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)


@pytest.fixture
def served(synced_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """The pages of books that were synced, and whose connection was taken away since."""
    home = Home(tmp_path / "home")
    shutil.copytree(synced_home, home.root)
    with Sandbox(seed="demo", rate_limit=None) as sandbox, Served(home) as served:
        point_at(sandbox, home, monkeypatch)
        monkeypatch.setattr(lifecycle, "start_stale_sync", lambda _: None)  # it would outlive the test
        served.sandbox = sandbox  # type: ignore[attr-defined]
        yield served


def proposed(home: Home) -> Action:
    """What an agent asks for."""
    actions = ActionService(home)
    actions.policy.set("expense", Rule(allowed=True), "owner", Channel.terminal)
    return actions.propose(
        CreateExpenseRequest(
            vendor="Paper Mill Ltd",
            date="2026-10-30",
            amount="48.20",
            currency="USD",
            category="Office Supplies",
            business_id=MAPLE,
        ),
        "an agent",
    )


def test_connect_approve_filter_and_export_by_keyboard_alone(page: Page, served: Served) -> None:
    keys, home, sandbox = Keyboard(page), served.home, served.sandbox  # type: ignore[attr-defined]
    page.goto(served.link())

    # Connect.
    keys.press("Settings")
    keys.press("Open FreshBooks")
    keys.fill("Redirect URI", registered(sandbox))
    keys.to("Everything readable All .*")  # a radio button; arrows choose
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("radio", name="Basic").is_checked()
    page.keyboard.press("ArrowUp")
    keys.to("Let agents draft invoices .*")
    page.keyboard.press("Space")
    assert page.get_by_role("checkbox", name="Let agents draft").is_checked()
    keys.fill("Client ID", sandbox.client_id)
    keys.fill("Client Secret", sandbox.client_secret)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    keys.press("Allow")
    expect(page.get_by_role("heading", name="Choose businesses")).to_be_visible()
    keys.to("Atelier Boréal.*")
    page.keyboard.press("Space")
    keys.press("Connect")
    expect(page.get_by_role("heading", name="Connected")).to_be_visible()
    assert ConnectionStore(home.connection).load().business_ids == [MAPLE]

    # Approve.
    action = proposed(home)
    page.reload()
    keys.press("Approvals 1 waiting")
    expect(page.locator(".proposal")).to_contain_text("USD 48.20")
    assert violations(page) == []
    keys.press("Approve: .*")
    expect(page.get_by_text("Nothing to approve")).to_be_visible()
    assert [row["vendor"] for row in sandbox.books(MAPLE)["expenses"].values()].count("Paper Mill Ltd") == 1
    assert ActionService(home).get(action.id).approved_channel is Channel.web

    # Filter.
    keys.press("Invoices")
    expect(page.get_by_role("heading", name="Invoices", exact=True)).to_be_visible()
    keys.to("Search")
    keys.to("Status")  # after it; the menu has a page of this name
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    keys.press("Show")
    expect(page.get_by_role("link", name="Remove the filter Status: Overdue")).to_be_visible()
    looks = set(page.locator("main .cards tbody .pill").all_inner_texts())
    assert looks == {"Overdue"}
    count = int(page.locator("#totals").inner_text().split()[0])

    # Export.
    keys.to("CSV")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert len(download.value.path().read_text().splitlines()) == count + 1
