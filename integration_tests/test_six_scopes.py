"""An app with the six scopes that short set-up guides name: connected, synced and published with what it may read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freshbooks_api.streams import STREAMS
from freshbooks_hub.connection import permissions
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests.consent import Browser, registered
from integration_tests.hub import AS_OF, Hub
from integration_tests.test_connect_cli import Terminal

SIX = permissions.asked("basic", actions=True)
BALANCES = (
    "select business_id, client_id, currency_code, outstanding_amount, overdue_amount from outstanding_balances "
    "order by all"
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Connected in a terminal and synced once, every stream; nothing else is asked for or granted."""
    with Sandbox(seed="demo", rate_limit=None) as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRESHBOOKS_API_URL", sandbox.url)
        patch.setenv("FRESHBOOKS_AUTH_URL", sandbox.url)
        patch.setenv("FRESHBOOKS_CLIENT_ID", sandbox.client_id)
        patch.setenv("FRESHBOOKS_CLIENT_SECRET", sandbox.client_secret)
        sandbox.behaviours.enabled_scopes = set(SIX)
        hub = Hub(tmp_path_factory.mktemp("six") / "home", sandbox)
        port = re.search(r":(\d+)/", registered(sandbox))
        assert port
        options = (
            "--scopes",
            "basic",
            "--actions",
            "--port",
            port[1],
            "--business",
            "439000",
            "--business",
            "439117",
        )
        terminal = Terminal(hub, *options)
        terminal.type(Browser().answer(terminal.until(r"(http://\S+/oauth/authorize/\S+)")))
        assert terminal.end() == 0, terminal.shown
        assert "Not approved" not in terminal.shown  # nothing that was asked for is missing
        assert re.search(rf"\d+ of {len(STREAMS)} kinds of data can be read in 2 businesses", terminal.shown)
        yield hub


@pytest.fixture(scope="module")
def synced(hub: Hub) -> Hub:
    result = hub.run("sync", "--json", "--as-of", AS_OF)
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["published"]
    assert not [warning for warning in document["warnings"] if "bills" in warning]
    return hub


@pytest.mark.long
def test_status_says_once_what_is_not_available(synced: Hub) -> None:
    shown = synced.run("status")
    assert shown.returncode == 0
    most, few = [line for line in shown.stdout.splitlines() if line.startswith("Not available: ")]
    assert "freshbooks connect --scopes readable" in most
    assert few.startswith("Not available: Retainers: it needs user:retainers:read")
    assert "Attention" not in shown.stdout
    picture = json.loads(synced.run("status", "--json").stdout)
    assert picture["last_sync"]["status"] == "succeeded"
    assert "bills" in picture["not_available"][0]["streams"]


@pytest.mark.long
def test_the_doctor_finds_no_problem(synced: Hub) -> None:
    shown = synced.run("doctor")
    assert shown.returncode == 0, shown.stdout
    assert "No problems found." in shown.stdout


@pytest.mark.long
def test_balances_are_those_of_the_full_grant(synced: Hub, synced_home: Path) -> None:
    # The other home was synced from the same books with every scope.
    assert balances(Home(synced.home)) == balances(Home(synced_home))


@pytest.mark.long
def test_a_second_sync_says_nothing_more(synced: Hub) -> None:
    result = synced.run("sync", "--json", "--as-of", AS_OF)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["warnings"] == []


def balances(home: Home) -> list[tuple[Any, ...]]:
    from freshbooks_hub.marts.open import query_marts

    return query_marts(home.marts, BALANCES).rows
