"""Takes the pictures of docs/images: `python -m integration_tests.web.pictures`, with Chromium.

A sandbox with the demo's books, everything read, one proposal decided and two waiting. Two minutes.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from freshbooks_hub.agent.actions.kinds.create_expense.request import CreateExpenseRequest
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoiceRequest
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Channel
from freshbooks_hub.agent.actions.policy import Rule
from freshbooks_hub.connection import login
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.web.access import OWNER
from freshbooks_hub.web.marts import opened
from freshbooks_sandbox import Sandbox
from integration_tests import programs
from integration_tests.connector import config_of
from integration_tests.hub import AS_OF, Hub
from integration_tests.web.serving import Served

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTH, HEIGHT, PHONE, PHONE_HEIGHT = 1280, 860, 390, 1040  # a phone's to the end of the first table
MAPLE = 439000
AGENT = "Claude, through MCP"
PICTURES = {
    "home": f"/?business={MAPLE}",
    "status": "/status",
    "money": f"/money?business={MAPLE}",
    "invoices": f"/invoices?business={MAPLE}",
    "balances": f"/balances?business={MAPLE}",
    "expenses": f"/expenses?business={MAPLE}",
    "time": f"/time?business={MAPLE}",
    "approvals": "/approvals",
    "activity": "/activity",
    "connect": "/settings/freshbooks",
}


def main(images: Path = IMAGES) -> None:
    """Make every picture again."""
    images.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Sandbox(seed="demo", rate_limit=None) as sandbox:
        home = Home(Path(folder) / "home")
        os.environ |= {
            "FRESHBOOKS_HOME": str(home.root),
            "FRESHBOOKS_API_URL": sandbox.url,
            "FRESHBOOKS_AUTH_URL": sandbox.url,
        }
        prepare(home, sandbox)
        new = Home(Path(folder) / "new")
        with sync_playwright() as playwright, Served(home) as served, Served(new) as before:
            chromium = playwright.chromium.launch(
                executable_path=programs.chromium(),
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            for name, path in PICTURES.items():
                take(chromium, before if name == "connect" else served, path, images / f"{name}.png")
            take(chromium, served, PICTURES["status"], images / "status-dark.png", dark=True)
            take(chromium, served, PICTURES["balances"], images / "balances-phone.png", width=PHONE)
            chromium.close()


def prepare(home: Home, sandbox: Sandbox) -> None:
    """Books that are read and marts that are built, and an agent that has proposed."""
    ConnectionStore(home.ensure().connection).connect(config_of(sandbox))
    login.profile(home)
    actions = ActionService(home)
    for write in ("draft", "send", "expense"):
        actions.policy.set(write, Rule(allowed=True), "the owner", Channel.terminal)  # type: ignore[arg-type]
    # Before the sync, which reads what was written; with marts a write would start one of its own.
    done = expense(actions, "Paper Mill Ltd", "48.20", "Office Supplies", "Two boxes of paper")
    actions.approve(done.id, done.payload_hash, OWNER.name, Channel.web)
    actions.dispatch(done.id)
    result = Hub(home.root, sandbox).run("sync", "--json", "--as-of", AS_OF)
    if result.returncode:
        sys.exit(result.stderr)
    draft(actions, home)
    expense(actions, "Harbour Taxi", "31.50", "Taxi & Parking", "From the station to the client's workshop")


def draft(actions: ActionService, home: Home) -> None:
    """A proposal to bill a finished project."""
    with opened(home.marts) as marts:
        assert marts is not None
        projects = marts.rows(
            "SELECT project_id FROM unbilled_time WHERE is_project_complete AND business_id = ? "
            "GROUP BY ALL HAVING bool_and(unbilled_amount IS NOT NULL) ORDER BY sum(unbilled_amount) DESC",
            MAPLE,
        )
    for project in projects:
        try:
            actions.propose(
                DraftInvoiceRequest(project_id=project["project_id"], business_id=MAPLE, due_in_days=30),
                AGENT,
            )
            return
        except ActionRefused as refused:
            print(f"project {project['project_id']}: {refused}")


def expense(actions: ActionService, vendor: str, amount: str, category: str, notes: str) -> Action:
    """A proposal."""
    return actions.propose(
        CreateExpenseRequest(
            vendor=vendor,
            date="2026-10-29",
            amount=amount,
            currency="USD",
            category=category,
            business_id=MAPLE,
            notes=notes,
        ),
        AGENT,
    )


def take(
    browser: Browser, served: Served, path: str, file: Path, *, width: int = WIDTH, dark: bool = False
) -> None:
    """One picture of the first screen."""
    phone = width == PHONE
    with browser.new_context(
        viewport={"width": width, "height": PHONE_HEIGHT if phone else HEIGHT},
        device_scale_factor=2 if phone else 1,
        color_scheme="dark" if dark else "light",
    ) as context:
        page = context.new_page()
        page.goto(served.link())
        page.goto(served.url + path)
        page.evaluate("document.fonts.ready")
        page.screenshot(path=file)
    print(f"{file.name}: {file.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
