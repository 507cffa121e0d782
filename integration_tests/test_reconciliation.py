"""A figure that is not FreshBooks' own is found, named and shown wherever the marts are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from freshbooks_hub.core.home import Home
from integration_tests.hub import AS_OF, Hub, opened_books
from integration_tests.web.serving import Client


@pytest.fixture(scope="module")
def hub(synced_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with opened_books(synced_home, tmp_path_factory.mktemp("hub")) as books:
        yield books.hub


BUSINESS = 439000


def test_the_demo_books_tie_to_every_report(hub: Hub) -> None:
    assert hub.query("from fb_reconciliation where not is_ok") == []
    checked = hub.query(
        "select distinct check_name from fb_reconciliation where check_kind = 'freshbooks_report'"
    )
    assert {"payments collected", "accounts aging, up to 30 days"} <= {row["check_name"] for row in checked}


def test_net_revenue_is_bridged_to_the_income_of_every_month_of_the_demo(hub: Hub) -> None:
    name = "net revenue to profit and loss income"
    bridge = hub.query(f"from fb_reconciliation where check_name = '{name}'")
    income = hub.query("from fb_reconciliation where check_name = 'profit and loss, income'")
    key = ("business_id", "currency_code", "start_date", "end_date")
    assert {tuple(row[k] for k in key) for row in bridge} == {tuple(row[k] for k in key) for row in income}
    assert any(float(row["our_amount"]) > 0 for row in bridge)
    assert [row for row in bridge if float(row["difference_amount"]) != 0] == []


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
    assert "expenses_refer_to_known_rows found 1 row to check" in Client(Home(hub.home)).get("/").text
    assert "figures differ" in hub.run("status").stdout
    row = hub.query("from fb_reconciliation where not is_ok limit 1")[0]
    assert abs(float(row["difference_amount"])) == pytest.approx(0.05)
