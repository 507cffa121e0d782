"""A connected home over a sandbox, with a clock that does not wait, for the tests of actions."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Action, Channel, Status, Timing
from freshbooks_hub.agent.actions.policy import Rule
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox

BUSINESS = 439_000
TODAY = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"a receipt" * 20
QUICK = Timing(read_timeout=2.0, connect_timeout=2.0)


class FakeClock(SystemClock):
    """Time moves when it is told to, and when something sleeps."""

    def __init__(self, at: datetime = TODAY) -> None:
        self.at = at
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self.at += timedelta(microseconds=1)
            return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds=seconds)

    def advance(self, **amount: float) -> None:
        with self._lock:
            self.at += timedelta(**amount)


@cache
def _home_that_may_write(**rule: Any) -> tempfile.TemporaryDirectory[str]:
    """A home where all kinds of action are allowed, to be copied: allowing them takes longer than most tests."""
    folder = tempfile.TemporaryDirectory()
    policy = ActionService(Home(Path(folder.name)).ensure(), FakeClock(), QUICK).policy
    for kind in KINDS.values():
        policy.set(kind.write, Rule(allowed=True, **rule), "owner", Channel.terminal)
    return folder


class Firm:
    """A business and the actions over it. A new home may write, by `rule`."""

    def __init__(self, sandbox: Sandbox, root: Path, timing: Timing = QUICK, **rule: Any) -> None:
        self.sandbox = sandbox
        self.clock = FakeClock()
        self.timing = timing
        if not root.exists():
            shutil.copytree(_home_that_may_write(**rule).name, root)
        self.home = Home(root).ensure()
        self.actions = self.restarted()

    def restarted(self) -> ActionService:
        """The service as another process sees it."""
        return ActionService(self.home, self.clock, self.timing)

    def connect(self, scopes: list[str] | None = None) -> None:
        """With every scope of the app, or with these."""
        tokens = self.sandbox.grant(scopes)
        expiry = datetime.now(UTC) + timedelta(seconds=tokens["expires_in"])
        credentials = {
            "auth_type": "oauth2.0",
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "redirect_uri": self.sandbox.redirect_uri,
            "refresh_token": tokens["refresh_token"],
            "access_token": tokens["access_token"],
            "token_expiry_date": expiry.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        config = {"credentials": credentials, "business_ids": [BUSINESS]}
        ConnectionStore(self.home.connection).connect(config)

    def allow(self, *writes: str, **rule: Any) -> None:
        for write in writes:
            self.actions.policy.set(write, Rule(allowed=True, **rule), "owner", Channel.terminal)  # type: ignore[arg-type]

    # -- the books

    def client(self, **fields: Any) -> dict[str, Any]:
        given = {"organization": "Acme Ltd", "email": "pay@acme.example", "currency_code": "USD", **fields}
        return self.sandbox.create("clients", BUSINESS, **given)

    def project(self, client_id: int | None, **fields: Any) -> dict[str, Any]:
        given = {
            "title": "Website",
            "client_id": client_id,
            "billing_method": "project_rate",
            "rate": "100.00",
            "complete": True,
            **fields,
        }
        return self.sandbox.create("projects", BUSINESS, **given)

    def time(self, project: dict[str, Any], seconds: int = 3600, **fields: Any) -> dict[str, Any]:
        given = {
            "is_logged": True,
            "started_at": "2026-10-20T14:00:00Z",
            "duration": seconds,
            "client_id": project["client_id"],
            "project_id": project["id"],
            "identity_id": 2_192_788,
            "billable": True,
            **fields,
        }
        return self.sandbox.create("time_entries", BUSINESS, **given)

    def timer(self, project: dict[str, Any] | None, *seconds: int | None, **fields: Any) -> int:
        """The id of a timer since 9:00 in Toronto, an hour ago; its segments of so many seconds each, None runs."""
        number = self.sandbox.books(BUSINESS).new_id("timers")
        given = {
            "is_logged": False,
            "client_id": project and project["client_id"],
            "project_id": project and project["id"],
            "identity_id": self.sandbox.store.identity["identity_id"],
            "timer": {"id": number, "is_running": None in seconds},
            **fields,
        }
        for hour, duration in enumerate(seconds, 14):
            started = {"started_at": f"2026-11-02T{hour}:00:00Z", "duration": duration}
            self.sandbox.create("time_entries", BUSINESS, **{**started, **given})
        return number

    def expense(self, **fields: Any) -> dict[str, Any]:
        given = {
            "amount": {"amount": "30.00", "code": "USD"},
            "categoryid": min(self.rows("expense_categories")),
            "staffid": 1,
            "date": "2026-10-21",
            "vendor": "Staples",
            **fields,
        }
        return self.sandbox.create("expenses", BUSINESS, **given)

    def finished_project(self, hours: int = 2) -> dict[str, Any]:
        project = self.project(self.client()["id"])
        for number in range(hours):
            self.time(project, started_at=f"2026-10-{10 + number}T14:00:00Z")
        return project

    def draft(self, **fields: Any) -> dict[str, Any]:
        """A draft invoice that is there already."""
        client = self.client()
        given = {
            "customerid": client["id"],
            "create_date": "2026-10-30",
            "lines": [{"name": "Work", "qty": "2", "unit_cost": "100.00"}],
            **fields,
        }
        return self.sandbox.create("invoices", BUSINESS, **given)

    def sent_invoice(self, **fields: Any) -> dict[str, Any]:
        """An invoice of 200.00 USD that was sent and is overdue; nothing happened to it lately."""
        invoice = self.draft(create_date="2026-09-01", status=2, **fields)
        invoice["updated"] = "2026-09-02 09:00:00"
        return invoice

    def rows(self, resource: str) -> dict[Any, dict[str, Any]]:
        return self.sandbox.books(BUSINESS)[resource]

    def sent(self, path: str, method: str) -> list[dict[str, Any]]:
        """The bodies that arrived at a path (a glob)."""
        return [json.loads(request.body) for request in self.sandbox.requests.matching(path, method)]

    # -- the person

    def approve(self, action: Action, channel: Channel = Channel.web) -> Action:
        return self.actions.approve(action.id, action.payload_hash, "owner", channel)

    def done(self, action: Action) -> Action:
        """Approved and sent."""
        self.approve(action)
        return self.actions.dispatch(action.id)

    def settled(self, action: Action) -> Action:
        """After as much waiting as it takes."""
        for _ in range(4):
            if self.actions.get(action.id).status not in (Status.unknown, Status.dispatching):
                break
            self.actions.settle()
            self.clock.advance(minutes=10)
        return self.actions.get(action.id)

    def lasting(self, **changes: Any) -> Timing:
        return replace(self.timing, **changes)


@contextmanager
def opened_firm(root: Path, timing: Timing = QUICK, **rule: Any) -> Iterator[Firm]:
    """A firm that may write, over a FreshBooks of its own without rate limits."""
    with (
        Sandbox(seed="empty", rate_limit=None, post_rate_limit=None) as sandbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("FRESHBOOKS_API_URL", sandbox.url)
        patch.setenv("FRESHBOOKS_AUTH_URL", sandbox.url)
        firm = Firm(sandbox, root, timing, **rule)
        firm.connect()
        yield firm
