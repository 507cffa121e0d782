"""Lists that serve fewer rows a page than they are asked for: every row comes."""

from typing import Any

import pytest

from freshbooks_sandbox import Sandbox
from integration_tests.conftest import Read
from integration_tests.connector import rows, states
from integration_tests.test_source_reads import LISTS, OWNED, _readable, ids


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source_freshbooks.components.http.Backoff.backoff_time", lambda *_, **__: 0.01)


def _cap(sandbox: Sandbox, rows_a_page: int, **behaviours: bool) -> None:
    sandbox.behaviours.page_caps = dict.fromkeys(LISTS, rows_a_page)
    for name, value in behaviours.items():
        setattr(sandbox.behaviours, name, value)


def _everything(sandbox: Sandbox, resource: str) -> list[tuple[int, Any]]:
    return sorted((b, row_id) for b in OWNED for row_id in _readable(sandbox, b, resource))


@pytest.mark.parametrize(
    ("rows_a_page", "told"),
    [
        (9, False),
        pytest.param(15, True, marks=pytest.mark.long),
        pytest.param(40, False, marks=pytest.mark.long),
    ],
)
def test_every_list_comes_whole_whatever_its_pages_hold(
    sandbox: Sandbox, read: Read, rows_a_page: int, told: bool
) -> None:
    """All lists at once, their archived and deleted rows included."""
    _cap(sandbox, rows_a_page, page_caps_told=told)
    output = read(*LISTS)
    assert not output.errors
    assert not [m.log.message for m in output.logs if m.log.level.value == "WARN"]
    for stream, key in LISTS.items():
        assert sorted(set(ids(rows(output, stream), key))) == _everything(sandbox, stream), stream


def test_a_list_that_stops_where_its_count_ends_is_read_by_its_own_pages(
    sandbox: Sandbox, read: Read
) -> None:
    """Nothing comes past the pages that it told, but asked for as many rows as it serves it counts them right."""
    _cap(sandbox, 15, page_caps_told=False, page_caps_stop=True)
    output = read("invoices")
    assert not output.errors
    assert sorted(set(ids(rows(output, "invoices"), "invoiceid"))) == _everything(sandbox, "invoices")


@pytest.mark.parametrize("stream", ["invoices", "time_entries", "items"])
def test_changes_come_whole_too(sandbox: Sandbox, read: Read, stream: str) -> None:
    key = LISTS[stream]
    state = states(read(stream))
    field = {"invoices": "notes", "time_entries": "note", "items": "description"}[stream]
    changed = _readable(sandbox, 439000, stream)[:60]
    for row_id in changed:
        sandbox.edit(stream, 439000, row_id, **{field: "changed just now"})
    _cap(sandbox, 7, page_caps_told=False)
    output = read(stream, state=state)
    assert not output.errors
    found = {
        r[key] for r in rows(output, stream) if r["business_id"] == 439000 and r[field] == "changed just now"
    }
    assert found == set(changed)


def test_reports_have_the_currencies_of_rows_on_later_pages(
    sandbox: Sandbox, read: Read, recent: dict[str, Any]
) -> None:
    books = sandbox.books(439000)
    oldest = min(i for i, row in books["expenses"].items() if row["vis_state"] == 0)
    books["expenses"][oldest]["amount"]["code"] = "GBP"
    books.table("expenses").changed()
    _cap(sandbox, 15, page_caps_told=False)
    output = read("report_expense_details", config={**recent, "business_ids": [439000]})
    assert "GBP" in {record["currency_code"] for record in rows(output, "report_expense_details")}


def test_services_of_projects_on_later_pages_come(sandbox: Sandbox, read: Read) -> None:
    books = sandbox.books(439000)
    books["services"].clear()
    books.table("services").changed()
    _cap(sandbox, 1, page_caps_told=False)
    found = {r["id"] for r in rows(read("services"), "services") if r["business_id"] == 439000}
    assert found == {s["id"] for p in books["projects"].values() if p["active"] for s in p["services"]}
