"""The MCP Inspector's command line lists, reads and proposes, over stdio and HTTP, in both protocol eras."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.agent.mcp.transports import read_token
from freshbooks_hub.core.home import Home
from integration_tests.agent.serving import served
from integration_tests.agent.test_mcp_contract import READS, WRITES, allow_all
from integration_tests.agent.test_reads import ARGUMENTS

INSPECTOR = Path(__file__).parent / "node_modules" / ".bin" / "mcp-inspector"
OK, TOOL_FAILED = 0, 5
# This home has no action, and no connection to ask for a timer.
NOTHING_THERE = ("get_action", "get_timer")


class Inspector:
    """`target` is a command, or an address and its header."""

    def __init__(self, folder: Path, target: list[str]) -> None:
        self._environment = {
            **os.environ,
            "MCP_CATALOG_PATH": str(folder / "inspector.json"),
            "HOME": str(folder),
        }
        self._target = target

    def __call__(self, era: str, method: str, *options: str, code: int = OK) -> dict[str, Any]:
        general = [
            "--cli",
            "--quiet",
            "--format",
            "json",
            "--connect-timeout",
            "60000",
            "--protocol-era",
            era,
        ]
        result = subprocess.run(
            [str(INSPECTOR), *general, "--method", method, *options, *self._target],
            env=self._environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode == code, result.stderr + result.stdout
        answer: dict[str, Any] = json.loads(result.stdout)["result"]
        return answer


@pytest.fixture(scope="module")
def home(synced_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("inspected") / "home").ensure()
    for name in ("freshbooks.duckdb", "hub.sqlite"):
        shutil.copy(synced_home / name, home.root / name)
    return allow_all(home)


@pytest.fixture(scope="module", params=["stdio", "http"])
def inspector(request: pytest.FixtureRequest, home: Home) -> Iterator[Inspector]:
    folder = home.root.parent
    if request.param == "stdio":
        command = [sys.executable, "-m", "freshbooks_hub.cli.main", "mcp"]
        yield Inspector(folder, ["-e", f"FRESHBOOKS_HOME={home.root}", "--", *command])
        return
    with served({**os.environ, "FRESHBOOKS_HOME": str(home.root)}) as url:
        header = f"Authorization: Bearer {read_token(home)}"
        yield Inspector(folder, ["--server-url", url, "--transport", "http", "--header", header])


@pytest.mark.parametrize(
    "inspector", ["http"], indirect=True
)  # by stdio each call would start the server anew
def test_every_tool_that_reads_answers(inspector: Inspector) -> None:
    given = {**ARGUMENTS, "get_action": {"action_id": "none"}}
    for name in READS:
        call = ("--tool-name", name, "--tool-args-json", json.dumps(given.get(name, {})))
        code = TOOL_FAILED if name in NOTHING_THERE else OK
        answer = inspector("modern", "tools/call", *call, code=code)
        assert answer.get("structuredContent") or answer["isError"], name


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_lists_calls_and_reads(inspector: Inspector, era: str) -> None:
    tools = inspector(era, "tools/list", "--strict")["tools"]
    assert {tool["name"] for tool in tools} == {*READS, *WRITES}

    call = ("--tool-name", "get_outstanding_balance", "--tool-args-json", '{"limit": 2}')
    answer = inspector(era, "tools/call", *call)
    assert len(answer["structuredContent"]["balances"]) == 2

    missing = ("--tool-name", "get_client", "--tool-args-json", '{"client": "nobody of this name"}')
    assert inspector(era, "tools/call", *missing, code=TOOL_FAILED)["isError"]

    [metrics] = inspector(era, "resources/read", "--uri", "freshbooks://metrics")["contents"]
    assert "outstanding" in metrics["text"]
    prompt = inspector(
        era, "prompts/get", "--prompt-name", "bill_finished_project", "--prompt-args", "project=Website"
    )
    assert "Website" in prompt["messages"][0]["content"]["text"]

    # This home has no connection, so a write gets as far as saying so.
    write = ("--tool-name", "draft_invoice", "--tool-args-json", '{"project_id": 1}')
    refused = inspector(era, "tools/call", *write, code=TOOL_FAILED)
    assert "freshbooks connect" in refused["content"][0]["text"]
