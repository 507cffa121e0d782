"""Every figure of Home, Money and Tax is what the marts say, and leads to its rows, which add up to it."""

from __future__ import annotations

import html
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from freshbooks_hub.core.clock import utc_now
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.history import History
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.web.figures import Days, figures_of
from freshbooks_hub.web.marts import opened
from freshbooks_hub.web.monthly import Period, tables_of
from freshbooks_hub.web.schedule_lines import lines_of
from integration_tests.hub import Books
from integration_tests.web.serving import Client
from integration_tests.web.test_pages import MAPLE, Tables, number, sums, tables

BOREAL = 439117
OF_RAW = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'freshbooks'"
STEP = 17  # of the links of a page: prime, so that each column has its turn
# What Home says, and the SQL of it: of the month and the year up to 31 October 2026.
PROFIT = (
    "SELECT currency_code, sum(credit_amount - debit_amount) FROM general_ledger "
    "WHERE account_type IN ('income', 'expense') AND posting_date BETWEEN '{}' AND '{}' AND business_id = {}"
)
HOME = {
    "Owed to you": "SELECT currency_code, sum(outstanding_amount) FROM outstanding_balances WHERE business_id = {}",
    "Overdue": "SELECT currency_code, sum(overdue_amount) FROM outstanding_balances WHERE business_id = {}",
    "Collected this month": "SELECT currency_code, sum(collected_amount) FROM cash_monthly "
    "WHERE month_start_date = '2026-10-01' AND business_id = {}",
    "Profit this month": "SELECT currency_code, sum(line_amount) FROM profit_and_loss WHERE basis = 'accrual' "
    "AND section = 'net profit' AND start_date = '2026-10-01' AND business_id = {}",
    "Profit this year": "SELECT currency_code, sum(line_amount) FROM profit_and_loss WHERE basis = 'accrual' "
    "AND section = 'net profit' AND start_date BETWEEN '2026-01-01' AND '2026-10-01' AND business_id = {}",
    "Expected in, 4 weeks": "SELECT currency_code, sum(money_in_amount) FROM cash_forecast "
    "WHERE week_start_date < '2026-11-29' AND business_id = {}",
    "Expected out, 4 weeks": "SELECT currency_code, sum(money_out_amount) FROM cash_forecast "
    "WHERE week_start_date < '2026-11-29' AND business_id = {}",
    "Unbilled work": "SELECT currency_code, sum(unbilled_amount) FROM unbilled_time WHERE business_id = {}",
}
# The total of the rows behind it, by its column in the list.
BEHIND = {
    "Owed to you": ("Outstanding", 1),
    "Overdue": ("Overdue", 1),
    "Collected this month": ("Received", 1),
    "Profit this month": ("Debit less credit", -1),
    "Profit this year": ("Debit less credit", -1),
}


def cards(client: Client, path: str) -> dict[str, dict[str, tuple[Decimal, str]]]:
    """The figures of Home by currency and label: the amount, and the address of its rows."""
    found: dict[str, dict[str, tuple[Decimal, str]]] = {}
    text = client.get(path).text
    for code, card in re.findall(
        r'<section class="card" aria-labelledby="in-(\w+)">(.*?)</section>', text, re.S
    ):
        for label, address, amount in re.findall(
            r'<dt>(.*?)</dt>\s*<dd[^>]*><a href="([^"]+)">.*?</span> (.*?)</span></a>', card, re.S
        ):
            found.setdefault(code, {})[label] = (number(amount), html.unescape(address))
    return found


def test_each_figure_of_home_is_that_of_the_marts(client: Client, seen: Books) -> None:
    shown = cards(client, f"/?business={MAPLE}")
    assert list(shown) == ["USD", "CAD", "EUR"]  # the business's own first
    for label, statement in HOME.items():
        expected = sums(seen, f"{statement.format(MAPLE)} GROUP BY currency_code")
        for code, figures in shown.items():
            assert figures[label][0] == expected.get(code, (Decimal(0),))[0], (label, code)


