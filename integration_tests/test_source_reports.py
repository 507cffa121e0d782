"""Reports as streams: a record for each business, currency and period, open periods again at each sync."""

from datetime import date
from typing import Any

import pytest

from freshbooks_sandbox import Sandbox
from integration_tests.conftest import Read
from integration_tests.connector import rows, states
from source_freshbooks.components.retriever_report import Period, first_month, months_until


def test_months_run_from_the_first_to_the_open_one() -> None:
    months = list(months_until(date(2026, 2, 10), date(2025, 12, 31), as_of=False))
    assert months == [
        Period(date(2025, 12, 1), date(2025, 12, 31)),
        Period(date(2026, 1, 1), date(2026, 1, 31)),
        Period(date(2026, 2, 1), date(2026, 2, 28)),
    ]


def test_a_report_as_of_a_day_is_read_for_each_months_end_and_today() -> None:
    days = [p.end for p in months_until(date(2026, 2, 10), date(2025, 12, 31), as_of=True)]
    assert days == [date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 10)]


def test_the_first_month_is_the_first_with_an_amount() -> None:
    def row(*amounts: str) -> dict[str, Any]:
        return {"data": [{"amount": amount, "code": "USD"} for amount in amounts]}

    report = {
        "labels": ["2025-01-01", "2025-02-01", "2025-03-01"],
        "income": [row("0.00", "0.00", "5.00")],
        "expenses": [row("0", "-1.00", "0.00")],
    }
    assert first_month(report) == date(2025, 2, 1)
    assert first_month({"labels": [], "income": []}) is None


@pytest.mark.parametrize(
    ("stream", "day_key"),
    [("report_payments_collected", "start_date"), ("report_accounts_aging", "end_date")],
)
def test_every_period_of_every_currency_once(read: Read, stream: str, day_key: str) -> None:
    records = rows(read(stream), stream)
    keys = [(r["business_id"], r["currency_code"], r[day_key]) for r in records]
    assert len(set(keys)) == len(keys)
    assert {(b, c) for b, c, _ in keys} >= {(439000, "USD"), (439000, "EUR"), (439117, "CAD")}
    assert min(day for *_, day in keys) < "2025-01"
    assert not any("download_token" in record for record in records)


def test_the_next_sync_reads_the_open_month_and_the_one_before(
    sandbox: Sandbox, read: Read, recent: dict[str, Any]
) -> None:
    state = states(read("report_payments_collected", config=recent))
    sandbox.requests.clear()
    again = rows(read("report_payments_collected", config=recent, state=state), "report_payments_collected")
    assert len({record["start_date"] for record in again}) == 2
    asked = sandbox.requests.matching("*/reports/accounting/payments_collected")
    assert all("page" not in dict(request.query) for request in asked)


def test_a_report_shows_its_own_period(sandbox: Sandbox, read: Read, recent: dict[str, Any]) -> None:
    """A period that FreshBooks did not understand silently becomes today."""
    for record in rows(read("report_expense_details", config=recent), "report_expense_details"):
        days = [e["date"] for group in record["data"] for e in group["expenses"]]
        assert all(record["start_date"] <= day <= record["end_date"] for day in days)


