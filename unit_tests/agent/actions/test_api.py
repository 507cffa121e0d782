"""Actions see every row of a list, also where FreshBooks sends fewer a page than it was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from freshbooks_hub.agent.actions.api import Api
from freshbooks_hub.agent.actions.models import Timing
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.clock import SystemClock
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of

PATHS = {"expenses": "expenses/expenses", "invoices": "invoices/invoices"}


@pytest.mark.parametrize(
    "behaviours", [{}, {"page_caps_told": False}, {"page_caps_told": False, "page_caps_stop": True}]
)
def test_a_list_of_short_pages_comes_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviours: dict[str, bool]
) -> None:
    with Sandbox(seed="demo", rate_limit=None) as sandbox:
        monkeypatch.setenv("FRESHBOOKS_API_URL", sandbox.url)
        store = ConnectionStore(tmp_path / "connection.json")
        store.connect(config_of(sandbox))
        api = Api(store, SystemClock(), Timing(), None)
        books = sandbox.books(439000)
        whole = {
            name: api.rows(f"/accounting/account/{books.account_id}/{path}", name)
            for name, path in PATHS.items()
        }
        sandbox.behaviours.page_caps = dict.fromkeys(PATHS, 15)
        for name, value in behaviours.items():
            setattr(sandbox.behaviours, name, value)
        for name, path in PATHS.items():
            capped = api.rows(f"/accounting/account/{books.account_id}/{path}", name)
            assert len(capped) > 15
            assert sorted(row["id"] for row in capped) == sorted(row["id"] for row in whole[name])
