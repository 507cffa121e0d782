"""The server's contract: names, schemas, hints and texts are frozen, short, and the same whatever is in the books.

After a wanted change: python -m integration_tests.agent.test_mcp_contract
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import anyio
import pytest

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Channel
from freshbooks_hub.agent.actions.policy import Rule
from freshbooks_hub.agent.mcp.server import INSTRUCTIONS, build_server
from freshbooks_hub.core.home import Home
from integration_tests.agent.mcp_client import ERAS, client, error

FROZEN = Path(__file__).with_name("mcp_contract.json")
READS = (
    "get_outstanding_balance", "list_clients", "get_client", "list_invoices", "get_invoice", "list_payments",
    "revenue_summary", "profit_summary", "cash_forecast", "expense_summary", "list_expenses", "list_time",
    "list_unbilled_time", "query_marts", "describe_marts", "list_actions", "get_action", "get_timer",
)  # fmt: skip
WRITES = tuple(KINDS)
# A model's tokenizer makes fewer tokens of JSON than one for each 3.5 characters.
CHARACTERS_A_TOKEN = 3.5


def contract(home: Home, era: str = "2026-07-28") -> dict[str, Any]:
    """What a client is told before it asks anything."""

    async def read() -> dict[str, Any]:
        async with client(build_server(home), era) as connected:
            listed = {
                "tools": (await connected.list_tools()).tools,
                "resources": (await connected.list_resources()).resources,
                "prompts": (await connected.list_prompts()).prompts,
            }
            return {
                part: [item.model_dump(mode="json", by_alias=True, exclude_none=True) for item in items]
                for part, items in listed.items()
            }

    return anyio.run(read)


def allow_all(home: Home) -> Home:
    policy = ActionService(home).policy
    for kind in KINDS.values():
        policy.set(kind.write, Rule(allowed=True), "owner", Channel.terminal)
    return home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


@pytest.mark.parametrize("era", ERAS)
def test_nothing_in_the_contract_changes_by_accident(home: Home, era: str) -> None:
    assert contract(allow_all(home), era) == json.loads(FROZEN.read_text())


def test_the_list_of_tools_is_short(home: Home) -> None:
    """Every conversation begins with it; a write costs it only where it is allowed."""

    def tokens(part: object) -> float:
        return len(json.dumps(part, separators=(",", ":"), ensure_ascii=False)) / CHARACTERS_A_TOKEN

    assert tokens(contract(home)["tools"]) < 3_500
    every = contract(allow_all(home))["tools"]
    assert tokens(every) < 6_500
    for tool in every:
        assert tokens(tool) < 420, tool["name"]
    assert len(INSTRUCTIONS) / CHARACTERS_A_TOKEN < 300


def test_writes_are_hidden_until_the_owner_turns_them_on(home: Home) -> None:
    assert {tool["name"] for tool in contract(home)["tools"]} == set(READS)
    assert {tool["name"] for tool in contract(allow_all(home))["tools"]} == {*READS, *WRITES}


def test_the_hints_are_true(home: Home) -> None:
    hints = {tool["name"]: tool["annotations"] for tool in contract(allow_all(home))["tools"]}
    for name in READS:
        # The marts and the log are files; only the timer is asked of FreshBooks.
        assert hints[name] == {"readOnlyHint": True, "openWorldHint": name == "get_timer"}, name
    for name in WRITES:
        assert hints[name] == {
            "readOnlyHint": False,
            "destructiveHint": name in ("send_invoice", "send_reminder"),  # a mail cannot be taken back
            "idempotentHint": True,
            "openWorldHint": True,
        }, name


def test_every_tool_says_what_it_takes(home: Home) -> None:
    for tool in contract(allow_all(home))["tools"]:
        assert len(tool["description"]) > 40, tool["name"]
        assert tool["inputSchema"]["additionalProperties"] is False
        for argument, schema in tool["inputSchema"]["properties"].items():
            assert schema["type"], (tool["name"], argument)


def test_no_prompt_or_resource_needs_the_books_to_be_listed(home: Home) -> None:
    listed = contract(home)
    assert [resource["uri"] for resource in listed["resources"]] == [
        "freshbooks://dictionary",
        "freshbooks://freshness",
        "freshbooks://metrics",
    ]
    assert [prompt["name"] for prompt in listed["prompts"]] == [
        "month_end_chase",
        "bill_finished_project",
        "file_receipts",
    ]


@pytest.mark.parametrize("era", ERAS)
def test_without_marts_every_read_says_what_to_run(home: Home, era: str) -> None:
    needed = {
        "get_client": {"client": "x"},
        "get_invoice": {"invoice": "1"},
        "query_marts": {"statement": "select 1"},
    }

    async def run() -> None:
        async with client(build_server(home), era) as connected:
            for name in READS[:-3]:
                result = await connected.call_tool(name, needed.get(name, {}))
                assert "freshbooks sync" in error(result), name
            with pytest.raises(Exception, match="freshbooks sync"):
                await connected.read_resource("freshbooks://metrics")

    anyio.run(run)


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("list_clients", {"limit": "many"}, "limit: "),
        ("list_clients", {"limit": 100_000}, "limit: "),
        ("get_client", {}, "client: Field required"),
        ("list_invoices", {"issued_from": "soon"}, "issued_from: "),
        ("list_invoices", {"customer": "Acme"}, "Its arguments: business_id, client,"),
        ("delete_everything", {}, "no such tool"),
    ],
)
def test_a_wrong_call_is_told_in_one_sentence_without_its_values(
    home: Home, tool: str, arguments: dict[str, Any], expected: str
) -> None:
    async def run() -> None:
        async with client(build_server(home), "2026-07-28") as connected:
            told = error(await connected.call_tool(tool, arguments))
            assert expected in told
            assert not [value for value in arguments.values() if str(value) in told]

    anyio.run(run)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        wanted = contract(allow_all(Home(Path(folder)).ensure()))
    FROZEN.write_text(json.dumps(wanted, indent=1, ensure_ascii=False) + "\n")
