"""A client with nothing but the address is let in by a person; whoever has copied something is not."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import duckdb
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from typer.testing import CliRunner

from freshbooks_hub.agent.mcp.oauth.grants import ACCESS_LIFE, CODE_LIFE, MOST_UNUSED, REFRESH_LIFE
from freshbooks_hub.agent.mcp.oauth.provider import ASKED_LIFE, Authorization
from freshbooks_hub.agent.mcp.oauth.routes import oauth_routes
from freshbooks_hub.agent.mcp.transports import BearerTokens
from freshbooks_hub.cli.main import cli
from freshbooks_hub.core.home import Home
from freshbooks_hub.web.app import create_app
from freshbooks_hub.web.sessions import Sessions
from integration_tests.agent.mcp_client import ERAS, data, error
from integration_tests.agent.oauth_people import BACK, FIELD, ONWARD, Memory, Owner, app_at
from integration_tests.agent.serving import served
from integration_tests.agent.test_mcp_contract import READS, WRITES, allow_all
from integration_tests.agent.test_mcp_processes import environment

pytestmark = pytest.mark.long

WHO = {"statement": "select distinct client_name from clients"}


@pytest.fixture(scope="module")
def home(synced_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A default connection and another one, whose clients are called differently; all writes are on in both."""
    base = Home(tmp_path_factory.mktemp("oauth") / "home").ensure()
    for home in (base, base.named("bakery").ensure()):
        for name in ("freshbooks.duckdb", "hub.sqlite"):
            shutil.copy(synced_home / name, home.root / name)
        with duckdb.connect(home.marts) as db:
            db.execute("UPDATE marts.clients SET client_name = ?", [f"Client of {home.name}"])
        allow_all(home)
    return base


@pytest.fixture(scope="module")
def url(home: Home) -> Iterator[str]:
    with served(environment(home)) as url:
        yield url


@asynccontextmanager
async def let_in(url: str, owner: Owner, memory: Memory, era: str = "2026-07-28") -> AsyncIterator[Client]:
    async with AsyncExitStack() as stack:
        auth = app_at(url, owner, memory)
        http = await stack.enter_async_context(httpx2.AsyncClient(auth=auth, timeout=60))
        transport = streamable_http_client(url, http_client=http)
        yield await stack.enter_async_context(Client(transport, mode=ERAS[era]))


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("connection", ["default", "bakery"])
@pytest.mark.parametrize("access", ["read", "act"])
def test_the_sdks_client_connects_from_the_address_alone(
    url: str, home: Home, era: str, connection: str, access: str
) -> None:
    owner = Owner(home, {"decision": "allow", "access": access, "connection": connection})
    memory = Memory()

    async def run() -> None:
        async with let_in(url, owner, memory, era) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            assert tools == ({*READS, *WRITES} if access == "act" else {*READS})
            assert data(await client.call_tool("query_marts", WHO))["rows"] == [[f"Client of {connection}"]]
            if access == "read":
                refused = error(await client.call_tool("draft_invoice", {"project_id": 1}))
                assert "may only read" in refused
        # A second time nobody is asked.
        async with let_in(url, owner, memory, era) as client:
            assert data(await client.call_tool("list_clients", {}))

    anyio.run(run)
    assert owner.asked == 1
    assert memory.tokens
    assert memory.tokens.scope == ("read act" if access == "act" else "read")


def test_access_that_is_ended_on_the_settings_page_is_gone(url: str, home: Home) -> None:
    owner, memory = Owner(home), Memory()

    async def status() -> int:
        assert memory.tokens
        async with httpx2.AsyncClient() as http:
            bearer = {"Authorization": f"Bearer {memory.tokens.access_token}"}
            ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
            accepts = {"Accept": "application/json, text/event-stream"}
            return (await http.post(url, json=ping, headers=accepts | bearer)).status_code

    async def run() -> None:
        async with let_in(url, owner, memory) as client:
            await client.list_tools()

    anyio.run(run)
    assert anyio.run(status) != 401
    site = url.removesuffix("/mcp")
    with httpx2.Client(base_url=site, follow_redirects=True) as browser:
        browser.get(Sessions(home).link())
        page = browser.get("/settings/agents").text
        assert "Test app" in page
        grant = re.search(r'name="id" value="([^"]+)"', page)
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        assert grant
        assert csrf
        done = browser.post("/settings/agents/revoke", data={"csrf": csrf[1], "id": grant[1]})
        assert "Its access has ended." in done.text
    assert anyio.run(status) == 401


def test_who_is_not_let_in_gets_nothing(url: str, home: Home) -> None:
    owner, memory = Owner(home, {"decision": "deny"}), Memory()

    async def run() -> None:
        async with let_in(url, owner, memory) as client:
            await client.list_tools()

    with pytest.raises(BaseException) as refused:  # noqa: PT011 - wrapped by task groups
        anyio.run(run)
    assert "access_denied" in repr(refused.getrepr())
    assert memory.tokens is None