def test_a_currency_that_only_one_row_has_gets_its_reports(
    sandbox: Sandbox, read: Read, recent: dict[str, Any]
) -> None:
    """The last one is an archived client's."""
    books = sandbox.books(439000)
    for resource, code in (
        ("expenses", "GBP"),
        ("bills", "CHF"),
        ("other_income", "SEK"),
        ("invoices", "NOK"),
    ):
        active = [row for row in books[resource].values() if row.get("vis_state", 0) == 0]
        row = max(active, key=lambda row: str(row.get("date")))
        row["amount"]["code"] = code
        if "currency_code" in row:
            row["currency_code"] = code
        books.table(resource).changed()
    archived = next(row for row in books["clients"].values() if row["vis_state"] == 2)
    archived["currency_code"] = "JPY"
    books.table("clients").changed()
    sandbox.behaviours.archived_clients_by_default = False
    output = read("report_expense_details", config={**recent, "business_ids": [439000]})
    found = {record["currency_code"] for record in rows(output, "report_expense_details")}
    assert found >= {"CAD", "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "JPY"}
    expenses = [
        expense["amount"]["code"]
        for record in rows(output, "report_expense_details")
        for group in record["data"]
        for expense in group["expenses"]
    ]
    assert expenses.count("GBP") == 1


def test_a_plan_without_one_of_the_lists_still_has_its_reports(
    sandbox: Sandbox, read: Read, recent: dict[str, Any]
) -> None:
    sandbox.behaviours.gated.add("bills")
    sandbox.faults.add(
        kind="status", status=403, path="*/other_incomes/*", times=None, body={"message": "no"}
    )
    output = read("report_payments_collected", config={**recent, "business_ids": [439000]})
    assert not output.errors
    assert {r["currency_code"] for r in rows(output, "report_payments_collected")} >= {"CAD", "EUR", "USD"}


def test_the_currencies_are_looked_for_once_and_only_for_reports(
    sandbox: Sandbox, read: Read, recent: dict[str, Any]
) -> None:
    output = read("report_payments_collected", config=recent)
    sandbox.requests.clear()
    read("report_payments_collected", "report_tax_summary", config=recent, state=states(output))
    asked = list(sandbox.requests.matching("*/expenses/expenses"))
    keys = [(request.path, tuple(sorted(dict(request.query).items()))) for request in asked]
    assert keys
    assert len(set(keys)) == len(keys)
    assert not any("include" in key for request in asked for key, _ in request.query)
    sandbox.requests.clear()
    read("clients")
    assert not list(sandbox.requests.matching("*/expenses/expenses"))


BASES = ("report_profit_and_loss", "report_tax_summary")


def by_basis(records: list[dict[str, Any]]) -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
    found: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    for record in records:
        key = (record["business_id"], record["currency_code"], record["start_date"])
        assert key not in found.setdefault(record["basis"], {})
        found[record["basis"]][key] = record
    return found


@pytest.mark.parametrize("stream", BASES)
def test_a_report_with_two_bases_is_read_on_both_for_the_same_periods(
    sandbox: Sandbox, read: Read, recent: dict[str, Any], stream: str
) -> None:
    output = read(stream, config=recent)
    found = by_basis(rows(output, stream))
    assert found["accrual"].keys() == found["cash"].keys() != set()
    assert {record["cash_based"] for record in found["accrual"].values()} == {False}
    assert {record["cash_based"] for record in found["cash"].values()} == {True}
    shown = "total_income" if stream == "report_profit_and_loss" else "total_invoiced"
    assert any(found["cash"][key][shown] != record[shown] for key, record in found["accrual"].items())
    sandbox.requests.clear()
    again = by_basis(rows(read(stream, config=recent, state=states(output)), stream))
    assert {day for records in again.values() for *_, day in records} == set(
        sorted({day for *_, day in found["cash"]})[-2:]
    )


@pytest.mark.parametrize("stream", BASES)
def test_a_state_from_before_the_bases_reads_the_history_of_both(
    read: Read, recent: dict[str, Any], stream: str
) -> None:
    """Such a state has no cursor of the two bases; what was read since then would be all there is of the cash basis."""
    output = read(stream, config=recent)
    saved = states(output)
    for message in saved:
        assert message.stream is not None
        assert message.stream.stream_state is not None
        for state in message.stream.stream_state.states:
            assert state["partition"].pop("bases") == "accrual cash"
    again = by_basis(rows(read(stream, config=recent, state=saved), stream))
    first = by_basis(rows(output, stream))
    assert again["cash"].keys() == first["cash"].keys()
    assert again["accrual"].keys() == first["accrual"].keys()


def test_a_report_on_another_basis_than_was_asked_for_is_left_out(
    sandbox: Sandbox, read: Read, recent: dict[str, Any]
) -> None:
    sandbox.behaviours.accrual_only_reports = {"taxsummary"}
    output = read("report_tax_summary", config=recent)
    assert not output.errors
    assert by_basis(rows(output, "report_tax_summary")).keys() == {"accrual"}
    assert any("on another basis than cash" in message.log.message for message in output.logs)
