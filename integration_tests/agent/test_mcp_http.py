"""`/mcp` lets in the owner's token alone, from the hosts and origins it is meant for."""

import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from freshbooks_hub.agent.mcp.transports import mcp_app, read_token, renew_token
from freshbooks_hub.core.home import Home

HOST = "127.0.0.1:8400"
LEGACY = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
MODERN = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/list",
    "params": {
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    },
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


@pytest.fixture
def client(home: Home) -> Iterator[TestClient]:
    app = mcp_app(home, [HOST])
    with TestClient(app, base_url=f"http://{HOST}") as client:
        yield client


def post(client: TestClient, message: dict[str, Any] = LEGACY, **headers: str) -> int:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    if message is MODERN:
        names |= {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    return client.post("/mcp", json=message, headers=accept | names).status_code


@pytest.mark.parametrize("message", [LEGACY, MODERN], ids=["2025-11-25", "2026-07-28"])
class TestAccess:
    def test_the_token_opens(self, client: TestClient, home: Home, message: dict[str, Any]) -> None:
        assert post(client, message, Authorization=f"Bearer {read_token(home)}") == 200

    def test_nothing_opens_without_it(self, client: TestClient, home: Home, message: dict[str, Any]) -> None:
        token = read_token(home)
        assert post(client, message) == 401
        for wrong in (
            "Bearer ",
            "Bearer x",
            f"Bearer {token}x",
            f"Bearer {token[:-1]}",
            f"Basic {token}",
            "Bearer é",
        ):
            assert post(client, message, Authorization=wrong.encode()) == 401, wrong

    def test_another_host_is_refused(self, client: TestClient, home: Home, message: dict[str, Any]) -> None:
        for host in ("evil.example", "evil.example:8400", "127.0.0.1:8401", "127.0.0.1.evil.example:8400"):
            assert post(client, message, Authorization=f"Bearer {read_token(home)}", Host=host) == 421, host

    def test_another_origin_is_refused(self, client: TestClient, home: Home, message: dict[str, Any]) -> None:
        bearer = f"Bearer {read_token(home)}"
        for origin in (
            "https://evil.example",
            "null",
            "http://127.0.0.1:9999",
            f"http://{HOST}.evil.example",
        ):
            assert post(client, message, Authorization=bearer, Origin=origin) == 403, origin
        assert post(client, message, Authorization=bearer, Origin=f"http://{HOST}") == 200


def test_it_can_be_routed_to_from_another_app(home: Home) -> None:
    mcp = mcp_app(home, [HOST])
    outer = Starlette(
        routes=[Route("/mcp", endpoint=mcp)], lifespan=lambda _: mcp.router.lifespan_context(mcp)
    )
    with TestClient(outer, base_url=f"http://{HOST}", follow_redirects=False) as client:
        assert post(client, Authorization=f"Bearer {read_token(home)}") == 200


def test_a_large_receipt_gets_through_and_a_flood_does_not(client: TestClient, home: Home) -> None:
    bearer = f"Bearer {read_token(home)}"
    padded = LEGACY | {"params": LEGACY["params"] | {"_meta": {"pad": "x" * 12_000_000}}}
    assert post(client, padded, Authorization=bearer) == 200
    padded["params"]["_meta"]["pad"] *= 2
    assert post(client, padded, Authorization=bearer) == 413


def test_the_token_is_made_once_is_private_and_can_be_renewed(home: Home) -> None:
    tokens: set[str] = set()
    starters = [threading.Thread(target=lambda: tokens.add(read_token(home))) for _ in range(8)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert len(tokens) == 1
    [token] = tokens
    assert len(token) > 40
    files = [path for path in home.root.iterdir() if path.is_file() and token.encode() in path.read_bytes()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600]
    assert renew_token(home) != token
    assert read_token(home) != token
