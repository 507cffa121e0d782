"""The command `freshbooks` as a user runs it, in a home of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests import warm
from integration_tests.connector import config_of

AS_OF = "2026-10-31"
# What the marts under test are made of; the other streams have tests of their own.
STREAMS = (
    "businesses",
    "clients",
    "invoices",
    "payments",
    "credit_notes",
    "estimates",
    "expenses",
    "expense_categories",
    "projects",
    "time_entries",
)
# The reports that the marts are reconciled with.
TIED_REPORTS = (
    "report_payments_collected",
    "report_accounts_aging",
    "report_expense_details",
    "report_profit_and_loss",
    "report_tax_summary",
    "report_invoice_details",
    "report_item_sales",
    "report_revenue_by_client",
    "report_balance_sheet",
    "report_trial_balance",
)
ONLY = tuple(word for stream in STREAMS for word in ("--stream", stream))


class Hub:
    """`home` is FRESHBOOKS_HOME; commands run as processes against `sandbox`."""

    def __init__(self, home: Path, sandbox: Sandbox) -> None:
        self.home = home
        self.sandbox = sandbox

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "FRESHBOOKS_HOME": str(self.home),
            "FRESHBOOKS_API_URL": self.sandbox.url,
            "FRESHBOOKS_AUTH_URL": self.sandbox.url,
            "COLUMNS": "200",
        }

    def start(self, *args: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "freshbooks_hub.cli.main", *args]
        return subprocess.Popen(
            command,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, *args: str) -> "subprocess.CompletedProcess[str]":
        return warm.freshbooks(args, self.environment)

    def connect(self, **settings: Any) -> None:
        """As `freshbooks connect` leaves it, without its check of what can be read."""
        ConnectionStore(Home(self.home).ensure().connection).connect(config_of(self.sandbox, **settings))

    def sync(self, *args: str) -> dict[str, Any]:
        result = self.run("sync", "--json", "--as-of", AS_OF, *ONLY, *args)
        assert result.returncode == 0, result.stderr
        return dict(json.loads(result.stdout))

    def query(self, sql: str) -> list[dict[str, Any]]:
        result = self.run("query", sql, "--format", "json")
        assert result.returncode == 0, result.stderr
        return list(json.loads(result.stdout))

    def marts(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of the three marts, in order."""
        return {
            mart: self.query(f"select * from {mart} order by all")
            for mart in ("crm_contacts", "expense_categories", "outstanding_balances")
        }


@dataclass
class Books:
    """A running FreshBooks with the demo's books, and a home that is connected to it and synced."""

    sandbox: Sandbox
    home: Home
    hub: Hub


@contextmanager
def opened_books(synced_home: Path, folder: Path) -> Iterator[Books]:
    """A copy of the synced home in `folder`, connected to a FreshBooks of its own."""
    with Sandbox(seed="demo", rate_limit=None) as sandbox:
        home = Home(folder / "home")
        shutil.copytree(synced_home, home.root)
        hub = Hub(home.root, sandbox)
        hub.connect()
        yield Books(sandbox, home, hub)
