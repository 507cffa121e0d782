"""From the books to FreshBooks and back: an agent bills a project, and the marts come to agree."""

import sys
from collections.abc import Callable
from decimal import Decimal

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from integration_tests.agent.mcp_client import approving, data
from integration_tests.agent.test_mcp_contract import allow_all
from integration_tests.hub import Books


@pytest.mark.long
def test_a_project_is_billed_sent_and_seen_in_the_marts(new_books: Callable[[], Books]) -> None:
    books = new_books()
    allow_all(books.home)

    async def run() -> None:
        command = StdioServerParameters(
            command=sys.executable, args=["-m", "freshbooks_hub.cli.main", "mcp"], env=books.hub.environment
        )
        async with Client(stdio_client(command), elicitation_callback=approving()) as client:
            work = data(await client.call_tool("list_unbilled_time", {"complete_only": True}))
            row = next(row for row in work["entries"] if "unbilled_amount" in row)
            question = {"client": str(row["client_id"]), "business_id": row["business_id"]}
            before = data(await client.call_tool("get_outstanding_balance", question))

            asked = {"project_id": row["project_id"], "business_id": row["business_id"], "taxes": []}
            drafted = data(await client.call_tool("draft_invoice", {**asked, "hourly_rate": "80.00"}))
            assert drafted["status"] == "confirmed"
            invoice = {"invoice_id": drafted["result"]["record_id"], "business_id": row["business_id"]}
            sent = data(await client.call_tool("send_invoice", invoice))
            assert sent["status"] == "confirmed"
            assert len(books.sandbox.outbox) == 1

            # At once the figures are as they were, and say so; the sync that follows the write brings the rest.
            now = data(await client.call_tool("get_outstanding_balance", question))
            assert any(drafted["id"] in note for note in now["context"]["notes"])
            with anyio.fail_after(300):
                while any(drafted["id"] in note for note in now["context"]["notes"]):
                    await anyio.sleep(3)
                    now = data(await client.call_tool("get_outstanding_balance", question))
            shown = data(await client.call_tool("get_invoice", {"invoice": str(invoice["invoice_id"])}))
            assert shown["invoice"]["outstanding_amount"] == drafted["preview"]["total"]
            currency = drafted["preview"]["currency"]
            owed = [
                {t["currency_code"]: Decimal(t["outstanding_amount"]) for t in answer["totals"]}.get(
                    currency, Decimal(0)
                )
                for answer in (before, now)
            ]
            assert owed[1] - owed[0] == Decimal(drafted["preview"]["total"])

    anyio.run(run)