@pytest.mark.parametrize("label", BEHIND)
def test_a_figure_of_home_leads_to_rows_that_add_up_to_it(client: Client, label: str) -> None:
    amount, address = cards(client, f"/?business={MAPLE}")["USD"][label]
    column, sign = BEHIND[label]
    head, row = next(rows for rows in tables(client, address).values() if column in rows[0])
    assert row[0] == "USD"
    assert number(row[head.index(column)]) * sign == amount


def test_the_forecast_and_the_unbilled_work_of_home_are_what_they_lead_to(client: Client) -> None:
    figures = cards(client, f"/?business={MAPLE}")["USD"]
    for label, column in (("Expected in, 4 weeks", "In"), ("Expected out, 4 weeks", "Out")):
        amount, address = figures[label]
        head, *weeks = tables(client, address)["Expected in USD, week by week"][
            :6
        ]  # the rest of this week, and four
        assert sum(number(week[head.index(column)]) for week in weeks) == amount
    amount, address = figures["Unbilled work"]
    text = re.sub(r"<[^>]+>", "", client.get(address).text)
    assert re.search(rf"Value \(USD\)\s*USD {amount:,.2f}\s", text)


@pytest.mark.parametrize("path", ["/money?", "/money?basis=cash&", "/tax?", "/tax?basis=cash&", "/time?"])
def test_a_figure_of_a_report_leads_to_rows_that_add_up_to_it(client: Client, path: str) -> None:
    """Of the figures in tables that are links, every STEP-th is clicked."""
    text = client.get(f"{path}business={MAPLE}").text
    links = re.findall(r'<td class="number[^"]*">\s*<a href="([^"]+)">(.*?)</a>', text, re.DOTALL)
    assert links
    for address, figure in links[::STEP]:
        [shown] = figures_in(figure)
        behind = tables(client, html.unescape(address))
        totals = next((rows for name, rows in behind.items() if name.startswith("Totals of all")), [[]])
        found = {abs(amount) for row in totals[1:] for cell in row[1:] for amount in figures_in(cell)}
        assert abs(shown) in found or (not shown and not found), address


def figures_in(cell: str) -> list[Decimal]:
    text = re.sub(r"<[^>]+>", "", cell).replace(",", "")
    return [Decimal(found.replace("−", "-")) for found in re.findall(r"−?\d+(?:\.\d+)?", text)]


def test_the_overview_of_connections_shows_what_is_overdue(client: Client, seen: Books) -> None:
    expected = sums(
        seen,
        "SELECT currency_code, sum(overdue_amount) AS overdue FROM outstanding_balances GROUP BY 1 HAVING overdue > 0",
    )
    text = client.get("/connections").text
    shown = re.findall(r"<a [^>]*/balances\">(.*?)</a>", text)
    plain = {re.sub(r"<[^>]+>", "", one) for one in shown}
    assert plain == {f"{code} {amount:,.2f}" for code, (amount,) in expected.items()}


def test_the_hours_of_a_project_are_those_of_its_entries(client: Client, seen: Books) -> None:
    [(project, (logged, unbilled))] = sums(
        seen,
        "SELECT project_id, sum(hours), sum(hours) FILTER (is_unbilled) FROM time_entries "
        f"WHERE business_id = {MAPLE} AND project_id IS NOT NULL GROUP BY ALL ORDER BY 3 DESC NULLS LAST LIMIT 1",
    ).items()
    text = " ".join(re.sub(r"<[^>]+>", " ", client.get(f"/projects/{project}?business={MAPLE}").text).split())
    assert f"Logged {logged:,.2f} h" in text
    assert f"Unbilled {unbilled:,.2f} h" in text


