"""No answer is longer than some 6,000 tokens unless it was asked for, and each has a way to the rest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import anyio
import duckdb
import pytest
from mcp_types import CallToolResult

from freshbooks_hub.agent.mcp.server import build_server
from freshbooks_hub.agent.reads import READS, ReadRefused, describe_marts, get_invoice, query_marts
from freshbooks_hub.core.home import Home
from integration_tests.agent.mcp_client import client, data
from integration_tests.agent.test_mcp_contract import CHARACTERS_A_TOKEN
from integration_tests.agent.test_reads import ARGUMENTS, MAIN

pytestmark = pytest.mark.long

TOKENS = 6_000


def tokens(text: str) -> float:
    """Of one of the two forms of an answer; a client hands its model one."""
    return len(text) / CHARACTERS_A_TOKEN


@pytest.fixture(scope="module")
def home(synced_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("sized") / "home").ensure()
    shutil.copy(synced_home / "freshbooks.duckdb", home.marts)
    return home


def asked(home: Home, calls: list[tuple[str, dict[str, Any]]]) -> list[CallToolResult]:
    async def run() -> list[CallToolResult]:
        async with client(build_server(home), "2026-07-28") as connected:
            return [await connected.call_tool(name, arguments) for name, arguments in calls]

    return anyio.run(run)


def test_no_tool_answers_at_length(home: Home) -> None:
    calls = [(read.__name__, ARGUMENTS.get(read.__name__, {})) for read in READS]
    calls += [("query_marts", {"statement": f"select * from {mart}"}) for mart in names(home.marts)]
    calls += [("describe_marts", {"mart": mart}) for mart in names(home.marts)]
    for call, result in zip(calls, asked(home, calls), strict=True):
        text = json.dumps(data(result), ensure_ascii=False, separators=(",", ":"))
        assert tokens(text) < TOKENS, call


def test_no_resource_is_long(home: Home) -> None:
    async def run() -> dict[str, str]:
        async with client(build_server(home), "2026-07-28") as connected:
            listed = [resource.uri for resource in (await connected.list_resources()).resources]
            listed += [f"freshbooks://dictionary/{mart}" for mart in names(home.marts)]
            return {
                str(uri): (await connected.read_resource(uri)).contents[0].text  # type: ignore[union-attr]
                for uri in listed
            }

    for uri, text in anyio.run(run).items():
        assert tokens(text) < TOKENS, uri
        assert json.loads(text)["rows"], uri


def test_a_mart_that_does_not_exist_has_no_columns(home: Home) -> None:
    async def run(mart: str) -> None:
        async with client(build_server(home), "2026-07-28") as connected:
            with pytest.raises(Exception, match="no mart of this name"):
                await connected.read_resource(f"freshbooks://dictionary/{mart}")

    for mart in ("invoice", "x%27%20OR%201=1", "INVOICES"):
        anyio.run(run, mart)


def names(marts: Path) -> list[str]:
    return [mart.mart_name for mart in describe_marts(marts).marts]


def test_the_pages_of_a_wide_table_are_the_table(home: Home) -> None:
    """Every row comes once, and what all rows share stands beside them."""
    with duckdb.connect(home.marts, read_only=True) as db:
        wanted = [
            row[0] for row in db.execute("SELECT invoice_id FROM marts.invoices ORDER BY ALL").fetchall()
        ]
    found: list[int] = []
    offset: int | None = 0
    while offset is not None:
        answer = query_marts(
            home.marts, statement="SELECT * FROM invoices ORDER BY invoice_id, business_id", offset=offset
        )
        names = [column.name for column in answer.columns]
        assert len(names) + len(answer.same_in_all_rows) > 40
        assert not set(names) & set(answer.same_in_all_rows)
        found += [row[names.index("invoice_id")] for row in answer.rows]
        assert answer.truncated is (answer.next_offset is not None)
        offset = answer.next_offset
    assert sorted(found) == sorted(wanted)


def test_more_comes_where_it_is_asked_for(home: Home) -> None:
    short = query_marts(home.marts, statement="SELECT * FROM invoices")
    full = query_marts(home.marts, statement="SELECT * FROM invoices", full=True)
    assert len(full.rows) > 5 * len(short.rows)
    with pytest.raises(ReadRefused, match="Name fewer columns"):
        query_marts(home.marts, statement="SELECT " + ", ".join(["repeat('x', 400)"] * 60))


def test_a_long_invoice_says_where_the_rest_is(home: Home, tmp_path: Path) -> None:
    marts = tmp_path / "freshbooks.duckdb"
    shutil.copy(home.marts, marts)
    with duckdb.connect(marts) as db:
        db.execute("SET search_path = 'marts'")
        db.execute(
            "INSERT INTO invoice_lines SELECT invoice_lines.* REPLACE (line_number + number AS line_number, "
            "repeat('long ', 90) AS description) FROM invoice_lines, range(1, 180) AS more(number) "
            f"WHERE business_id = {MAIN} AND invoice_number = '0000047' AND line_number = 1"
        )
    answer = get_invoice(marts, invoice="0000047", business_id=MAIN)
    assert tokens(answer.model_dump_json()) < TOKENS
    assert any(f"first {len(answer.lines)} lines" in note for note in answer.context.notes)
