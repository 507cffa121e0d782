"""When the account is verified: once, after an upgrade, for a business that is new, and a day after a failure."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import metadata
from typing import Any

import pytest

from freshbooks_api.verified import LAYOUT
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.assumptions import Assumptions
from freshbooks_hub.sync.extract import Source
from freshbooks_hub.sync.verification import verify_if_due
from unit_tests.hub.conftest import connector_config

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
HERE = metadata.version("source-freshbooks")
Make = Callable[..., Source]


@pytest.fixture(autouse=True)
def _allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRESHBOOKS_VERIFY")


def choose(home: Home, *businesses: int) -> None:
    ConnectionStore(home.connection).connect(connector_config() | {"business_ids": [*businesses]})


def found(*businesses: int, checked_at: str = "", version: str = HERE) -> dict[str, Any]:
    nothing = {"facts": [], "adapt": {}}
    one = {str(business): nothing for business in businesses}
    return {"layout": LAYOUT, "version": version, "checked_at": checked_at, "businesses": one}


def answering(scripted: Make, document: dict[str, Any]) -> Source:
    return scripted(verify=[json.dumps({"type": "VERIFIED", "verified": document})])


def checked(home: Home) -> str:
    """Which document is kept."""
    return str(Assumptions(home).document().get("checked_at", ""))


def test_once_and_not_again(home: Home, scripted: Make) -> None:
    choose(home, 1)
    verify_if_due(home, answering(scripted, found(1, checked_at="first")), lambda: NOW)
    assert checked(home) == "first"
    verify_if_due(home, answering(scripted, found(1, checked_at="second")), lambda: NOW + timedelta(days=90))
    assert checked(home) == "first"


def test_again_after_an_upgrade(home: Home, scripted: Make) -> None:
    choose(home, 1)
    Assumptions(home).keep(found(1, version="0.0.1"))
    verify_if_due(home, answering(scripted, found(1, checked_at="upgraded")), lambda: NOW)
    assert checked(home) == "upgraded"


def test_again_for_a_business_that_is_new_and_not_for_one_that_is_left_out(
    home: Home, scripted: Make
) -> None:
    Assumptions(home).keep(found(1, 2, checked_at="of two"))
    choose(home, 2)
    verify_if_due(home, answering(scripted, found(2, checked_at="of one")), lambda: NOW)
    assert checked(home) == "of two"
    choose(home, 2, 3)
    verify_if_due(home, answering(scripted, found(2, 3, checked_at="of the new one")), lambda: NOW)
    assert checked(home) == "of the new one"


def test_a_failure_is_no_failure_of_the_sync_and_is_tried_again_a_day_later(
    home: Home, scripted: Make
) -> None:
    choose(home, 1)
    verify_if_due(home, scripted(verify=[{"do": "exit", "code": 1}]), lambda: NOW)
    source = answering(scripted, found(1, checked_at="later"))
    verify_if_due(home, source, lambda: NOW + timedelta(hours=23))
    assert checked(home) == ""
    verify_if_due(home, source, lambda: NOW + timedelta(hours=24))
    assert checked(home) == "later"


def test_never_where_that_is_wished(home: Home, scripted: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(home, 1)
    monkeypatch.setenv("FRESHBOOKS_VERIFY", "never")
    verify_if_due(home, answering(scripted, found(1)), lambda: NOW)
    assert not home.assumptions.exists()