def test_a_bill_of_the_list_shows_its_figures_and_payments_that_add_up(client: Client, seen: Books) -> None:
    expected = sums(
        seen,
        "SELECT bill_id, any_value(bill_number), any_value([total_amount, paid_amount, outstanding_amount]) "
        "FROM bills JOIN (SELECT bill_id FROM bill_payments) USING (bill_id) "
        f"WHERE business_id = {MAPLE} GROUP BY bill_id ORDER BY count(*) DESC, bill_id LIMIT 1",
    )
    [(bill, (bill_number, figures))] = expected.items()
    listed = client.get(f"/bills?business={MAPLE}&q={bill_number}").text
    [address] = set(re.findall(rf'href="(/bills/{bill}\?[^"]*)"', listed))
    text = client.get(html.unescape(address)).text
    shown = re.findall(r"<dt>(?:Total|Paid|Outstanding)</dt><dd[^>]*>(.*?)</dd>", text)
    assert [figures_in(cell) for cell in shown] == [[amount] for amount in figures]
    [payments] = [rows for name, rows in Tables(text).found.items() if name.startswith("Payments of bill")]
    assert sum(number(row[-1]) for row in payments[1:]) == figures[1]


def test_the_counts_of_status_are_those_of_the_marts_and_of_the_raw_tables(
    client: Client, seen: Books
) -> None:
    found = tables(client, "/status")
    against = {"freshbooks_report": "freshbooks' report", "own_arithmetic": "internal consistency"}
    expected = sums(seen, "SELECT check_name, count(*), check_kind FROM fb_reconciliation GROUP BY ALL")
    assert {row[0].lower(): row[2] for row in found["What was compared, and the result"][1:]} == {
        f"{name}{against[kind]}".lower(): str(rows) for name, (rows, kind) in expected.items()
    }
    schedule = found["How often data is read, when it was last read, and when it is read next"][1:]
    lines = lines_of(Schedule(seen.home).groups(utc_now()), History(seen.home.history))
    with duckdb.connect(seen.home.raw, read_only=True) as db:
        held = {
            stream: len(db.execute(f"FROM freshbooks.{stream}").fetchall())
            for (stream,) in db.execute(OF_RAW).fetchall()
        }
    for row, line in zip(schedule, lines, strict=True):
        if line.rows is not None:
            assert row[-1] == f"{sum(held.get(stream, 0) for stream in line.group.streams):,}", line.name


def test_home_compares_with_the_same_days_a_year_before(client: Client, seen: Books) -> None:
    expected = sums(seen, f"{PROFIT.format('2025-01-01', '2025-10-31', MAPLE)} GROUP BY currency_code")
    text = re.sub(r"<[^>]+>", "", client.get(f"/?business={MAPLE}").text)
    for code, (amount,) in expected.items():
        assert f"A year before, same days: {code} {amount:,.2f}".replace("-", "−") in text


def test_all_businesses_stand_side_by_side_and_add_up_within_a_currency(client: Client) -> None:
    alone = [cards(client, f"/?business={business}")["CAD"] for business in (MAPLE, BOREAL)]
    head, *rows, total = tables(client, "/?business=all")["All businesses in CAD, side by side"]
    assert [row[0] for row in rows] == ["Maple & Pine Studio", "Atelier Boréal"]
    for column, label in enumerate(head[1:], 1):
        amounts = [figures[label][0] for figures in alone]
        assert [number(row[column]) for row in rows] == amounts
        assert number(total[column]) == sum(amounts)


def test_money_is_the_revenue_and_the_cash_of_the_marts(client: Client, seen: Books) -> None:
    columns = ("accrued_amount", "collected_amount", "money_in_amount", "money_out_amount", "net_cash_amount")
    expected = sums(
        seen,
        f"SELECT currency_code, {', '.join(f'sum({one})' for one in columns)} FROM cash_monthly "
        f"WHERE business_id = {MAPLE} AND month_start_date BETWEEN '2025-01-01' AND '2025-12-01' GROUP BY ALL",
    )
    found = tables(client, f"/money?business={MAPLE}&year=2025")
    for code, amounts in expected.items():
        head, *_, total = found[f"Revenue and cash by month in {code}"]
        shown = dict(zip(head, total, strict=True))
        labels = ("Billed", "Collected", "Money in", "Money out", "Net cash")
        assert tuple(number(shown[label]) for label in labels) == amounts
    # The year after shows the same as its year before.
    later = tables(client, f"/money?business={MAPLE}&year=2026")["Profit by month in USD"]
    earlier = {row[0]: row[1] for row in found["Profit by month in USD"][1:-1]}
    assert {f"{row[0][:3]} 2025": row[2] for row in later[1:-1]} == {
        month: amount for month, amount in earlier.items() if month[:3] not in {"Nov", "Dec"}
    }


