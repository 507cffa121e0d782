"""Pages over synced demo books, and a real Chromium."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from freshbooks_hub.connection import login
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests import programs
from integration_tests.hub import Books
from integration_tests.web.serving import Client, Served

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def point_at(sandbox: Sandbox, home: Home, patch: pytest.MonkeyPatch) -> None:
    """This process and its children know this FreshBooks and this home."""
    patch.setenv("FRESHBOOKS_API_URL", sandbox.url)
    patch.setenv("FRESHBOOKS_AUTH_URL", sandbox.url)
    patch.setenv("FRESHBOOKS_HOME", str(home.root))
    patch.delenv("FRESHBOOKS_WEB_PASSWORD", raising=False)


@pytest.fixture(scope="session")
def seen(books: Books) -> Books:
    """The books, with the user's profile as a log-in leaves it. Not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        point_at(books.sandbox, books.home, patch)
        login.profile(books.home)
    return books


@pytest.fixture
def client(seen: Books, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Pages of the synced books, without a browser."""
    point_at(seen.sandbox, seen.home, monkeypatch)
    return Client(seen.home)


@pytest.fixture
def shown(seen: Books, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Pages of the synced books, for a browser."""
    point_at(seen.sandbox, seen.home, monkeypatch)
    with Served(seen.home) as served:
        yield served


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home that was never used."""
    home = Home(tmp_path / "home")
    monkeypatch.setenv("FRESHBOOKS_HOME", str(home.root))
    monkeypatch.delenv("FRESHBOOKS_WEB_PASSWORD", raising=False)
    return home


# Not for the whole session: its event loop would run under the files that come after.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=programs.chromium(), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser window without a past. It lets the certificate of this machine pass, as a person does once."""
    with chromium.new_context(ignore_https_errors=True) as opened:
        opened.set_default_timeout(15_000)
        yield opened


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab; anything that the browser complains about fails the test."""
    tab = context.new_page()
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # FreshBooks' stand-in has no icon.
        if message.type == "error" and not message.location["url"].endswith("/favicon.ico"):
            complaints.append(message.text)

    tab.on("console", heard)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    assert complaints == []


@pytest.fixture
def no_script(chromium: Browser) -> Iterator[Callable[[], Page]]:
    """Opens a tab where scripts are off."""
    with chromium.new_context(ignore_https_errors=True, java_script_enabled=False) as opened:
        opened.set_default_timeout(15_000)
        yield opened.new_page
