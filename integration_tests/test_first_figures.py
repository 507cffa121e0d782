"""A first sync over slow reports: Home shows figures while they are read, and nothing is said to be wrong."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.progress import read_progress
from freshbooks_hub.sync.run import FIGURES_SHOWN
from freshbooks_sandbox import Sandbox
from integration_tests.hub import AS_OF, Hub
from integration_tests.web.conftest import point_at
from integration_tests.web.serving import Client

SMALL = 439117  # the business of one currency: a third of the reports


@pytest.mark.long
def test_home_shows_figures_before_reports_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(seed="demo", rate_limit=None) as sandbox:
        hub, home = Hub(tmp_path / "home", sandbox), Home(tmp_path / "home")
        hub.connect(business_ids=[SMALL])
        point_at(sandbox, home, monkeypatch)
        slow = sandbox.faults.add(kind="slow", path="*/reports/*", times=None, seconds=120)
        client = Client(home)
        syncing = hub.start("sync", "--json", "--as-of", AS_OF)
        while (now := read_progress(home)) is None or now.phase != FIGURES_SHOWN:
            assert syncing.poll() is None, syncing.communicate()
            time.sleep(0.2)
        while not slow.hits:
            time.sleep(0.2)
        page = client.get(f"/?business={SMALL}").text
        assert FIGURES_SHOWN in page
        assert "Owed to you" in page
        assert "Profit this month</dt>" in page
        assert "missing or not complete" not in page
        needed = page.split('<h2 id="needs">')[1].split("</section>")[0]
        assert "Nothing: no proposal to decide on" in needed
        status = hub.run("status").stdout
        assert FIGURES_SHOWN in status
        assert "needs attention" not in status
        assert Alarms(home).open() == []
        assert syncing.poll() is None  # it still reads
        slow.seconds = 0
        sandbox.faults.clear()
        out, err = syncing.communicate()
        assert syncing.returncode == 0, err
        result = json.loads(out)
        assert result["published"]
        assert {"report_balance_sheet", "ledger_accounts", "invoices"} <= {
            one["stream"] for one in result["streams"]
        }
        assert result["differences"] == []
        [run] = json.loads(
            hub.run("query", "SELECT count(*) n FROM fb_reconciliation", "--format", "json").stdout
        )
        assert run["n"] > 0
        assert ">unknown<" not in client.get(f"/?business={SMALL}").text
