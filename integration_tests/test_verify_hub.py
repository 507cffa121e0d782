"""The hub verifies once after the first sync, hands over what was found, and tells what differs."""

import json
from pathlib import Path

import duckdb
import pytest

from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests.hub import Hub
from integration_tests.test_verify import SWITCHES
from integration_tests.web.serving import Client
from source_freshbooks.components.timestamps import to_utc

SYNC = ("sync", "--json", "--no-marts", "--stream", "clients", "--stream", "taxes")


@pytest.fixture
def hub(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.delenv("FRESHBOOKS_VERIFY")
    hub = Hub(tmp_path / "home", sandbox)
    hub.connect()
    return hub


def _sync(hub: Hub) -> int:
    """How many requests it took."""
    before = len(hub.sandbox.requests)
    result = hub.run(*SYNC)
    assert result.returncode == 0, result.stderr
    return len(hub.sandbox.requests) - before


def _stamps(hub: Hub) -> dict[int, str]:
    with duckdb.connect(Home(hub.home).raw, read_only=True) as raw:
        found = raw.execute(
            "SELECT userid, updated_at_utc::TIMESTAMP FROM freshbooks.clients WHERE business_id = 439000"
        ).fetchall()
    return {key: f"{at.isoformat(timespec='seconds')}Z" for key, at in found}


def test_a_difference_is_found_after_the_first_sync_and_right_after_the_second(hub: Hub) -> None:
    SWITCHES["stamps in UTC"][0](hub.sandbox)
    truth = {
        key: to_utc(row["updated"], "eastern") for key, row in hub.sandbox.books(439000)["clients"].items()
    }
    first = _sync(hub)
    assert _stamps(hub) != truth
    kept = Home(hub.home).assumptions
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text())["reread"] == ["clients"]
    second = _sync(hub)
    assert _stamps(hub) == truth
    assert second < first - 100  # two businesses were verified once
    assert json.loads(kept.read_text())["reread"] == []
    shown = hub.run("status").stdout
    assert "Not as assumed in business 439000" in shown
    assert "read as utc" in shown
    page = Client(Home(hub.home)).get("/status").text
    assert "Different on your account" in page
    assert "utc and not eastern. Now: read as utc" in page
    report = hub.run("doctor", "--verify", "--report").stdout
    assert "refuted" in report
    assert "439000" not in report
    assert "assumptions" not in Home(hub.home).connection.read_text()


def test_a_verification_that_fails_leaves_the_sync_alone(hub: Hub) -> None:
    hub.sandbox.faults.add(kind="status", path="*/invoices/invoices", status=404, times=None)
    _sync(hub)
    document = json.loads(Home(hub.home).assumptions.read_text())
    facts = document["businesses"]["439000"]["facts"]
    assert {fact["result"] for fact in facts if fact["subject"] == "invoices"} == {"no data"}
