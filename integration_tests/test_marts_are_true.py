"""The whole way, as a user runs it: the published marts say what FreshBooks' own books say, to the cent."""

import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freshbooks_sandbox import Sandbox
from integration_tests import oracle
from integration_tests.hub import AS_OF, ONLY, Hub

ZERO = Decimal("0.00")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Connected and synced once; the tests of this module go on from there, in order."""
    with Sandbox(seed="demo", rate_limit=None) as sandbox:
        hub = Hub(tmp_path_factory.mktemp("hub") / "home", sandbox)
        hub.connect()
        hub.sync()
        yield hub


def agree(hub: Hub) -> None:
    """Every row of the three marts against the oracle, and nothing more or less."""
    as_of = date.fromisoformat(AS_OF)
    balances = {
        (r["business_id"], r["client_id"], r["currency_code"]): r
        for r in hub.query("select * from outstanding_balances")
    }
    for key, expected in oracle.outstanding_balances(hub.sandbox, as_of).items():
        row = balances.pop(key)
        assert Decimal(row["outstanding_amount"]) == expected["outstanding"], key
        assert Decimal(row["overdue_amount"]) == expected["overdue"], key
        assert Decimal(row["current_amount"]) == expected["buckets"]["current"], key
        for bucket in ("1_30", "31_60", "61_90", "91_plus"):
            assert Decimal(row[f"overdue_{bucket}_amount"]) == expected["buckets"][bucket], key
        assert row["open_invoice_count"] == expected["open"], key
        assert row["oldest_due_date"] == (expected["oldest"] and expected["oldest"].isoformat()), key
        assert Decimal(row["draft_amount"]) == expected["drafts"], key
    for key, row in balances.items():  # only credit not yet used can bring a client without open invoices
        assert Decimal(row["outstanding_amount"]) == ZERO, key
        assert Decimal(row["unapplied_credit_amount"]) > 0, key

    expenses = {
        (r["business_id"], r["category_id"], r["currency_code"], date.fromisoformat(r["month_start_date"])): (
            Decimal(r["total_amount"]),
            Decimal(r["tax_amount"]),
            r["expense_count"],
        )
        for r in hub.query("select * from expense_categories")
    }
    assert expenses == oracle.expense_categories(hub.sandbox)

    contacts = {
        (r["business_id"], r["email"]): {
            "status": r["status"],
            "clients": r["client_count"],
            "invoices": r["invoice_count"],
        }
        for r in hub.query("select * from crm_contacts where email is not null")
    }
    assert contacts == oracle.crm_contacts(hub.sandbox)


def test_the_first_sync_is_true_to_the_cent(hub: Hub) -> None:
    agree(hub)


def test_a_second_sync_reads_the_overlap_and_leaves_the_marts_alone(hub: Hub) -> None:
    before = (hub.home / "marts.duckdb").stat().st_mtime_ns
    result = hub.sync()
    read = {s["stream"]: s["read"] for s in result["streams"]}
    total = {s["stream"]: s["total"] for s in result["streams"]}
    assert not result["published"]
    assert (hub.home / "marts.duckdb").stat().st_mtime_ns == before
    small = {"businesses", "projects", "credit_notes"}  # read whole each time, and few
    assert sum(n for s, n in read.items() if s not in small) < 0.02 * sum(total.values())


def active(sandbox: Sandbox, resource: str, business: int = 439000, **fields: Any) -> Any:
    """The id of an active row of the first business."""
    for row_id, row in sandbox.books(business)[resource].items():
        shown = row.get("vis_state", 0) == 0 and row.get("active", True) and row.get("is_logged", True)
        if shown and all(row.get(name) == value for name, value in fields.items()):
            return row_id
    raise LookupError(resource)


def test_edits_archives_deletions_and_restorations_arrive_with_one_sync_each(hub: Hub) -> None:
    sandbox = hub.sandbox
    unpaid = active(sandbox, "invoices", v3_status="sent")
    paid = active(sandbox, "invoices", payment_status="paid")
    payment = active(sandbox, "payments", invoiceid=paid)
    client = sandbox.books(439000)["invoices"][unpaid]["customerid"]
    expense = active(sandbox, "expenses")
    category = sandbox.books(439000)["expenses"][expense]["categoryid"]
    rows = [
        ("clients", client, {"email": "moved@example.org"}),
        ("invoices", unpaid, {"due_offset_days": 200}),
        ("payments", payment, {"note": "by bank"}),
        ("expenses", expense, {"amount": {"amount": "17.25", "code": "USD"}}),
        ("expense_categories", category, {"category": "Renamed"}),
        ("estimates", active(sandbox, "estimates"), {"notes": "changed"}),
        ("projects", active(sandbox, "projects"), {"title": "Renamed"}),
        ("time_entries", active(sandbox, "time_entries"), {"note": "changed"}),
    ]
    for resource, row_id, fields in rows:
        sandbox.edit(resource, 439000, row_id, **fields)
    assert changed(hub.sync()) == {resource for resource, *_ in rows}
    agree(hub)
    renamed = hub.query(
        "select distinct category_name from expense_categories "
        f"where business_id = 439000 and category_id = {category}"
    )
    assert renamed == [{"category_name": "Renamed"}]

    for resource, row_id, _ in rows:
        if resource not in ("projects", "time_entries"):
            sandbox.archive(resource, 439000, row_id)
    hub.sync()
    agree(hub)

    for resource, row_id, _ in rows:
        sandbox.delete(resource, 439000, row_id)
    hub.sync()
    agree(hub)

    for resource, row_id, _ in reversed(rows):
        sandbox.undelete(resource, 439000, row_id)
    hub.sync()
    agree(hub)


def changed(result: dict[str, Any]) -> set[str]:
    """The streams with a new or changed row."""
    return {s["stream"] for s in result["streams"] if s["inserted"] or s["updated"]}


def test_killed_at_ten_random_moments_one_clean_sync_gives_the_same_marts(hub: Hub, tmp_path: Path) -> None:
    disturbed = Hub(tmp_path / "home", hub.sandbox)
    disturbed.connect()  # kills the first connection's grant: one is alive per app and user
    rng = random.Random(20261031)
    ended = 0
    for _ in range(10):
        process = disturbed.start("sync", "--as-of", AS_OF, *ONLY)
        try:
            process.wait(timeout=rng.uniform(0.5, 12))
            ended += 1
        except Exception:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        time.sleep(0.2)
    assert ended < 10
    disturbed.sync()
    agree(disturbed)
    assert disturbed.marts() == hub.marts()
