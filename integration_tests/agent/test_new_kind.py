"""A new kind of action is one folder: its tool, page, command line, limits and log follow from it alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner

from freshbooks_hub.agent.actions.kinds import KINDS, find_kinds
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import ActionRefused, Channel, Status
from freshbooks_hub.agent.actions.policy import Rule
from freshbooks_hub.agent.mcp.server import BooksServer
from freshbooks_hub.agent.mcp.tool import ServerState
from freshbooks_hub.cli.main import cli
from integration_tests.agent import another_kind
from integration_tests.agent.acting import Firm, opened_firm
from integration_tests.agent.mcp_client import client, data, error
from integration_tests.web.serving import Client


@pytest.fixture
def firm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    """A home of a program that has one more kind."""
    [kind] = find_kinds(another_kind).values()
    with opened_firm(tmp_path / "home") as firm:
        monkeypatch.setitem(KINDS, kind.name, kind)
        monkeypatch.setenv("FRESHBOOKS_HOME", str(firm.home.root))
        firm.actions = ActionService(firm.home)  # in real time, as the pages and commands see it
        yield firm


def run(*words: str) -> str:
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    return result.stdout


def tools(firm: Firm) -> dict[str, Any]:
    async def listed() -> dict[str, Any]:
        async with client(BooksServer(ServerState(firm.home, firm.actions)), "2026-07-28") as connected:
            return {tool.name: tool for tool in (await connected.list_tools()).tools}

    return anyio.run(listed)


def call(firm: Firm, tool: str, **arguments: Any) -> Any:
    async def called() -> Any:
        async with client(BooksServer(ServerState(firm.home, firm.actions)), "2026-07-28") as connected:
            return await connected.call_tool(tool, arguments)

    return anyio.run(called)


def test_from_the_list_of_tools_to_the_audit_log(firm: Firm) -> None:
    # Off at first, and known to the settings.
    assert "create_item" not in tools(firm)
    assert "freshbooks actions allow item" in error(call(firm, "create_item", name="Acme"))
    assert "item          off" in run("actions", "policy")
    rule = Rule(allowed=True, max_amount={"USD": "500"}, per_day=1)
    firm.actions.policy.set("item", rule, "owner", Channel.terminal)
    assert "item          on: up to 500 USD each, 1 in 24 hours\n" in run("actions", "policy")

    # The tool, with the fields of the request as its arguments.
    tool = tools(firm)["create_item"]
    assert tool.title == "Create an item"
    assert set(tool.input_schema["properties"]) == {"name", "price", "business_id"}
    assert "500 USD" in error(call(firm, "create_item", name="Acme", price="500.01"))
    proposed = data(call(firm, "create_item", name="Acme", price="500"))
    other = data(call(firm, "create_item", name="Zenith"))
    assert (proposed["kind"], proposed["status"]) == ("create_item", "proposed")
    assert data(call(firm, "create_item", name="Acme", price="500"))["id"] == proposed["id"]
    assert "Acme" not in [row["name"] for row in firm.rows("items").values()]

    # Page and command line show it by its own lines and label.
    page = Client(firm.home)
    shown = page.get("/approvals").text
    assert "Create an item" in shown
    assert "<li>Item          Acme</li>" in shown
    assert "Item          Acme" in run("actions", "show", proposed["id"])
    assert "Create item" in page.get("/settings/agents").text
    assert "500.00" in page.get("/settings/agents").text

    # Approved on the page, sent, read back.
    hashed = firm.actions.get(proposed["id"]).payload_hash
    page.submit(f"/approvals/{proposed['id']}/approve", "/approvals", payload_hash=hashed)
    done = firm.actions.get(proposed["id"])
    assert done.status is Status.confirmed
    assert done.result is not None
    assert [row["id"] for row in firm.rows("items").values() if row["name"] == "Acme"] == [
        done.result.record_id
    ]
    assert "Create item, <time " in page.get("/approvals").text
    assert "The item is in FreshBooks." in page.get("/activity").text
    assert data(call(firm, "get_action", action_id=done.id))["status"] == "confirmed"

    # The limit per day, and the log.
    waiting = firm.actions.get(other["id"])
    firm.actions.approve(waiting.id, waiting.payload_hash, "owner", Channel.terminal)
    with pytest.raises(ActionRefused, match="1 such action in 24 hours"):
        firm.actions.dispatch(waiting.id)
    events = [
        (one["event"], one["channel"]) for one in firm.actions.audit.entries() if one["action_id"] == done.id
    ]
    assert events == [("confirmed", None), ("dispatching", None), ("approved", "web"), ("proposed", None)]
    assert "complete and unchanged" in run("audit", "verify")


def test_an_action_of_a_kind_of_a_newer_version_says_what_to_do(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.actions.policy.set("item", Rule(allowed=True), "owner", Channel.terminal)
    proposed = data(call(firm, "create_item", name="Acme"))
    monkeypatch.delitem(KINDS, "create_item")
    with pytest.raises(ActionRefused, match="newer version"):
        ActionService(firm.home).get(proposed["id"])
