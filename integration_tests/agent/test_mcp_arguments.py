"""Arguments as models and their clients fill them, through the server: answered as meant, or refused in a sentence."""

import shutil
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from freshbooks_hub.agent.mcp.server import build_server
from freshbooks_hub.core.home import Home
from integration_tests.agent.acting import BUSINESS, Firm
from integration_tests.agent.mcp_client import client, data, error


@pytest.fixture(scope="module")
def home(marts: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("arguments") / "home").ensure()
    shutil.copy(marts, home.marts)
    return home


def asked(home: Home, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    async def run() -> list[Any]:
        async with client(build_server(home), "2025-11-25") as connected:
            return [await connected.call_tool(name, arguments) for name, arguments in calls]

    return anyio.run(run)


def fields_of(home: Home) -> dict[str, dict[str, Any]]:
    async def run() -> dict[str, dict[str, Any]]:
        async with client(build_server(home), "2025-11-25") as connected:
            return {tool.name: tool.input_schema for tool in (await connected.list_tools()).tools}

    return anyio.run(run)


def test_every_optional_argument_of_every_read_may_be_blank(home: Home) -> None:
    needed = {
        "get_client": {"client": "Café Lumière"},
        "get_invoice": {"invoice": "0000047", "business_id": BUSINESS},
        "query_marts": {"statement": "SELECT 1"},
    }
    # This home has no action, and no connection to ask for a timer.
    tools = {name: s for name, s in fields_of(home).items() if name not in ("get_action", "get_timer")}
    calls = []
    for name, schema in tools.items():
        given = needed.get(name, {})
        rest = [argument for argument in schema["properties"] if argument not in given]
        calls += [(name, given)]
        calls += [(name, given | dict.fromkeys(rest, blank)) for blank in (None, "", " ")]
    answers = [data(result) for result in asked(home, *calls)]
    for number, name in enumerate(tools):
        plain, *blank = answers[4 * number : 4 * number + 4]
        assert blank == [plain] * 3, name


def test_the_known_cases(home: Home) -> None:
    balances, blank, dollar, found, invoice, added, unknown = asked(
        home,
        ("get_outstanding_balance", {}),
        ("get_outstanding_balance", {"currency_code": ""}),
        ("get_outstanding_balance", {"currency_code": "$"}),
        ("list_clients", {"search": "  halcyon "}),
        ("get_invoice", {"invoice": 217501, "business_id": BUSINESS}),
        (
            "list_clients",
            {"search": "halcyon", "toolCallId": "call_abc", "sessionId": "1", "_meta": {"a": 1}},
        ),
        ("list_clients", {"search": "halcyon", "tool_call": "call_abc"}),
    )
    assert data(blank) == data(balances)
    assert "They hold: CAD, EUR, USD." in error(dollar)
    assert data(found)["total_count"] > 0
    assert data(invoice)["invoice"]["invoice_id"] == 217501
    assert data(added)["total_count"] > 0
    assert "Its arguments: business_id, cursor," in error(unknown)


def test_half_a_character_is_refused_in_a_sentence(home: Home) -> None:
    for name, arguments in (
        ("query_marts", {"statement": "SELECT '\ud800'"}),
        ("list_clients", {"search": "\udfff"}),
    ):
        [result] = asked(home, (name, arguments))
        assert "lone surrogate" in error(result)


@pytest.fixture
def firm(served: Firm, tmp_path: Path) -> Firm:
    firm = Firm(served.sandbox, tmp_path / "home")
    firm.connect()
    return firm


def proposed(firm: Firm, tool: str, **arguments: Any) -> Any:
    async def run() -> Any:
        connected: Client
        async with client(build_server(firm.home), "2025-11-25") as connected:
            return await connected.call_tool(tool, arguments)

    return anyio.run(run)


EXPENSE = {
    "vendor": "Dell",
    "date": "2026-10-30",
    "amount": "54.00",
    "currency": "USD",
    "category": "Hardware",
}


def test_blank_arguments_of_a_write_are_not_given(firm: Firm) -> None:
    blank = ["taxes", "client_id", "project_id", "billable", "notes", "receipt_path", "receipt_base64"]
    blank += ["receipt_name", "another_purchase", "business_id"]
    plain = data(proposed(firm, "create_expense", **EXPENSE))
    for nothing in (None, "", " ", [""]):
        again = data(proposed(firm, "create_expense", **EXPENSE, **dict.fromkeys(blank, nothing)))
        assert again["id"] == plain["id"]
    numbers = {"amount": 12.5, "taxes": [{"name": "HST", "amount": 1.1}]}
    number = data(proposed(firm, "create_expense", **(EXPENSE | numbers)))
    assert number["preview"]["amount"] == "12.5"
    assert number["preview"]["taxes"] == [{"name": "HST", "amount": "1.1"}]
    for write in firm.actions.list():
        firm.actions.reject(write.id, "owner", "web")


def test_blank_taxes_are_those_of_the_latest_invoice_and_an_empty_list_is_none(firm: Firm) -> None:
    project = firm.finished_project(1)
    line = {"name": "Earlier", "qty": "1", "unit_cost": "10.00", "taxName1": "HST", "taxAmount1": "13"}
    firm.sandbox.create(
        "invoices", BUSINESS, customerid=project["client_id"], create_date="2026-09-01", lines=[line]
    )
    for blank in (None, "", [""], [None, " "]):
        preview = data(proposed(firm, "draft_invoice", project_id=project["id"], taxes=blank))["preview"]
        assert [tax["name"] for tax in preview["taxes"]] == ["HST"]
        assert [warning for warning in preview["warnings"] if "latest invoice" in warning]
    [action] = firm.actions.list()
    firm.actions.reject(action.id, "owner", "web")
    preview = data(proposed(firm, "draft_invoice", project_id=project["id"], taxes=[]))["preview"]
    assert preview["taxes"] == []
    assert "latest invoice" in preview["warnings"][0]
    assert "had HST 13 %" in preview["warnings"][0]


def test_a_name_in_place_of_an_id_is_looked_up(firm: Firm) -> None:
    project = firm.finished_project(1)
    firm.sandbox.edit("projects", BUSINESS, project["id"], title="Pavilion")
    by_id = data(proposed(firm, "draft_invoice", project_id=str(project["id"]), taxes=[]))
    assert data(proposed(firm, "draft_invoice", project_id="pavilion", taxes=[]))["id"] == by_id["id"]
    assert "no such project" in error(proposed(firm, "draft_invoice", project_id="Pavillon"))


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("create_expense", EXPENSE | {"date": "9999-12-31"}, "A date lies in the years"),
        ("create_expense", EXPENSE | {"date": "0001-01-01"}, "A date lies in the years"),
        ("create_expense", EXPENSE | {"date": 9999}, "YYYY-MM-DD"),
        ("create_expense", EXPENSE | {"vendor": "\ud800"}, "lone surrogate"),
        ("create_expense", EXPENSE | {"amount": 0.1 + 0.2}, "Write it as text"),
        ("create_expense", EXPENSE | {"vendor": " "}, "vendor: Field required"),
        (
            "send_invoice",
            {"invoice_id": 1, "recipients": ["a@b.example\r\nBcc: c@d.example"]},
            "no such invoice",
        ),
        ("draft_invoice", {"project_id": 1, "due_in_days": 10**12}, "due"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(
    firm: Firm, tool: str, arguments: dict[str, Any], said: str
) -> None:
    told = error(proposed(firm, tool, **arguments))
    assert said in told
    assert "its log says why" not in told
    assert firm.actions.list() == []
