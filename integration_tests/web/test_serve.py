"""`freshbooks serve` as a command: what it mounts, whom it lets in, how it ends; and behind a public address."""

import base64
import hashlib
import hmac
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient
from typer.testing import CliRunner

from freshbooks_hub.agent.mcp.transports import read_token
from freshbooks_hub.cli.main import cli
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.webhook_receiver import SIGNATURE
from freshbooks_hub.sync.webhooks import Webhooks
from freshbooks_hub.web import sessions
from freshbooks_hub.web.app_state import SyncLauncher
from freshbooks_hub.web.server import Options, check, whole_app
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from integration_tests.consent import Browser
from integration_tests.hub import Hub
from integration_tests.web.conftest import point_at
from integration_tests.web.serving import PAGES, Served, Stranger

PUBLIC = "https://books.example.com"


class Server:
    """The command, running on a free port; `link` signs in."""

    def __init__(self, hub: Hub) -> None:
        self.process = hub.start("serve", "--port", "0")
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], 120)
        assert ready, "the server did not start"
        found = re.search(r"http://127\.0\.0\.1:\d+", self.process.stdout.readline())
        assert found
        self.url = found[0]
        assert "works once" in self.process.stdout.readline()
        self.link = self.process.stdout.readline().strip()
        assert self.link.startswith(f"{self.url}/open?key=")

    def end(self) -> tuple[int, str, str]:
        """Ctrl-C; the exit code, and what was printed since the address."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture
def hub(empty_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Sandbox(seed="empty", rate_limit=None) as sandbox:
        point_at(sandbox, empty_home, monkeypatch)
        yield Hub(empty_home.root, sandbox)


def test_one_process_serves_pages_agents_and_webhooks_until_ctrl_c(hub: Hub) -> None:
    server = Server(hub)
    home = Home(hub.home)
    try:
        with requests.Session() as browser:
            assert "First steps" in browser.get(server.link, timeout=10).text
        assert requests.get(server.url, headers={"Host": "evil.example"}, timeout=10).status_code == 400
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        accepts = {"Accept": "application/json, text/event-stream"}
        assert requests.post(f"{server.url}/mcp", json=ping, headers=accepts, timeout=10).status_code == 401
        token = accepts | {"Authorization": f"Bearer {read_token(home)}"}
        assert requests.post(f"{server.url}/mcp", json=ping, headers=token, timeout=30).status_code != 401
        assert (
            requests.post(f"{server.url}/webhooks/freshbooks", data={"a": "b"}, timeout=10).status_code == 401
        )
        assert (
            requests.post(f"{server.url}/webhooks/freshbooks", data=b"x" * 70_000, timeout=10).status_code
            == 413
        )
        assert requests.post(f"{server.url}/c/none/webhooks/freshbooks", timeout=10).status_code == 404
        requests.get(f"{server.url}/callback?code=abc&state=def", timeout=10)
    finally:
        code, out, err = server.end()
    # Nothing of a request is printed or logged: addresses hold codes.
    assert (code, out, err) == (0, "Stopped.\n", "")
    assert not [path for path in home.logs.glob("*.log") if "abc" in path.read_text()]


def test_another_process_gets_nothing_from_the_running_server_and_each_link_of_the_owner_opens_it_once(
    hub: Hub,
) -> None:
    """As another user of the machine would try it, with curl; `freshbooks open` gives another browser a link."""

    def curl(path: str, *more: str) -> tuple[int, str]:
        command = ["curl", "--silent", "--write-out", "\n%{http_code}", *more, f"{server.url}{path}"]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        body, _, code = found.rpartition("\n")
        return int(code), body

    refused = hub.run("open")
    assert refused.returncode == 1
    assert "Start them with `freshbooks serve`" in refused.stderr
    server = Server(hub)
    try:
        assert {path: curl(path) for path in PAGES} == dict.fromkeys(PAGES, (303, ""))
        for path in ("/pause", "/sync", "/approvals/a/approve", "/settings/freshbooks/disconnect"):
            assert curl(path, "--data", "csrf=guess") == (303, "")
        for host in ("127.0.0.1/login?", "localhost:8766/static/?", "127.0.0.1#"):
            assert curl("/", "--header", f"Host: {host}")[0] == 400
        assert curl("/open?key=guess")[0] == 403
        assert not Schedule(Home(hub.home)).paused_since()
        # Looking at the owner's link uses up nothing; opening it does.
        key = server.link.removeprefix(server.url)
        assert curl(key, "--head")[0] == 405
        link = hub.run("open").stdout.split()[-1]
        assert link.startswith(f"{server.url}/open?key=")
        for one in (link, server.link):
            with requests.Session() as owner:
                assert owner.get(one, timeout=10).status_code == 200
        assert curl(key)[0] == 403
    finally:
        server.end()
    assert hub.run("open").returncode == 1


@pytest.mark.long
def test_a_service_makes_its_password_at_the_first_start_and_prints_no_link(hub: Hub) -> None:
    file = hub.home / "web.password"
    told = []
    for _ in range(2):
        process = hub.start("serve", "--port", "0", "--password-file", str(file), "--create-password")
        assert process.stdout
        lines = [process.stdout.readline()]
        while not lines[-1].startswith("FreshBooks hub: "):
            lines.append(process.stdout.readline())
        assert requests.get(lines[-1].split()[2], timeout=30).url.endswith("/login")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("Stopped.\n", "")
        told.append(lines[:-1])
    assert told == [[f"A password for the pages was created. Read it with: cat {file}\n"], []]
    assert file.stat().st_mode & 0o777 == 0o600
    home, password = Home(hub.home), sessions.read_password(file)
    client = Stranger(home, password=password)
    assert client.submit("/login", "/login", password=password).headers["location"] == "/"
    # A restart with the same password signs nobody out.
    again = Stranger(home, password=password)
    again.cookies = client.cookies
    assert again.get("/", follow_redirects=False).status_code == 200


def test_a_signed_webhook_makes_invoices_due(hub: Hub) -> None:
    home = Home(hub.home).ensure()
    Schedule(home).resume()
    Webhooks(home).add(7, "mPx4Q9", "invoice", f"{PUBLIC}/webhooks/freshbooks")
    Webhooks(home).verified(Webhooks(home).all()[0], "a shared secret")
    fields = {
        "name": "invoice.update",
        "object_id": "1",
        "account_id": "mPx4Q9",
        "business_id": "439000",
        "identity_id": "1",
    }
    digest = hmac.digest(b"a shared secret", json.dumps(fields).encode(), hashlib.sha256)
    client = TestClient(whole_app(home, Options(), 8766), base_url="http://127.0.0.1:8766")
    signed = {SIGNATURE: base64.b64encode(digest).decode()}
    answers = [client.post("/webhooks/freshbooks", data=fields, headers=signed)]
    forged = fields | {"object_id": "2"}
    answers.append(client.post("/webhooks/freshbooks", data=forged, headers=signed))
    # FreshBooks asks for a verification, and cannot be reached with the verifier.
    Webhooks(home).add(8, "mPx4Q9", "client", f"{PUBLIC}/webhooks/freshbooks")
    asked = {"name": "callback.verify", "object_id": "8", "verifier": "a code"}
    answers.append(client.post("/webhooks/freshbooks", data=asked))
    assert Webhooks(home).all()[0].last_delivery_at
    home.history.write_bytes(b"damaged" * 1000)
    answers.append(client.post("/webhooks/freshbooks", data=fields, headers=signed))
    assert [(answer.status_code, answer.text) for answer in answers] == [
        (200, ""),
        (401, ""),
        (502, ""),
        (503, ""),
    ]


def test_it_refuses_to_be_reached_by_others_without_a_password(hub: Hub) -> None:
    result = hub.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert result.returncode == 1
    assert "can be reached by others" in result.stderr
    assert "freshbooks serve --set-password" in result.stderr


@pytest.mark.parametrize("port", ["99999", "-1"])
@pytest.mark.parametrize("command", ["serve", "sandbox"])
def test_a_port_that_cannot_be_is_said_plainly(command: str, port: str) -> None:
    result = CliRunner().invoke(cli, [command, "--port", port])
    assert result.exit_code == 2
    assert "Invalid value for '--port'" in result.output


def test_the_loopback_of_ipv6_is_this_machine_too(empty_home: Home) -> None:
    options = Options(host="::1")
    check(empty_home, options)  # asks for no password
    app = whole_app(empty_home, options, 8781)
    client = TestClient(app, base_url="http://127.0.0.1:8781")
    assert client.get("/login", headers={"Host": "[::1]:8781"}).status_code == 200


def test_a_holder_that_a_killed_sync_left_is_no_running_sync(empty_home: Home) -> None:
    """Its number may be that of another process by now."""
    home, starter = empty_home.ensure(), SyncLauncher()
    left = {"pid": os.getpid(), "since": "2026-01-01T00:00:00Z"}
    (home.root / "sync.holder.json").write_text(json.dumps(left))
    assert not starter.running(home)
    with sync_lock(home.root):
        assert starter.running(home)


@pytest.mark.long
def test_the_syncs_of_the_page_end_with_the_server(empty_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def slow(command: list[str], **how: Any) -> subprocess.Popen[bytes]:
        started.append(popen([sys.executable, "-c", "import time; time.sleep(60)"], **how))
        return started[-1]

    starter = SyncLauncher()
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", slow)
        assert starter.start(empty_home)
    starter.stop()
    assert started[0].poll() is not None
    assert not starter.running(empty_home)


def test_a_port_in_use_is_said_plainly(hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = hub.run("serve", "--port", str(port))
    assert result.returncode == 1
    assert f"127.0.0.1:{port} cannot be used: Address already in use. Choose another --port." in result.stderr


def test_behind_a_public_address_the_callback_is_one_of_our_own_pages(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(hub.home)
    sessions.set_password(home, "correct horse battery")
    client = Stranger(home, hosts=("books.example.com",), public_url=PUBLIC)
    client.base_url = PUBLIC
    client.submit("/login", "/login", password="correct horse battery")
    page = client.get("/settings/freshbooks").text
    assert "must be unique in all of FreshBooks" in page
    assert f'value="{PUBLIC}/callback"' in page
    hub.sandbox.oauth.register_redirect(f"{PUBLIC}/callback")
    client.submit(
        "/settings/freshbooks",
        "/settings/freshbooks",
        redirect_uri=f"{PUBLIC}/callback",
        client_id=hub.sandbox.client_id,
        client_secret=hub.sandbox.client_secret,
    )
    start = re.search(rf'href="({PUBLIC}/start/[^"]+)"', client.get("/settings/freshbooks/log-in").text)
    assert start
    onward = client.get(start[1], follow_redirects=False)
    assert onward.headers["location"].startswith(hub.sandbox.url)
    callback = Browser().answer(onward.headers["location"])
    # Nobody else can bring the answer: not without the password, not without the cookie of the start.
    stranger = Stranger(home, hosts=("books.example.com",), public_url=PUBLIC)
    assert stranger.get(callback, follow_redirects=False).headers["location"] == "/login"
    back = client.get(callback, follow_redirects=False)
    assert back.headers["location"] == f"{PUBLIC}/settings/freshbooks/done"
    assert "Choose businesses" in client.get("/settings/freshbooks/done").text
    client.submit("/settings/freshbooks/businesses", "/settings/freshbooks/businesses", business="439000")
    assert ConnectionStore(home.connection).load().business_ids == [439000]


@pytest.mark.long
def test_sync_now_reads_the_books_while_one_looks_on(
    page: Page, empty_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(seed="demo", rate_limit=None) as sandbox:
        point_at(sandbox, empty_home, monkeypatch)
        # One business of one currency: a third of the reports.
        ConnectionStore(empty_home.ensure().connection).connect(config_of(sandbox, business_ids=[439117]))
        with Served(empty_home) as served:
            page.goto(served.link())
            page.get_by_role("button", name="Sync now").click()
            expect(page.get_by_role("heading", name="Sync is running")).to_be_visible()
            expect(page.get_by_text("Building marts, as of")).to_be_visible(timeout=120_000)
            expect(page.get_by_role("heading", name="Sync is running")).to_be_hidden(timeout=240_000)
            page.get_by_role("link", name="Status", exact=True).click()
            expect(page.get_by_role("heading", name="Everything is up to date")).to_be_visible()
            page.get_by_role("link", name="Balances").click()
            expect(page.get_by_role("heading", name="CAD", exact=True)).to_be_visible()


def test_the_server_imports_neither_dbt_nor_the_source(hub: Hub) -> None:
    code = (
        "import sys, freshbooks_hub.web.server; "
        "print([name for name in ('dbt', 'airbyte_cdk', 'source_freshbooks', 'pandas') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=hub.environment
    )
    assert result.stdout.strip() == "[]"
