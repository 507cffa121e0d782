"""What FreshBooks added or moved: manual journal entries, retainers, reports by business, and paths that are gone."""

from decimal import Decimal
from typing import Any

import pytest

from freshbooks_api.scopes import ScopeSet, needed
from freshbooks_sandbox import Sandbox
from integration_tests.conftest import Read
from integration_tests.connector import rows, states
from integration_tests.test_source_access import availability

OLDER = "*/reports/accounting/*"
NEWER = ["report_general_ledger", "report_cash_flow", "report_chart_of_accounts"]


@pytest.mark.parametrize("cap", [2, 15])
def test_manual_entries_come_whole_whatever_a_page_holds(sandbox: Sandbox, read: Read, cap: int) -> None:
    sandbox.behaviours.journal_entry_cap = cap
    found = rows(read("journal_entries"), "journal_entries")
    assert len({r["uuid"] for r in found}) == len(found)
    for business in (439000, 439117):
        kept = sandbox.books(business)["journal_entries"]
        assert len([r for r in found if r["business_id"] == business]) == len(kept) > 2
    for record in found:
        moved = {"TYPE_DEBIT": Decimal(0), "TYPE_CREDIT": Decimal(0)}
        for detail in record["details"]:
            assert isinstance(detail["amount"]["amount"], str)
            moved[detail["type"]] += Decimal(detail["amount"]["amount"])
        assert moved["TYPE_DEBIT"] == moved["TYPE_CREDIT"] > 0


def test_where_there_are_no_manual_entries_the_rest_is_read(sandbox: Sandbox, read: Read) -> None:
    sandbox.faults.add(
        kind="status", status=404, path="*/journal_entries", times=None, body={"message": "not found"}
    )
    output = read("journal_entries", "clients", "stream_availability")
    assert not output.errors
    assert rows(output, "clients")
    row = availability(output)[439000, "journal_entries"]
    assert (row["status"], row["http_status"], row["has_rows"]) == ("not_applicable", 404, False)


def test_entries_that_were_there_and_are_gone_with_their_path_fail(sandbox: Sandbox, read: Read) -> None:
    """An account that had them has not lost them: the path has moved, and nothing else would tell."""
    state = states(read("journal_entries"))
    sandbox.faults.add(
        kind="status", status=404, path="*/journal_entries", times=None, body={"message": "not found"}
    )
    assert read("journal_entries", state=state, expecting_exception=True).errors


def test_retainers_come_with_their_scope_alone(sandbox: Sandbox, read: Read, config: dict[str, Any]) -> None:
    """It is on few apps, so that it is not asked for by default."""
    plain = [scope.name for scope in needed()]
    config["credentials"] |= {"access_token": sandbox.grant(scopes=plain)["access_token"]}
    output = read("retainers", "stream_availability", config=config)
    assert not output.errors
    assert availability(output)[439000, "retainers"]["missing_scopes"] == "user:retainers:read"
    more = [scope.name for scope in needed(ScopeSet.extended)]
    config["credentials"] |= {"access_token": sandbox.grant(scopes=more)["access_token"]}
    found = rows(read("retainers", config=config), "retainers")
    kept = sandbox.books(439000)["retainers"]
    assert {r["id"] for r in found if r["business_id"] == 439000} == set(kept) != set()
    assert {r["is_deleted"] for r in found} == {True, False}


def test_reports_by_business_come_for_each_currency_and_period(read: Read, recent: dict[str, Any]) -> None:
    output = read(*NEWER, config=recent)
    for stream, day in (
        ("report_general_ledger", "start_date"),
        ("report_cash_flow", "start_date"),
        ("report_chart_of_accounts", "end_date"),
    ):
        found = rows(output, stream)
        keys = [(r["business_id"], r["currency_code"], r[day]) for r in found]
        assert len(set(keys)) == len(keys)
        assert {(b, c) for b, c, _ in keys} >= {(439000, "USD"), (439000, "EUR"), (439117, "CAD")}
        assert not any("download_token" in record for record in found)
    for record in rows(output, "report_general_ledger"):
        days = [t["date"] for a in record["data"] for s in a["sub_accounts"] for t in s["transactions"]]
        assert all(record["start_date"] <= day <= record["end_date"] for day in days)
        total = sum((Decimal(a["debit"]["amount"]) for a in record["data"]), Decimal(0))
        assert total == Decimal(record["summary"]["total_debit"]["amount"])
    charts = rows(output, "report_chart_of_accounts")
    assert any(Decimal(a["balance"]) for r in charts for a in r["accounts"])


def test_an_account_without_the_newer_reports_has_all_others(
    sandbox: Sandbox, read: Read, recent: dict[str, Any]
) -> None:
    sandbox.behaviours.newer_reports = "none"
    output = read(*NEWER, "report_tax_summary", "stream_availability", config=recent)
    assert not output.errors
    assert rows(output, "report_tax_summary")
    found = availability(output)
    assert {found[439000, stream]["status"] for stream in NEWER} == {"not_applicable"}


@pytest.mark.parametrize("takes", ["uuid", "business"])
def test_a_report_whose_path_is_gone_is_read_at_the_newer_one(
    sandbox: Sandbox, read: Read, recent: dict[str, Any], takes: str
) -> None:
    """Its figures are the same, and the place that answers is remembered for the run."""
    streams = ("report_profit_and_loss", "report_balance_sheet")
    settings = {**recent, "business_ids": [439000], "num_workers": 1}
    before = read(*streams, config=settings)
    sandbox.behaviours.gone_reports = {"profitloss_entity", "balance_sheet", "payments_collected"}
    sandbox.behaviours.newer_reports = takes
    sandbox.requests.clear()
    after = read(*streams, config=settings)
    assert not after.errors
    for stream in streams:
        one, other = (
            [{key: value for key, value in r.items() if key != "observed_at"} for r in rows(output, stream)]
            for output in (before, after)
        )
        assert one == other != []
    gone = [request.path.rpartition("/")[2] for request in sandbox.requests.matching(OLDER)]
    assert sorted(gone) == ["balance_sheet", "payments_collected", "profitloss_entity"]


def test_a_report_that_is_nowhere_fails(sandbox: Sandbox, read: Read, recent: dict[str, Any]) -> None:
    sandbox.behaviours.gone_reports = {"taxsummary"}
    sandbox.behaviours.newer_reports = "none"
    assert read("report_tax_summary", config=recent, expecting_exception=True).errors


def test_invoice_details_go_by_the_date_of_issue(
    sandbox: Sandbox, read: Read, recent: dict[str, Any]
) -> None:
    output = read("report_invoice_details", config=recent)
    asked = [dict(r.query) for r in sandbox.requests.matching("*/reports/accounting/invoice_details")]
    assert asked
    assert {query["date_type"] for query in asked} == {"issue"}
    for record in rows(output, "report_invoice_details"):
        for client in record["clients"]:
            assert all(
                record["start_date"] <= i["create_date"] <= record["end_date"] for i in client["invoices"]
            )


def test_recurring_invoices_name_their_next_date(sandbox: Sandbox, read: Read) -> None:
    found = rows(read("invoice_profiles"), "invoice_profiles")
    going = [r for r in found if not r["disable"] and not r["is_deleted"]]
    assert going
    assert all(r["next_issue_date"] >= "2026-11-05" for r in going)