# -- each step by itself, at a clock that tests turn


class Turned:
    """A clock."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


class Flow:
    """A hub with its pages and its authorization server, an app, and a browser that is signed in."""

    address = "http://127.0.0.1:8766"
    verifier = "v" * 60

    def __init__(self, home: Home) -> None:
        self.home, self.clock = home.ensure(), Turned()
        self.authorization = Authorization(home, self.address, self.clock)
        pages = create_app(home, authorization=self.authorization)
        app = Starlette(routes=[*oauth_routes(self.authorization), Mount("/", pages)])
        app.state.site = pages.state.site
        self.app = TestClient(app, base_url=self.address, follow_redirects=False)
        self.browser = TestClient(app, base_url=self.address, follow_redirects=True)
        sessions = Sessions(home)
        sessions.serve(self.address)
        self.link = sessions.link()

    def register(self, *uris: str, **more: Any) -> Any:
        asked = {"redirect_uris": list(uris or (BACK,)), "client_name": "Test app", **more}
        return self.app.post("/register", json=asked)

    def ask(self, client: str, **more: str) -> Any:
        proof = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": BACK,
            "code_challenge": proof,
            "code_challenge_method": "S256",
            "state": "s",
            **more,
        }
        return self.app.get("/authorize", params=asked)

    def consented(self, client: str, connection: str = "default", **more: str) -> str:
        """The code that a person's consent brings."""
        self.browser.get(self.link)
        address = self.ask(client, **more).headers["location"]
        fields = dict(FIELD.findall(self.browser.get(address).text))
        answer = {"decision": "allow", "access": "act", "connection": connection}
        done = self.browser.post(address, data=fields | answer)
        found = ONWARD.search(done.text)
        assert found
        return parse_qs(urlsplit(html.unescape(found[1])).query)["code"][0]

    def redeem(self, client: str, code: str, **more: str) -> Any:
        asked = {"grant_type": "authorization_code", "client_id": client, "code": code, "redirect_uri": BACK}
        return self.app.post("/token", data=asked | {"code_verifier": self.verifier} | more)

    def refresh(self, client: str, token: str) -> Any:
        asked = {"grant_type": "refresh_token", "client_id": client, "refresh_token": token}
        return self.app.post("/token", data=asked)

    def is_good(
        self, token: str, home: Home | None = None, authorization: Authorization | None = None
    ) -> bool:
        verifier = BearerTokens(home or self.home, authorization or self.authorization)
        return anyio.run(verifier.verify_token, token) is not None


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    return Flow(Home(tmp_path / "home"))


@pytest.fixture
def client(flow: Flow) -> str:
    return str(flow.register().json()["client_id"])


