"""Webhooks from end to end: registered, verified and delivered by FreshBooks' stand-in, received by `serve`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
import uvicorn
from typer.testing import CliRunner

from freshbooks_hub.cli.main import cli
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import webhooks
from freshbooks_hub.sync.raw import RawStore
from freshbooks_hub.sync.sync_groups import SYNC_GROUPS
from freshbooks_hub.sync.warm_syncs import WarmSyncs
from freshbooks_hub.sync.webhooks import GROUP_OF, Webhooks
from freshbooks_hub.web.server import Options, listen, whole_app
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from integration_tests.web.conftest import point_at

PUBLIC = "https://books.example.com"
HOOK = f"{PUBLIC}/webhooks/freshbooks"
MAIN, SECOND = 439_000, 439_117


@contextmanager
def serving(home: Home, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """The server's app, by default without its ticker; its address."""
    sock = listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    config = uvicorn.Config(
        whole_app(home, Options(), port), log_level="critical", access_log=False, lifespan=lifespan, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def connect(home: Home, sandbox: Sandbox, *businesses: int) -> None:
    config = {**config_of(sandbox), "business_ids": list(businesses)}
    ConnectionStore(home.ensure().connection).connect(config)


@pytest.fixture
def connected(empty_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Home, Sandbox]]:
    with Sandbox(seed="empty", rate_limit=None, post_rate_limit=None) as sandbox:
        sandbox.behaviours.webhooks_wait = True
        point_at(sandbox, empty_home, monkeypatch)
        connect(empty_home, sandbox, MAIN)
        with serving(empty_home) as url:
            sandbox.behaviours.webhook_routes = {PUBLIC: url}
            yield empty_home, sandbox


def test_from_the_registration_to_the_last_delivery(connected: tuple[Home, Sandbox]) -> None:
    home, sandbox = connected
    registered, refused = webhooks.enable(home, HOOK)
    assert refused == []
    assert len(registered) == len(GROUP_OF)
    client = sandbox.create("clients", MAIN, organization="Too early")["id"]
    sandbox.webhooks.deliver()
    assert all(webhook.verified for webhook in Webhooks(home).all())
    assert not any(webhook.last_delivery_at for webhook in Webhooks(home).all())

    sandbox.create("invoices", MAIN, customerid=client, create_date="2026-11-05")
    sandbox.edit("clients", MAIN, client, organization="Acme")
    sent = sandbox.webhooks.deliver()
    assert [(d.fields["name"], d.status) for d in sent] == [("invoice.create", 200), ("client.update", 200)]
    assert {w.event for w in Webhooks(home).all() if w.last_delivery_at} == {"invoice", "client"}


def test_a_delivery_with_another_secret_is_refused(connected: tuple[Home, Sandbox]) -> None:
    home, sandbox = connected
    webhooks.enable(home, HOOK)
    sandbox.webhooks.deliver()
    for row in sandbox.books(MAIN)["callbacks"].values():
        row["_verifier"] = "not what was agreed"
    sandbox.create("clients", MAIN, organization="Acme")
    assert [delivery.status for delivery in sandbox.webhooks.deliver()] == [401]
    assert not any(webhook.last_delivery_at for webhook in Webhooks(home).all())


def test_a_delivery_starts_a_sync_without_waiting_for_a_tick(
    connected: tuple[Home, Sandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, sandbox = connected
    webhooks.enable(home, HOOK)
    sandbox.webhooks.deliver()
    everything_was_read(home, datetime.now(UTC) - timedelta(minutes=3))
    started = threading.Event()

    class Started:
        """In place of the process of a sync: it has ended at once."""

        returncode = pid = 0

        def poll(self) -> int:
            return 0

        def wait(self, timeout: float | None = None) -> int:
            return 0

    def start(warm: WarmSyncs, of: Home, *options: str) -> Any:
        assert (of.root, options) == (home.root, ("--due",))
        started.set()
        return Started()

    monkeypatch.setattr(WarmSyncs, "start", start)
    with serving(home, "on") as url:
        sandbox.behaviours.webhook_routes = {PUBLIC: url}
        assert not started.wait(3)  # at its first tick nothing was due, and the next one is in half a minute
        sandbox.create("clients", MAIN, organization="Acme")
        assert [delivery.status for delivery in sandbox.webhooks.deliver()] == [200]
        assert started.wait(20)


def everything_was_read(home: Home, at: datetime) -> None:
    """As after a sync of all streams."""
    stamp = at.isoformat(timespec="seconds")
    streams = {stream for group in SYNC_GROUPS for stream in group.streams}
    RawStore(home.raw, home.run / "duckdb").close()
    with transaction(home.history) as db:
        db.executemany(
            "INSERT INTO stream_reads VALUES (?, ?, ?)", [(name, stamp, stamp) for name in streams]
        )
        db.executemany(
            "INSERT INTO stream_read_businesses VALUES (?, ?)", [(name, str(MAIN)) for name in streams]
        )


def test_registering_again_asks_only_what_waits_and_disabling_leaves_none(
    connected: tuple[Home, Sandbox],
) -> None:
    home, sandbox = connected
    webhooks.enable(home, HOOK)
    sandbox.webhooks.pending.clear()  # FreshBooks' verifications never came
    webhooks.enable(home, HOOK)
    assert len(sandbox.webhooks.deliver()) == len(GROUP_OF)
    sandbox.books(MAIN).table("callbacks").remove(2_001)
    webhooks.enable(home, HOOK)
    assert len(sandbox.webhooks.deliver()) == 1
    assert webhooks.disable(home) == len(GROUP_OF)
    assert not sandbox.books(MAIN)["callbacks"]


def test_a_connection_that_ends_leaves_no_callback_at_freshbooks(connected: tuple[Home, Sandbox]) -> None:
    home, sandbox = connected
    webhooks.enable(home, HOOK)
    assert CliRunner().invoke(cli, ["disconnect", "--delete-data", "--yes"]).exit_code == 0
    assert not sandbox.books(MAIN)["callbacks"]
    assert not home.history.exists()


def test_two_accounts_may_number_their_callbacks_alike(connected: tuple[Home, Sandbox]) -> None:
    home, sandbox = connected
    connect(home, sandbox, MAIN, SECOND)
    registered, _ = webhooks.enable(home, HOOK)
    assert len(registered) == 2 * len(GROUP_OF)
    sandbox.webhooks.deliver()
    assert all(webhook.verified for webhook in Webhooks(home).all())
