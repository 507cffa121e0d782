"""`/c/NAME/mcp`: the agents of each connection see their own books, with a token of their own, and no other's."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import duckdb
import pytest
import requests

from freshbooks_hub.agent.mcp.transports import read_token, renew_token
from freshbooks_hub.core.home import Home
from integration_tests.agent.mcp_client import ERAS, data
from integration_tests.agent.serving import served
from integration_tests.agent.test_mcp_processes import environment, over_http

pytestmark = pytest.mark.long

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
NAMES = ("bakery", "florist")


@pytest.fixture
def homes(synced_home: Path, tmp_path: Path) -> dict[str, Home]:
    """The default connection, and two whose marts differ in the name of a client."""
    base = Home(tmp_path / "home").ensure()
    for home in (base, *(base.named(name).ensure() for name in NAMES)):
        for name in ("freshbooks.duckdb", "hub.sqlite"):
            shutil.copy(synced_home / name, home.root / name)
        with duckdb.connect(home.marts) as db:
            db.execute("UPDATE marts.clients SET client_name = ?", [f"Client of {home.name}"])
    return {home.name: home for home in (base, *(base.named(name) for name in NAMES))}


@pytest.fixture
def server(homes: dict[str, Home]) -> Iterator[str]:
    with served(environment(homes["default"])) as url:
        yield url.removesuffix("/mcp")


def asked(url: str, token: str | None) -> int:
    accepts = {"Accept": "application/json, text/event-stream"}
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.post(url, json=PING, headers=accepts | bearer, timeout=30).status_code


@pytest.mark.parametrize("era", ERAS)
def test_each_token_opens_the_books_of_its_connection_alone(
    server: str, homes: dict[str, Home], era: str
) -> None:
    async def clients(name: str) -> list[str]:
        path = f"/c/{name}/mcp" if name in NAMES else "/mcp"
        async with over_http(server + path, homes[name], era) as client:
            statement = "select distinct client_name from clients"
            rows = data(await client.call_tool("query_marts", {"statement": statement}))["rows"]
            return [row[0] for row in rows]

    for name in homes:
        assert anyio.run(clients, name) == [f"Client of {name}"]


def test_no_other_token_and_no_other_name_opens_anything(server: str, homes: dict[str, Home]) -> None:
    tokens = {name: read_token(home) for name, home in homes.items()}
    assert len(set(tokens.values())) == 3
    for name in NAMES:
        url = f"{server}/c/{name}/mcp"
        assert asked(url, tokens[name]) != 401
        for wrong in (None, "x", *(token for other, token in tokens.items() if other != name)):
            assert asked(url, wrong) == 401
    assert asked(f"{server}/mcp", tokens["bakery"]) == 401
    for name in ("none", "default", "BAKERY"):
        assert asked(f"{server}/c/{name}/mcp", tokens["default"]) == 401


def test_a_token_that_was_replaced_and_one_of_a_removed_connection_end_at_once(
    server: str, homes: dict[str, Home]
) -> None:
    for name, home in homes.items():
        url = f"{server}/c/{name}/mcp" if name in NAMES else f"{server}/mcp"
        old = read_token(home)
        assert asked(url, old) != 401
        new = renew_token(home)
        assert (asked(url, old), asked(url, new) != 401) == (401, True)
        if name in NAMES:
            shutil.rmtree(home.root)
            assert asked(url, new) == 401


def test_the_command_prints_the_token_of_its_connection(homes: dict[str, Home]) -> None:
    def printed(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "freshbooks_hub.cli.main", *words, "mcp", "token"]
        return subprocess.run(
            command, env=environment(homes["default"]), capture_output=True, text=True, check=False
        )

    assert printed("--connection", "bakery").stdout.strip() == read_token(homes["bakery"])
    assert printed().stdout.strip() == read_token(homes["default"])
    assert printed("--connection", "none").returncode == 1
    assert not homes["default"].named("none").root.exists()
