"""A new owner, and a new bookkeeper with five connections, at the pages of `freshbooks serve`; seconds of each step.

python -m integration_tests.web.first_use owner|bookkeeper     with Chromium; some minutes

A script fills in the forms, so it is the program that is measured. docs/owners.md and docs/bookkeepers.md say what came
out.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from freshbooks_sandbox import Fleet, Sandbox
from integration_tests import programs
from integration_tests.consent import registered
from integration_tests.hub import Hub
from integration_tests.web.conftest import ARGUMENTS
from integration_tests.web.test_serve import Server

MAPLE = 439000
CLIENTS = ("Cedar Bakery", "Harbour Dental", "Lakeside Motors", "Northwind Design", "Oak Street Books")
SYNCED = 900_000  # milliseconds


class Firm(Fleet):
    """FreshBooks users of one app, whose books have names of their own; `now` is the one who logs in."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(len(names), rate_limit=None)
        self.now = 0
        for user, name in zip(self.users, names, strict=True):
            user.store.businesses[MAPLE].business["name"] = name

    def _owner(self, token: str) -> int:
        return super()._owner(token) or (self.now if token not in self._owners else 0)


class Newcomer:
    """Somebody in front of the pages for the first time; `took` prints what each step took."""

    def __init__(self, page: Page, server: Server, client_id: str, client_secret: str, uri: str) -> None:
        self.page, self.server = page, server
        self.app = (client_id, client_secret, uri)
        self.began = time.monotonic()

    @contextmanager
    def took(self, step: str) -> Iterator[None]:
        since = time.monotonic()
        yield
        now = time.monotonic()
        print(f"{now - self.began:7.1f} s  {step} ({now - since:.1f})", flush=True)

    def connect(self) -> None:
        """From the page Settings → FreshBooks to Connected."""
        page, (client_id, client_secret, uri) = self.page, self.app
        page.get_by_label("Redirect URI").fill(uri)
        page.get_by_label("Client ID").fill(client_id)
        page.get_by_label("Client Secret").fill(client_secret)
        page.get_by_role("button", name="Connect", exact=True).click()
        page.get_by_role("button", name="Allow").click()
        # The other business is of the same user.
        page.get_by_role("checkbox", name="Atelier Boréal").uncheck()
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.get_by_role("heading", name="Connected")).to_be_visible()

    def sync(self) -> None:
        """From Connected to figures on Home."""
        self.page.get_by_role("link", name="Go to Status").click()
        start = self.page.get_by_role("button", name="Sync now")
        if start.is_enabled():
            start.click()


def owner(page: Page, folder: Path) -> None:
    """From nothing to the first figures, with the demo's books."""
    with Sandbox(seed="demo", rate_limit=None) as sandbox:
        uri = registered(sandbox)
        began = time.monotonic()
        server = Server(Hub(folder / "home", sandbox))
        me = Newcomer(page, server, sandbox.client_id, sandbox.client_secret, uri)
        me.began = began
        try:
            with me.took("serve prints its link, which is opened"):
                page.goto(server.link)
                expect(page.get_by_text("First steps")).to_be_visible()
            with me.took("connected"):
                page.get_by_role("link", name="Connect", exact=True).click()
                me.connect()
            with me.took("syncing is to be seen"):
                me.sync()
                expect(page.get_by_role("heading", name="Sync is running")).to_be_visible()
            with me.took("the first figures stand on Home"):
                page.goto(server.url)
                expect(page.get_by_text("Owed to you").first).to_be_visible(timeout=SYNCED)
            with me.took("everything is read"):
                page.goto(f"{server.url}/status")
                expect(page.get_by_role("heading", name="Sync is running")).to_be_hidden(timeout=SYNCED)
        finally:
            server.end()


def bookkeeper(page: Page, folder: Path) -> None:
    """Five connections, a colleague who may approve in two of them, and the overview."""
    with Firm(CLIENTS) as firm:
        uri = registered(firm.users[0])  # type: ignore[arg-type] - a user has what is used of a sandbox
        for user in firm.users[1:]:
            user.oauth.register_redirect(uri)
        app = firm.users[0]
        server = Server(Hub(folder / "home", firm))  # type: ignore[arg-type] - its address is all that is used
        me = Newcomer(page, server, app.client_id, app.client_secret, uri)
        try:
            with me.took("the link is opened"):
                page.goto(server.link)
            for number, name in enumerate(CLIENTS):
                firm.now = number
                with me.took(f"{name} is connected, and its sync started"):
                    if number == 0:
                        page.goto(f"{server.url}/settings/freshbooks")
                    else:
                        page.goto(f"{server.url}/settings")
                        page.get_by_label("Name of the new connection").fill(name.lower().replace(" ", "-"))
                        page.get_by_role("button", name="Add and sign in").click()
                    me.connect()
                    me.sync()
            with me.took("a colleague is added who may approve in two"):
                password = colleague(page, server)
            with me.took("all five are read"):
                page.goto(f"{server.url}/connections")
                until_read(page)
            for name in CLIENTS:
                expect(page.get_by_role("link", name=name).first).to_be_visible()
            with me.took("the colleague signs in and sees two"):
                context = page.context.browser.new_context()  # type: ignore[union-attr]
                other = context.new_page()
                other.goto(f"{server.url}/login")
                other.get_by_label("Name").fill("anna")
                other.get_by_label("Password").fill(password)
                other.get_by_role("button", name="Sign in").click()
                other.goto(f"{server.url}/connections")
                expect(other.get_by_role("table").get_by_role("row")).to_have_count(3)
                context.close()
        finally:
            server.end()


def until_read(page: Page) -> None:
    """Until each line of the overview knows what is overdue."""
    deadline = time.monotonic() + SYNCED / 1000
    while page.get_by_role("table").get_by_text("unknown").count():
        assert time.monotonic() < deadline
        page.wait_for_timeout(2000)
        page.reload()


def colleague(page: Page, server: Server) -> str:
    """Added on Settings → Users, for the second and the third connection; the password."""
    page.goto(f"{server.url}/settings/users")
    password = "a password of ten and more"
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(password)
    for name in CLIENTS[1:3]:
        page.get_by_label(re.compile(name)).select_option(value="approve")
    page.get_by_role("button", name="Add the user").click()
    expect(page.get_by_role("row", name=re.compile("anna"))).to_contain_text(CLIENTS[2])
    return password


def main(who: str) -> None:
    os.environ.pop("FRESHBOOKS_WEB_PASSWORD", None)
    os.environ.setdefault("FRESHBOOKS_VERIFY", "never")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=programs.chromium(), args=ARGUMENTS)
        with chromium.new_context(ignore_https_errors=True) as context:
            page = context.new_page()
            page.set_default_timeout(120_000)
            expect.set_options(timeout=120_000)
            {"owner": owner, "bookkeeper": bookkeeper}[who](page, Path(folder))
        chromium.close()


if __name__ == "__main__":
    main(sys.argv[1])
