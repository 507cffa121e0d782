"""A figure that is not FreshBooks' own is found, named and shown wherever the marts are."""

from calendar import monthrange
from collections.abc import Iterator
from pathlib import Path

import pytest

from freshbooks_hub.core.home import Home
from freshbooks_sandbox.reports.ask import read as ask
from freshbooks_sandbox.reports.taxes import tax_summary
from integration_tests.hub import AS_OF, Hub, opened_books
from integration_tests.web.serving import Client


@pytest.fixture(scope="module")
def hub(synced_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with opened_books(synced_home, tmp_path_factory.mktemp("hub")) as books:
        yield books.hub


BUSINESS = 439000
SUMMARY = {
    "tax_collected_amount": "tax_collected",
    "tax_paid_amount": "tax_paid",
    "net_tax_amount": "net_tax",
    "taxable_collected_amount": "taxable_amount_collected",
    "taxable_paid_amount": "taxable_amount_paid",
}


def test_the_demo_books_tie_to_every_report(hub: Hub) -> None:
    assert hub.query("from fb_reconciliation where not is_ok") == []
    checked = hub.query(
        "select distinct check_name from fb_reconciliation where check_kind = 'freshbooks_report'"
    )
    names = {row["check_name"] for row in checked}
    assert names >= {"payments collected", "accounts aging, up to 30 days"}
    assert {name for name in names if "ledger" in name} == {
        "balance sheet from the ledger",
        "profit and loss from the ledger, expenses",
        "profit and loss from the ledger, income",
        "trial balance from the ledger",
    }


BRIDGES = {
    "accrual": "net revenue to profit and loss income",
    "cash": "collected revenue to profit and loss income, cash basis",
}
PERIOD = ("business_id", "currency_code", "start_date", "end_date")


@pytest.mark.parametrize("basis", BRIDGES)
def test_revenue_is_bridged_to_the_income_of_every_month_of_the_demo(hub: Hub, basis: str) -> None:
    bridge = hub.query(f"from fb_reconciliation where check_name = '{BRIDGES[basis]}'")
    reports = hub.query(
        f"from profit_and_loss where section = 'total income' and line_level = 1 and basis = '{basis}'"
    )
    income = {tuple(row[k] for k in PERIOD): float(row["line_amount"]) for row in reports}
    assert {tuple(row[k] for k in PERIOD): float(row["our_amount"]) for row in bridge} == income
    assert any(amount > 0 for amount in income.values())
    assert [row for row in bridge if float(row["difference_amount"]) != 0] == []
    expenses = hub.query("from fb_reconciliation where check_name like 'profit and loss, expenses%'")
    assert len({row["check_name"] for row in expenses}) == 2
    assert [row for row in expenses if float(row["difference_amount"]) != 0] == []


def test_what_is_collected_differs_from_what_is_billed(hub: Hub) -> None:
    both = hub.query("select * from profit_and_loss where section = 'total income'")
    found: dict[str, dict[tuple[object, ...], object]] = {"accrual": {}, "cash": {}}
    for row in both:
        found[str(row["basis"])][tuple(row[k] for k in PERIOD)] = row["line_amount"]
    assert found["accrual"].keys() == found["cash"].keys()
    assert found["accrual"] != found["cash"]


def test_the_metric_net_profit_is_of_one_basis(hub: Hub) -> None:
    [metric] = hub.query("from fb_metrics where metric_name = 'net_profit'")
    [found] = hub.query(
        f"select {metric['sql_expression']} as total from {metric['mart_name']} "
        f"where {metric['filter_expression']} and business_id = {BUSINESS} and currency_code = 'USD'"
    )
    sides = {
        row["check_name"]: float(row["total"])
        for row in hub.query(
            "select check_name, sum(freshbooks_amount) as total from fb_reconciliation "
            f"where business_id = {BUSINESS} and currency_code = 'USD' group by check_name"
        )
    }
    expected = sides["profit and loss, income"] - sides["profit and loss, expenses"]
    assert float(found["total"]) == pytest.approx(expected, abs=0.001)


def test_sales_tax_is_freshbooks_tax_summary_on_both_bases(hub: Hub) -> None:
    checks = hub.query("from fb_reconciliation where check_name like 'tax summary%'")
    assert len({row["check_name"] for row in checks}) == 6
    assert [row for row in checks if float(row["difference_amount"]) != 0] == []
    books = hub.sandbox.books(BUSINESS)
    compared = 0
    for basis in BRIDGES:
        ours = hub.query(
            f"from sales_tax where business_id = {BUSINESS} and basis = '{basis}' and currency_code = 'USD' "
            "and month_start_date between '2026-01-01' and '2026-09-30'"
        )
        for month in sorted({str(row["month_start_date"])[:10] for row in ours}):
            year, number, _ = map(int, month.split("-"))
            asked = {
                "start_date": month,
                "end_date": f"{month[:8]}{monthrange(year, number)[1]}",
                "currency_code": "USD",
                "cash_based": str(basis == "cash").lower(),
            }
            answer = tax_summary(ask("taxsummary", books, list(asked.items()), AS_OF))
            for tax in answer["taxes"]:
                [row] = [
                    r
                    for r in ours
                    if (str(r["month_start_date"])[:10], r["tax_name"]) == (month, tax["tax_name"])
                ]
                for name, amount in SUMMARY.items():
                    assert float(row[name]) == float(tax[amount]["amount"]), (basis, month, tax, name)
                    compared += 1
    assert compared > 50


def test_what_is_planted_is_published_with_a_loud_flag(hub: Hub) -> None:
    hub.sandbox.behaviours.report_skew = {"payments_collected": "0.05"}
    expenses = hub.sandbox.books(BUSINESS).table("expenses")
    next(iter(expenses.rows.values()))["modern_projectid"] = 999_999
    expenses.changed()
    streams = ("--stream", "report_payments_collected", "--stream", "expenses")
    told = hub.run("sync", "--as-of", AS_OF, *streams, "--full-refresh")
    assert told.returncode == 0, told.stderr
    assert "figures differ from FreshBooks' own reports" in told.stdout
    assert "payments collected" in told.stdout
    assert "The check expenses_refer_to_known_rows found 1 wrong row:" in told.stdout
    assert "999999" in told.stdout
    assert "expenses_refer_to_known_rows found 1 row to check" in Client(Home(hub.home)).get("/status").text
    assert "figures differ" in hub.run("status").stdout
    row = hub.query("from fb_reconciliation where not is_ok limit 1")[0]
    assert abs(float(row["difference_amount"])) == pytest.approx(0.05)
