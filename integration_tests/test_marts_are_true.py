"""The whole way, as a user runs it: the published marts say what FreshBooks' own books say, to the cent."""

from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from freshbooks_sandbox import Sandbox
from integration_tests.hub import Hub, opened_books
from integration_tests.truth import agree


@pytest.fixture(scope="module")
def hub(synced_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Connected and synced once; the tests of this module go on from there, in order."""
    with opened_books(synced_home, tmp_path_factory.mktemp("hub")) as books:
        yield books.hub


def generation(hub: Hub) -> str:
    """The state of the raw tables that the marts say they stand for: that of the raw file."""
    with duckdb.connect(hub.home / "raw.duckdb", read_only=True) as raw:
        [(version,)] = raw.execute("SELECT version FROM freshbooks_sync.version").fetchall()
    assert hub.query("select distinct generation from fb_freshness") == [{"generation": str(version)}]
    return str(version)


def test_the_first_sync_is_true_to_the_cent(hub: Hub) -> None:
    agree(hub)


def test_a_second_sync_reads_the_overlap_and_leaves_the_marts_alone(hub: Hub) -> None:
    before = (hub.home / "freshbooks.duckdb").stat().st_mtime_ns
    result = hub.sync()
    read = {s["stream"]: s["read"] for s in result["streams"]}
    total = {s["stream"]: s["total"] for s in result["streams"]}
    assert not result["published"]
    assert (hub.home / "freshbooks.duckdb").stat().st_mtime_ns == before
    small = {"businesses", "projects", "credit_notes"}  # read whole each time, and few
    assert sum(n for s, n in read.items() if s not in small) < 0.02 * sum(total.values())


def active(sandbox: Sandbox, resource: str, but: Container[Any] = (), **fields: Any) -> Any:
    """The id of an active row of the first business."""
    for row_id, row in sandbox.books(439000)[resource].items():
        if row_id in but:
            continue
        shown = row.get("vis_state", 0) == 0 and row.get("active", True) and row.get("is_logged", True)
        if shown and all(row.get(name) == value for name, value in fields.items()):
            return row_id
    raise LookupError(resource)


def rows_with_edits(sandbox: Sandbox) -> list[tuple[str, Any, dict[str, Any]]]:
    """One active row of each resource, and an edit of it."""
    unpaid = active(sandbox, "invoices", v3_status="sent")
    paid = active(sandbox, "invoices", payment_status="paid")
    expense = active(sandbox, "expenses")
    return [
        ("clients", sandbox.books(439000)["invoices"][unpaid]["customerid"], {"email": "moved@example.org"}),
        ("invoices", unpaid, {"due_offset_days": 200}),
        ("payments", active(sandbox, "payments", invoiceid=paid), {"note": "by bank"}),
        ("expenses", expense, {"amount": {"amount": "17.25", "code": "USD"}}),
        (
            "expense_categories",
            sandbox.books(439000)["expenses"][expense]["categoryid"],
            {"category": "Renamed"},
        ),
        ("estimates", active(sandbox, "estimates"), {"notes": "changed"}),
        ("projects", active(sandbox, "projects"), {"title": "Renamed"}),
        ("time_entries", active(sandbox, "time_entries"), {"note": "changed"}),
    ]


def test_edits_and_deletions_arrive_with_the_next_sync(hub: Hub) -> None:
    before = generation(hub)
    rows = rows_with_edits(hub.sandbox)
    edited = {row_id for _, row_id, _ in rows}
    deleted = [
        (resource, active(hub.sandbox, resource, but=edited))
        for resource in ("invoices", "payments", "expenses", "estimates", "time_entries")
    ]
    for resource, row_id, fields in rows:
        hub.sandbox.edit(resource, 439000, row_id, **fields)
    for resource, row_id in deleted:
        hub.sandbox.delete(resource, 439000, row_id)
    assert changed(hub.sync()) == {resource for resource, *_ in rows}
    agree(hub)
    assert generation(hub) != before
    category = next(row_id for resource, row_id, _ in rows if resource == "expense_categories")
    renamed = hub.query(
        "select distinct category_name from expense_categories "
        f"where business_id = 439000 and category_id = {category}"
    )
    assert renamed == [{"category_name": "Renamed"}]


def whole_parses(hub: Hub) -> int:
    """How often dbt read the whole project, which costs more than most builds; never where it was not needed at all."""
    log = hub.home / "logs" / "dbt.log"
    return log.read_text().count("Unable to do partial parsing") if log.exists() else 0


@pytest.mark.long
def test_archives_and_restorations_arrive_with_one_sync_each(hub: Hub) -> None:
    rows = rows_with_edits(hub.sandbox)
    for resource, row_id, _ in rows:
        if resource not in ("projects", "time_entries"):
            hub.sandbox.archive(resource, 439000, row_id)
    hub.sync()
    agree(hub)

    parsed = whole_parses(hub)

    for resource, row_id, _ in rows:
        hub.sandbox.delete(resource, 439000, row_id)
    hub.sync()
    agree(hub)

    for resource, row_id, _ in reversed(rows):
        hub.sandbox.undelete(resource, 439000, row_id)
    hub.sync()
    agree(hub)
    assert whole_parses(hub) == parsed


def changed(result: dict[str, Any]) -> set[str]:
    """The streams with a new or changed row."""
    return {s["stream"] for s in result["streams"] if s["inserted"] or s["updated"]}