def test_a_stolen_code_is_worth_nothing_and_ends_what_came_of_it(flow: Flow, client: str) -> None:
    code = flow.consented(client)
    other = str(flow.register().json()["client_id"])
    assert flow.redeem(client, code, code_verifier="w" * 60).json()["error"] == "invalid_grant"
    assert flow.redeem(other, code).json()["error"] == "invalid_grant"
    assert flow.redeem(client, code, redirect_uri="http://127.0.0.1:1/x").json()["error"] == "invalid_request"
    tokens = flow.redeem(client, code).json()
    assert flow.is_good(tokens["access_token"])
    assert flow.redeem(client, code).json()["error"] == "invalid_grant"
    assert not flow.is_good(tokens["access_token"])
    assert flow.refresh(client, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_token_is_good_once_and_a_copy_of_it_ends_the_grant(flow: Flow, client: str) -> None:
    first = flow.redeem(client, flow.consented(client)).json()
    second = flow.refresh(client, first["refresh_token"]).json()
    assert not flow.is_good(first["access_token"])
    assert flow.is_good(second["access_token"])
    assert flow.refresh(client, first["refresh_token"]).status_code == 400
    assert not flow.is_good(second["access_token"])


def test_everything_expires(flow: Flow, client: str) -> None:
    late = flow.consented(client)
    flow.clock.now += CODE_LIFE
    assert flow.redeem(client, late).json()["error"] == "invalid_grant"
    tokens = flow.redeem(client, flow.consented(client)).json()
    assert tokens["expires_in"] == ACCESS_LIFE.total_seconds()
    flow.clock.now += ACCESS_LIFE
    assert not flow.is_good(tokens["access_token"])
    again = flow.refresh(client, tokens["refresh_token"]).json()
    assert flow.is_good(again["access_token"])
    flow.clock.now += REFRESH_LIFE
    assert flow.refresh(client, again["refresh_token"]).json()["error"] == "invalid_grant"
    address = flow.ask(client).headers["location"]
    flow.clock.now += ASKED_LIFE
    assert flow.browser.get(address).status_code == 404


def test_a_token_is_good_at_its_own_server_and_connection_alone(flow: Flow, client: str) -> None:
    refused = flow.ask(client, resource="https://elsewhere.example/mcp").headers["location"]
    assert parse_qs(urlsplit(refused).query)["error"] == ["invalid_target"]
    token = flow.redeem(client, flow.consented(client, resource=f"{flow.address}/mcp")).json()["access_token"]
    assert flow.is_good(token)
    assert not flow.is_good(token, flow.home.named("bakery"))
    assert not flow.is_good(token, authorization=Authorization(flow.home, "https://books.example.com"))
    assert not flow.is_good(f"{token}x")


def test_a_new_connection_of_an_old_name_is_another(
    flow: Flow, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRESHBOOKS_HOME", str(flow.home.root))
    monkeypatch.setenv("FRESHBOOKS_CONNECTION", "default")  # which the option changes
    bakery = flow.home.named("bakery").ensure()
    token = flow.redeem(client, flow.consented(client, connection="bakery")).json()["access_token"]
    assert flow.is_good(token, bakery)
    gone = CliRunner().invoke(cli, ["--connection", "bakery", "disconnect", "--delete-data", "--yes"])
    assert gone.exit_code == 0, gone.output
    assert not bakery.root.exists()
    assert not flow.is_good(token, bakery.ensure())


def test_a_client_gives_up_its_own_grant_alone(flow: Flow, client: str) -> None:
    token = flow.redeem(client, flow.consented(client)).json()["access_token"]
    other = str(flow.register().json()["client_id"])
    for one, good in ((other, True), (client, False)):
        flow.app.post("/revoke", data={"token": token, "client_id": one, "client_secret": ""})
        assert flow.is_good(token) is good


def test_nobody_is_let_in_without_a_person_who_is_signed_in(flow: Flow, client: str) -> None:
    address = flow.ask(client).headers["location"]
    assert flow.app.get(address).headers["location"] == "/login"
    assert flow.app.post(address, data={"decision": "allow"}).headers["location"] == "/login"
    # Who signs in then gets to what was asked.
    assert flow.app.get(flow.link).headers["location"] == address.removeprefix(flow.address)
    page = flow.app.get(address).text
    assert "Test app" in page
    assert "an app on this machine" in page
    fields = dict(FIELD.findall(page)) | {"decision": "allow"}
    assert flow.app.post(address, data=fields | {"csrf": "guess"}).status_code == 403
    assert flow.app.post(address, data=fields | {"connection": "none"}).status_code == 404
    assert flow.app.post(address, data=fields).status_code == 200
    assert flow.app.post(address, data=fields).status_code == 404


def test_an_app_with_a_harmful_address_is_not_registered(flow: Flow) -> None:
    for uri in ("javascript:alert(1)", "data:text/html,x", "http://evil.example/", "file:///etc/passwd"):
        assert flow.register(uri).json()["error"] == "invalid_redirect_uri", uri
    for uri in ("https://claude.ai/api/mcp/auth_callback", "cursor://anysphere.cursor/oauth", BACK):
        assert flow.register(uri).status_code == 201, uri
    assert flow.register(client_name="x" * 20_000).status_code == 400


def test_clients_that_nobody_lets_in_do_not_pile_up(flow: Flow, client: str) -> None:
    flow.consented(client)
    for number in range(MOST_UNUSED):
        flow.authorization.grants.register(f"unused {number}", "{}")
    assert flow.register().status_code == 400
    flow.clock.now += timedelta(days=2)
    assert flow.register().status_code == 201
    with closing(sqlite3.connect(flow.home.history)) as db:
        assert db.execute("SELECT count(*) FROM agent_clients").fetchone() == (2,)


def test_no_secret_lies_in_the_file(flow: Flow) -> None:
    registered = flow.register(token_endpoint_auth_method="client_secret_post").json()
    assert (registered["token_endpoint_auth_method"], registered.get("client_secret")) == ("none", None)
    code = flow.consented(registered["client_id"])
    tokens = flow.redeem(registered["client_id"], code).json()
    kept = b"".join(path.read_bytes() for path in flow.home.root.glob("hub.sqlite*"))
    for secret in (code, tokens["access_token"], tokens["refresh_token"], flow.verifier):
        assert secret.encode() not in kept


def test_a_name_that_an_app_gives_itself_is_text(flow: Flow) -> None:
    named = str(flow.register(client_name="<b>Bank\u202e of\nyours</b>").json()["client_id"])
    flow.browser.get(flow.link)
    page = flow.browser.get(flow.ask(named).headers["location"]).text
    assert "&lt;b&gt;Bank of yours&lt;/b&gt;" in page
