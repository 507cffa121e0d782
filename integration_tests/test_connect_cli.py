"""`freshbooks connect`, `disconnect`, `connections` and `doctor` as a user runs them."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freshbooks_api import scopes
from freshbooks_api.streams import STREAMS
from freshbooks_hub.connection import login
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from integration_tests.consent import Browser, registered
from integration_tests.hub import Hub

MAIN, SECOND = 439_000, 439_117


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(seed="empty", rate_limit=None) as running:
        monkeypatch.setenv("FRESHBOOKS_API_URL", running.url)
        monkeypatch.setenv("FRESHBOOKS_AUTH_URL", running.url)
        monkeypatch.setenv("FRESHBOOKS_CLIENT_ID", running.client_id)
        monkeypatch.setenv("FRESHBOOKS_CLIENT_SECRET", running.client_secret)
        yield running


@pytest.fixture
def hub(tmp_path: Path, sandbox: Sandbox) -> Hub:
    return Hub(tmp_path / "home", sandbox)


@pytest.fixture
def port(sandbox: Sandbox) -> int:
    """That of a registered redirect URI of this machine."""
    found = re.search(r":(\d+)/", registered(sandbox))
    assert found
    return int(found[1])


class Terminal:
    """A running `freshbooks connect`; what it printed so far is `shown`."""

    def __init__(self, hub: Hub, *args: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "freshbooks_hub.cli.main", "connect", "--no-browser", *args],
            env=hub.environment | {"PYTHONUNBUFFERED": "1"},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.shown = ""

    def until(self, pattern: str) -> str:
        """Read lines until one has `pattern`; returns its first group."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.shown += line
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError(f"{pattern!r} did not come:\n{self.shown}")

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def end(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.shown += self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait()


def connected(hub: Hub, name: str = "default", **credentials: str) -> None:
    """As `freshbooks connect` leaves it, without its processes."""
    home = Home(hub.home).named(name).ensure()
    config = config_of(hub.sandbox, start_date="2025-01-01T00:00:00Z")
    config["credentials"] |= credentials
    ConnectionStore(home.connection).connect(config)
    login.profile(home)


def stored(hub: Hub) -> dict[str, Any]:
    return dict(json.loads((hub.home / "connection.json").read_text()))


def test_by_browser_and_by_a_choice_in_the_terminal(hub: Hub, port: int) -> None:
    terminal = Terminal(hub, "--port", str(port))
    start = terminal.until(rf"(https://localhost:{port}/start/\S+)")
    browser = Browser(trusts=hub.home / "tls" / "loopback.pem")
    terminal.until(r"(/oauth/authorize/)")
    assert "must be unique in all of FreshBooks" in terminal.shown
    assert "Add the redirect URI with +" in terminal.shown
    page = browser.open(browser.answer(start))
    assert page.url == f"https://localhost:{port}/done"
    terminal.type("512340")
    terminal.type("four")
    terminal.type(f"{MAIN}, {SECOND}")
    assert terminal.end() == 0, terminal.shown
    assert "a client of this business" in terminal.shown
    assert "Ids are numbers" in terminal.shown
    readable = sum(stream.scope_name in {scope.name for scope in scopes.READ} for stream in STREAMS)
    assert f"{readable} of {len(STREAMS)} kinds of data can be read in 2 businesses." in terminal.shown
    assert "Connected ✅ as Robin Achterberg: Maple & Pine Studio, Atelier Boréal" in terminal.shown
    assert f"https://localhost:{port}/callback" in terminal.shown
    assert "user:invoices:read" in terminal.shown
    assert hub.sandbox.client_secret not in terminal.shown
    assert stored(hub)["config"]["business_ids"] == [MAIN, SECOND]


def test_by_pasting_where_the_port_is_taken_and_after_a_wrong_paste(hub: Hub, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        terminal = Terminal(hub, "--port", str(port), "--business", str(SECOND), "--actions")
        terminal.until(r"(cannot be used)")
        authorize = terminal.until(r"(http://\S+/oauth/authorize/\S+)")
        answer = Browser().answer(authorize)
        terminal.type("https://localhost/wrong")
        terminal.until(r"(Copy the whole address)")
        terminal.type(answer)
        assert terminal.end() == 0, terminal.shown
    assert stored(hub)["config"]["business_ids"] == [SECOND]


def test_denied_consent_and_a_stranger_at_the_callback(hub: Hub, port: int) -> None:
    terminal = Terminal(hub, "--port", str(port))
    start = terminal.until(rf"(https://localhost:{port}/start/\S+)")
    browser = Browser(trusts=hub.home / "tls" / "loopback.pem")
    terminal.until(r"(/oauth/authorize/)")
    browser.open(f"https://localhost:{port}/callback?code=x&state=guessed")
    terminal.until(r"(belongs to no log-in)")
    browser.open(browser.answer(start, "deny"))
    assert terminal.end() == 1
    assert "Error: Access was denied" in terminal.shown
    assert not (hub.home / "connection.json").exists()


def test_without_a_business_to_sync_nothing_is_kept(hub: Hub, port: int) -> None:
    hub.sandbox.store.businesses.clear()
    terminal = Terminal(hub, "--port", str(port))
    terminal.type(Browser().answer(terminal.until(r"(http://\S+/oauth/authorize/\S+)")))
    assert terminal.end() == 1
    assert "log in to FreshBooks as the owner" in terminal.shown
    assert not list(hub.home.glob("connection*.json"))
    assert hub.sandbox.oauth.refresh_token is None


def test_a_missing_secret_without_a_terminal(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRESHBOOKS_CLIENT_SECRET")
    result = hub.run("connect", "--no-browser")
    assert result.returncode == 1
    assert "FRESHBOOKS_CLIENT_SECRET" in result.stderr


def test_connecting_again_needs_nothing_typed(hub: Hub, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    connected(hub, redirect_uri=login.default_redirect_uri(port))
    for name in ("FRESHBOOKS_CLIENT_ID", "FRESHBOOKS_CLIENT_SECRET"):
        monkeypatch.delenv(name)
    terminal = Terminal(hub, "--business", str(MAIN))
    # Trouble while looking at what can be read does not cost the consent.
    hub.sandbox.faults.add(kind="status", path="/accounting/*", status=503)
    terminal.type(Browser().answer(terminal.until(r"(http://\S+/oauth/authorize/\S+)")))
    assert terminal.end() == 0, terminal.shown
    assert "could not be checked" in terminal.shown
    assert stored(hub)["config"]["start_date"] == "2025-01-01T00:00:00Z"


def test_two_connections_side_by_side_and_the_end_of_one(hub: Hub) -> None:
    connected(hub)
    connected(hub, "bakery")
    listed = json.loads(hub.run("connections", "--json").stdout)
    user = "robin@mapleandpine.example"
    assert [(row["name"], row["state"], row["user"]) for row in listed] == [
        ("default", "connected", user),
        ("bakery", "connected", user),
    ]
    assert "connected as Robin Achterberg since" in hub.run("--connection", "bakery", "status").stdout
    result = hub.run("--connection", "bakery", "disconnect", "--yes")
    assert result.returncode == 0, result.stderr
    assert hub.sandbox.oauth.refresh_token is None
    assert re.search(r"bakery +not connected", hub.run("connections").stdout)
    assert stored(hub)["config"]["credentials"]["client_id"] == hub.sandbox.client_id
    wrong = hub.run("--connection", "../x", "status")
    assert wrong.returncode == 1
    assert "is not a valid connection name" in wrong.stderr


def test_a_grant_that_the_source_finds_dead_is_recorded_and_posted_no_more(hub: Hub) -> None:
    connected(hub)
    hub.sandbox.oauth.revoke_grant()  # the access token still looks good here
    result = hub.run("sync", "--stream", "taxes")
    assert result.returncode == 1
    assert "freshbooks connect" in result.stderr
    assert stored(hub)["dead_since"]
    posts = len(hub.sandbox.requests.matching("*/oauth/token", "POST"))
    doctor = hub.run("doctor", "--json")
    assert doctor.returncode == 1
    findings = {row["check"]: row for row in json.loads(doctor.stdout)}
    assert not findings["grant"]["ok"]
    assert "invalid_grant" in findings["last-sync"]["what"]
    forms = [request.note["grant_type"] for request in hub.sandbox.requests.matching("*/oauth/token", "POST")]
    assert forms[posts:] == ["authorization_code"]  # only whether the app is known


def test_doctor_prints_a_line_and_a_remedy_for_each(hub: Hub) -> None:
    result = hub.run("doctor")
    assert result.returncode == 1
    assert "Traceback" not in result.stdout + result.stderr
    assert re.search(r"Fix *│ connection *│.*│ Connect: freshbooks connect", result.stdout)
    assert "freshbooks help troubleshooting" in result.stdout