@pytest.mark.parametrize("basis", ["accrual", "cash"])
def test_tax_is_that_of_the_marts_and_of_its_lines(client: Client, seen: Books, basis: str) -> None:
    expected = sums(
        seen,
        "SELECT tax_name, sum(tax_collected_amount), sum(tax_paid_amount), sum(net_tax_amount) FROM sales_tax "
        f"WHERE business_id = {MAPLE} AND basis = '{basis}' AND currency_code = 'CAD' "
        "AND month_start_date BETWEEN '2026-04-01' AND '2026-06-30' GROUP BY ALL",
    )
    rows = tables(client, f"/tax?business={MAPLE}&basis={basis}")["Sales tax in CAD by quarter and tax"]
    shown = {
        row[1]: tuple(number(row[column]) for column in (3, 5, 6)) for row in rows if row[0] == "Q2 2026"
    }
    assert shown == expected
    head, row = next(
        rows
        for rows in tables(
            client,
            f"/tax/lines?business={MAPLE}&basis={basis}&currency=CAD&tax=HST&from=2026-04-01&to=2026-06-30",
        ).values()
        if "Owed" in rows[0]
    )
    assert number(row[head.index("Owed")]) == expected["HST"][2]


def test_a_new_home_shows_the_first_steps_and_where_each_is_done(empty_home: Home) -> None:
    text = Client(empty_home).get("/").text
    assert "First steps" in text
    assert '<a class="button primary" href="/settings/freshbooks">Connect</a>' in text
    assert "Owed to you" not in text


@pytest.fixture
def few_marts(tmp_path: Path) -> Path:
    """Marts of which there are only payments."""
    path = tmp_path / "freshbooks.duckdb"
    with duckdb.connect(path) as db:
        db.execute("CREATE SCHEMA marts; USE marts")
        db.execute("CREATE TABLE fb_freshness AS SELECT 1 AS business_id, DATE '2028-02-29' AS as_of_date")
        db.execute(
            "CREATE TABLE payments AS SELECT 1 AS business_id, 'KWD' AS currency_code, 1.250::DECIMAL(18,3) AS "
            "payment_amount, true AS is_cash, true AS is_counted, DATE '2028-02-29' AS payment_date"
        )
    return path


def test_what_is_not_synced_is_unknown_and_not_nought(few_marts: Path) -> None:
    business = {"business_id": 1, "base_currency_code": None}
    with opened(few_marts) as marts:
        assert marts is not None
        [figures] = figures_of(marts, business, frozenset())
        assert figures.amounts.pop("collected") == Decimal("1.250")
        assert set(figures.amounts.values()) == {None}
        assert figures_of(marts, business, frozenset({"invoices"})) == []
        assert tables_of(marts, 1, "accrual", Period.asked(None, date(2028, 2, 29)), frozenset()) == []


def test_nothing_is_compared_with_days_that_were_not_read() -> None:
    first, last = date(2025, 1, 1), date(2025, 10, 31)
    known = Days(date(2026, 10, 31), date(2025, 3, 1))
    assert known.compares(first, last, None)
    assert not known.compares(first, last, date(2025, 6, 1))
    assert not Days(date(2026, 10, 31), date(2025, 11, 1)).compares(first, last, None)
    assert not Days(None, None).compares(first, last, None)
