"""What the pages cost over the books of a large business: the CPU of one request, in this process.

The books have ten postings an invoice, and one debtor for seven invoices: with 100,000 a million postings and 15,000
debtors. Each page is asked for six times; the first one is not counted, and of the others the best is.
"""

from __future__ import annotations

import os
import resource
import time
from unittest.mock import patch

from benchmarks import books, marts
from benchmarks.measure import PEAK_UNIT, Run
from benchmarks.scenarios import Result, Settings, Target
from freshbooks_hub.core.home import Home
from integration_tests.web.serving import PAGES, Client, records

REQUESTS = 5
INVOICES_A_DEBTOR = 7
CPU = 0.3
# Lists as people ask for them: a search, the last page, another order, a filter.
ASKED = (
    "/ledger?q=INV0012",
    "/ledger?q=account 7",
    "/ledger?page=99999",
    "/ledger?sort=account",
    "/ledger?sort=-debit_amount&accounts=income",
    "/ledger?from=2025-01-01&to=2025-12-31",
    "/invoices?q=client 77",
    "/invoices?status=overdue&sort=-outstanding_amount",
    "/invoices?sort=client_name&page=99999",
    "/clients?q=client 77",
    "/payments?q=inv0012",
    "/time/entries?sort=hours",
    "/tax/lines?page=99999",
)


def pages(settings: Settings) -> Result:
    """Every page of the menu and of the settings, one of each kind of record, and lists as they are asked for."""
    found: dict[str, Run | None] = {}
    targets = []
    for size in settings.books:
        home = Home(settings.folder / f"pages-{size}").ensure()
        make_marts(home, size)
        taken = measured(home)
        found |= {f"{size:,} invoices, {path}": run for path, run in taken.items()}
        slowest = max(taken, key=lambda path: taken[path].cpu)
        what = f"CPU s, {size:,} invoices: slowest page, {slowest}"
        targets.append(Target(what, taken[slowest].cpu, f"at most {CPU:g}", taken[slowest].cpu <= CPU))
    return Result("Pages: CPU of one request", found, targets)


def make_marts(home: Home, invoices: int) -> None:
    """The published marts of so many invoices, without a sync."""
    streams = books.STREAMS | books.MORE_STREAMS
    folder = home.run
    books.write(folder / "raw.duckdb", invoices, max(50, invoices // INVOICES_A_DEBTOR | 1), streams)
    marts.dbt(folder, "build", {"freshbooks_streams": list(streams)}, "--exclude-resource-type", "test")
    (folder / "marts.duckdb").rename(home.marts)


def measured(home: Home) -> dict[str, Run]:
    """By address; the least CPU and wall of REQUESTS, and the peak of this process."""
    with patch.dict(os.environ, {"FRESHBOOKS_HOME": str(home.root)}):
        client = Client(home)
        return {path: _least(client, path) for path in (*PAGES, *records(home.marts), *ASKED)}


def _least(client: Client, path: str) -> Run:
    taken = []
    for _ in range(1 + REQUESTS):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = client.get(path)
        taken.append((time.process_time() - cpu, time.perf_counter() - wall))
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT / 1e6
    return Run(min(cpu for cpu, _ in taken[1:]), min(wall for _, wall in taken[1:]), peak, 0)
