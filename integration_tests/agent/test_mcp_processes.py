"""The SDK's own client against the commands that people run: `freshbooks mcp` and `/mcp` of `freshbooks serve`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TextIO

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from freshbooks_hub.agent.mcp.transports import read_token
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests.agent.acting import Firm
from integration_tests.agent.mcp_client import ERAS, approving, data
from integration_tests.agent.serving import MCP_ALONE, served
from integration_tests.agent.test_mcp_contract import READS

pytestmark = pytest.mark.long

HEAVY = {"dbt", "airbyte_cdk", "source_freshbooks", "freshbooks_sandbox", "pandas", "numpy", "jinja2"}
HANDSHAKE: list[dict[str, Any]] = [
    {
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    },
    {"method": "notifications/initialized"},
    {"id": 2, "method": "tools/list"},
]
both_eras = pytest.mark.parametrize("era", ERAS)


def environment(home: Home) -> dict[str, str]:
    return {**os.environ, "FRESHBOOKS_HOME": str(home.root)}


def over_stdio(
    home: Home, era: str, log: TextIO = sys.stderr, flags: tuple[str, ...] = (), **given: Any
) -> Client:
    command = StdioServerParameters(
        command=sys.executable, args=[*flags, "-m", "freshbooks_hub.cli.main", "mcp"], env=environment(home)
    )
    return Client(stdio_client(command, errlog=log), mode=ERAS[era], **given)


@asynccontextmanager
async def over_http(url: str, home: Home, era: str, **given: Any) -> AsyncIterator[Client]:
    bearer = {"Authorization": f"Bearer {read_token(home)}"}
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(headers=bearer, timeout=60))
        transport = streamable_http_client(url, http_client=http)
        yield await stack.enter_async_context(Client(transport, mode=ERAS[era], **given))


@pytest.fixture
def books_at_rest(synced_home: Path, tmp_path: Path) -> Home:
    """Marts without a connection: nothing can be synced, everything can be read."""
    home = Home(tmp_path / "home").ensure()
    for name in ("freshbooks.duckdb", "hub.sqlite"):
        shutil.copy(synced_home / name, home.root / name)
    return home


@pytest.fixture
def firm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    with Sandbox(seed="empty", rate_limit=None, post_rate_limit=None) as sandbox:
        monkeypatch.setenv("FRESHBOOKS_API_URL", sandbox.url)
        monkeypatch.setenv("FRESHBOOKS_AUTH_URL", sandbox.url)
        firm = Firm(sandbox, tmp_path / "firm")
        firm.connect()
        yield firm


async def reads_the_books(client: Client) -> None:
    assert {tool.name for tool in (await client.list_tools()).tools} == set(READS)
    balances = data(await client.call_tool("get_outstanding_balance", {"limit": 3}))
    assert len(balances["balances"]) == 3
    assert balances["context"]["as_of_date"]
    rows = data(await client.call_tool("query_marts", {"statement": "select count(*) from clients"}))["rows"]
    assert rows[0][0] > 10
    [metrics] = (await client.read_resource("freshbooks://metrics")).contents
    assert "outstanding" in metrics.text  # type: ignore[union-attr]
    prompt = await client.get_prompt("bill_finished_project", {"project": "Website"})
    assert "draft_invoice" in str(prompt.messages)


async def drafts_an_invoice(client: Client, firm: Firm) -> None:
    project = firm.finished_project()
    answer = data(await client.call_tool("draft_invoice", {"project_id": project["id"], "taxes": []}))
    assert answer["status"] == "confirmed"
    assert answer["result"]["record_id"] in firm.rows("invoices")


@both_eras
def test_stdio_reads_and_imports_neither_dbt_nor_the_cdk(
    books_at_rest: Home, tmp_path: Path, era: str
) -> None:
    async def check() -> None:
        with (tmp_path / "imports").open("w") as log:
            async with over_stdio(books_at_rest, era, log, ("-X", "importtime")) as client:
                assert client.protocol_version == era
                await reads_the_books(client)

    anyio.run(check)
    imported = {line.rpartition("|")[2].strip() for line in (tmp_path / "imports").read_text().splitlines()}
    assert {"mcp", "duckdb"} <= imported
    assert not HEAVY & {name.partition(".")[0] for name in imported}


@both_eras
def test_http_of_freshbooks_serve_reads(books_at_rest: Home, era: str) -> None:
    async def check(url: str) -> None:
        async with over_http(url, books_at_rest, era) as client:
            assert client.protocol_version == era
            await reads_the_books(client)

    with served(environment(books_at_rest)) as url:
        anyio.run(check, url)


@both_eras
def test_stdio_asks_the_person_and_writes(firm: Firm, era: str) -> None:
    async def check() -> None:
        async with over_stdio(firm.home, era, elicitation_callback=approving()) as client:
            await drafts_an_invoice(client, firm)

    anyio.run(check)


@both_eras
def test_http_asks_the_person_and_writes(firm: Firm, era: str) -> None:
    async def check(url: str) -> None:
        async with over_http(url, firm.home, era, elicitation_callback=approving()) as client:
            await drafts_an_invoice(client, firm)

    with served(environment(firm.home), MCP_ALONE) as url:
        anyio.run(check, url)


def test_every_line_is_answered_also_one_with_half_a_character(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").ensure()
    command = [sys.executable, "-m", "freshbooks_hub.cli.main", "mcp"]
    call = {"name": "query_marts", "arguments": {"statement": "SELECT '\ud800'"}}
    lines = [*HANDSHAKE[:2], {"id": 2, "method": "tools/call", "params": call}]
    with subprocess.Popen(
        command, env=environment(home), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        for message in lines:
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            process.stdin.flush()
        answers = {
            answer["id"]: answer for answer in (json.loads(process.stdout.readline()) for _ in range(2))
        }
        process.stdin.close()
    assert answers[2]["result"]["isError"]
    assert "lone surrogate" in answers[2]["result"]["content"][0]["text"]
