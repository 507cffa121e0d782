"""After a write the marts follow, and until then it is known that they are behind."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from freshbooks_hub.agent.actions.kinds.send_invoice.request import SendInvoiceRequest
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Channel, Status
from freshbooks_hub.agent.actions.policy import Rule
from freshbooks_hub.agent.actions.stale_marts import stale_streams
from freshbooks_hub.sync.history import History, StreamResult
from integration_tests.agent.acting import Firm, opened_firm
from integration_tests.hub import Books


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    with opened_firm(tmp_path / "home") as firm:
        firm.clock.at = datetime.now(UTC) - timedelta(hours=1)
        yield firm


def synced(
    firm: Firm,
    *streams: str,
    completed: bool = True,
    publishes: bool = False,
    error: str | None = None,
    ago: timedelta = timedelta(),
) -> None:
    """A sync that ran now, or so long ago."""
    history = History(firm.home.history, lambda: datetime.now(UTC) - ago)
    run = history.start()
    history.streams(run, [StreamResult(stream, completed, 1, 1, 0, 1, 0.1) for stream in streams])
    if publishes:
        history.published(run, "2026-11-02", 1, "project")
    history.finish(run, error or None)


def test_an_action_is_newer_until_its_streams_were_read_and_published(firm: Firm) -> None:
    published = datetime.now(UTC) - timedelta(hours=2)
    synced(firm, "clients", "invoices", publishes=True, ago=timedelta(hours=2))
    assert firm.actions.newer_than(published) == []
    done = firm.done(firm.actions.propose(SendInvoiceRequest(invoice_id=firm.draft()["id"]), "agent"))
    assert [action.id for action in firm.actions.newer_than(published)] == [done.id]
    assert firm.actions.newer_than(None) == [done]
    assert stale_streams(firm.home) == ["clients", "invoices"]

    synced(firm, "invoices")
    assert stale_streams(firm.home) == ["clients"]
    synced(firm, "clients", completed=False)
    synced(firm, "clients", error="the marts could not be built")
    assert firm.actions.newer_than(datetime.now(UTC)) == [done]
    synced(firm, "clients", "invoices", publishes=True)
    assert stale_streams(firm.home) == []
    assert firm.actions.newer_than(published - timedelta(seconds=2)) == [done]  # a reader of the older marts
    # The file of the new ones was written a moment before the history says so.
    assert firm.actions.newer_than(datetime.now(UTC) - timedelta(seconds=2)) == []
    assert firm.actions.newer_than(datetime.now(UTC)) == []


def test_a_later_sync_that_finds_nothing_new_does_not_make_it_newer_again(firm: Firm) -> None:
    firm.done(firm.actions.propose(SendInvoiceRequest(invoice_id=firm.draft()["id"]), "agent"))
    synced(firm, "clients", "invoices", publishes=True)
    generation = History(firm.home.history).generation()
    assert generation is not None
    time.sleep(1.1)  # the history counts seconds
    synced(firm, "clients", "invoices")
    assert firm.actions.newer_than(generation.published_at) == []


def test_what_is_unknown_may_be_newer(firm: Firm) -> None:
    action = firm.approve(firm.actions.propose(SendInvoiceRequest(invoice_id=firm.draft()["id"]), "agent"))
    assert firm.actions.newer_than(datetime.now(UTC)) == []
    firm.sandbox.faults.add(kind="drop_before", method="PUT")
    assert firm.actions.dispatch(action.id).status is Status.unknown
    assert [newer.id for newer in firm.actions.newer_than(datetime.now(UTC))] == [action.id]
    assert firm.settled(action).status is Status.absent
    assert firm.actions.newer_than(datetime.now(UTC)) == []


def test_the_service_loads_neither_dbt_nor_the_cdk_nor_a_web_server() -> None:
    code = (
        "import sys, freshbooks_hub.agent.actions.lifecycle, freshbooks_hub.cli.actions;"
        "print([m for m in ('dbt', 'airbyte_cdk', 'starlette', 'mcp', 'duckdb', 'freshbooks_sandbox')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.long
def test_the_marts_show_a_mail_after_the_sync_that_follows_it(
    new_books: Callable[[], Books], monkeypatch: pytest.MonkeyPatch
) -> None:
    books = new_books()
    monkeypatch.setenv("FRESHBOOKS_API_URL", books.sandbox.url)
    monkeypatch.setenv("FRESHBOOKS_AUTH_URL", books.sandbox.url)
    actions = ActionService(books.home)
    actions.policy.set("send", Rule(allowed=True), "owner", Channel.terminal)
    draft = next(
        row
        for row in books.sandbox.books(439_000)["invoices"].values()
        if row["v3_status"] == "draft" and row["vis_state"] == 0
    )
    action = actions.propose(SendInvoiceRequest(invoice_id=draft["id"], business_id=439_000), "agent")
    actions.approve(action.id, action.payload_hash, "owner", Channel.web)
    assert actions.dispatch(action.id).status is Status.confirmed

    def published_at() -> datetime:
        generation = History(books.home.history).generation()
        assert generation is not None
        return generation.published_at

    assert [newer.id for newer in actions.newer_than(published_at())] == [action.id]
    deadline = time.monotonic() + 240
    while actions.newer_than(published_at()):
        assert time.monotonic() < deadline
        time.sleep(1)
    status = books.hub.query(f"SELECT invoice_status FROM invoices WHERE invoice_id = {draft['id']}")
    assert status != [{"invoice_status": "draft"}]
