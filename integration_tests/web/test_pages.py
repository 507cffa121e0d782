"""What the pages say is what the marts hold, currency by currency; and they can be read in every state of a home."""

import csv
import html
import json
import re
import shutil
import sqlite3
import subprocess
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import duckdb
import pytest

from freshbooks_hub.connection.profile import Business, Profile
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock
from freshbooks_hub.status.summary import as_text, status
from freshbooks_hub.sync.alarms import Alarms
from freshbooks_hub.sync.history import Availability, History, Outcome, StreamResult
from freshbooks_hub.sync.progress import Recorded, Silent
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.sync_groups import SYNC_GROUPS
from freshbooks_hub.web.request_context import label_businesses, title_of
from freshbooks_sandbox import Sandbox
from integration_tests.connector import config_of
from integration_tests.hub import Books
from integration_tests.web.conftest import point_at
from integration_tests.web.serving import ANSWERS, Client

MAPLE = 439000
WORKSHOPS = 600777  # without accounting
PROFILE = Profile(
    1,
    "Robin",
    "robin@example.com",
    (Business(MAPLE, "Maple", "owner", "mPx4Q9", None, "owner", None, None),),
)


class Tables(HTMLParser):
    """The tables of a page by caption: rows of the texts of their cells, the head first."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._caption: str | None = None
        self._rows: list[list[str]] = []
        self._into: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._rows, self._caption = [], None
        elif tag == "caption":
            self._into = [""]
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._rows[-1].append("")
            self._into = self._rows[-1]

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption" and self._into:
            self._caption = " ".join(self._into[-1].split())
        if tag in {"caption", "td", "th"}:
            self._into = None
        elif tag == "table":
            assert self._caption, "a table has no caption"
            self.found[self._caption] = [[" ".join(cell.split()) for cell in row] for row in self._rows]

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into[-1] += data


def number(text: str) -> Decimal:
    """The amount at the end of a cell."""
    found = re.search(r"(−?)([\d,]+\.\d\d)$", text)
    assert found, text
    return Decimal(found[2].replace(",", "")) * (-1 if found[1] else 1)


def tables(client: Client, path: str) -> dict[str, list[list[str]]]:
    return Tables(client.get(path).text).found


def sums(books: Books, statement: str) -> dict[str, tuple[Decimal, ...]]:
    """The answer of the marts, by its first column."""
    with duckdb.connect(books.home.marts, read_only=True) as db:
        db.execute("SET search_path = 'marts'")
        return {row[0]: row[1:] for row in db.execute(statement).fetchall()}


@pytest.fixture
def connected_home(empty_home: Home) -> Home:
    """Connected, and never synced."""
    ConnectionStore(empty_home.ensure().connection).connect(config_of(Sandbox(seed="empty")))
    return empty_home


def test_balances_add_up_within_each_currency(client: Client, seen: Books) -> None:
    expected = sums(
        seen,
        "SELECT currency_code, sum(outstanding_amount), sum(overdue_amount), sum(overdue_91_plus_amount) "
        f"FROM outstanding_balances WHERE business_id = {MAPLE} GROUP BY ALL",
    )
    found = tables(client, f"/balances?business={MAPLE}")
    assert set(expected) == {"CAD", "EUR", "USD"}
    for code, (outstanding, overdue, oldest) in expected.items():
        aging = {row[0]: row for row in found[f"Outstanding in {code}, by days overdue"]}
        assert number(aging["Outstanding"][-1]) == outstanding
        assert number(aging["Over 90 days overdue"][-1]) == oldest
        clients = found[f"Balance of each client in {code}, the largest first"]
        assert [number(cell) for cell in clients[-1][1:3]] == [outstanding, overdue]
        assert sum((number(row[1]) for row in clients[1:-1]), Decimal(0)) == outstanding


@pytest.mark.parametrize("basis", ["accrual", "cash"])
def test_profit_is_that_of_freshbooks_report(client: Client, seen: Books, basis: str) -> None:
    expected = sums(
        seen,
        "SELECT currency_code, sum(line_amount) FILTER (section = 'total income'), "
        "sum(line_amount) FILTER (section = 'total expenses'), sum(line_amount) FILTER (section = 'net profit') "
        f"FROM profit_and_loss WHERE business_id = {MAPLE} AND basis = '{basis}' "
        "AND start_date BETWEEN DATE '2025-11-01' AND DATE '2026-10-31' GROUP BY ALL",
    )
    found = tables(client, f"/money?business={MAPLE}&basis={basis}")
    shown = {title.rpartition(" ")[2]: rows for title, rows in found.items() if title.startswith("Profit by")}
    assert set(shown) == {"CAD", "EUR", "USD"} <= set(expected)
    for code, rows in shown.items():
        assert [row[0] for row in (rows[1], rows[12], rows[13])] == ["Oct 2026", "Nov 2025", "Sum"]
        assert tuple(number(rows[-1][column]) for column in (1, 3, 5)) == expected[code]
        for column in range(1, 7):
            assert sum(number(row[column]) for row in rows[1:-1]) == number(rows[-1][column])


def test_no_page_shows_a_sum_over_currencies(client: Client, seen: Books) -> None:
    """Every sum that crosses currencies is a number that no page may show."""
    mixed = sums(
        seen,
        "SELECT 'owed', sum(outstanding_amount), sum(overdue_amount), sum(draft_amount) FROM outstanding_balances "
        f"WHERE business_id = {MAPLE} UNION ALL "
        f"SELECT 'spent', sum(total_amount), 0, 0 FROM expense_categories WHERE business_id = {MAPLE} UNION ALL "
        f"SELECT 'time', sum(unbilled_amount), 0, 0 FROM unbilled_time WHERE business_id = {MAPLE}",
    )
    for path in ("/", "/balances", "/expenses", "/money", "/tax", "/time"):
        text = client.get(f"{path}?business={MAPLE}").text
        for values in mixed.values():
            assert not [value for value in values if value and f"{value:,.2f}" in text]


def test_balances_show_the_most_overdue_invoices_and_lead_to_all_of_them(client: Client, seen: Books) -> None:
    expected = sums(
        seen,
        "SELECT invoice_number, days_overdue, outstanding_amount, currency_code FROM invoices "
        f"WHERE business_id = {MAPLE} AND is_overdue",
    )
    text = client.get(f"/balances?business={MAPLE}").text
    shown = Tables(text).found["Overdue invoices, most overdue first"][1:]
    assert [int(row[3]) for row in shown] == sorted((row[0] for row in expected.values()), reverse=True)[:25]
    assert all(f"{row[3]} {row[5][:3]}" == "{0} {2}".format(*expected[row[0]]) for row in shown)
    (there,) = set(re.findall(r'href="(/invoices\?[^"]*status=overdue[^"]*)"', text))
    whole = list(csv.DictReader(client.get(html.unescape(there).replace("?", ".csv?")).text.splitlines()))
    assert {row["\ufeffInvoice"]: int(row["Days overdue"]) for row in whole} == {
        name: row[0] for name, row in expected.items()
    }


def test_expenses_of_a_year_by_top_category(client: Client, seen: Books) -> None:
    with duckdb.connect(seen.home.marts, read_only=True) as db:
        rows = db.execute(
            "SELECT currency_code, split_part(category_path, ' > ', 1), sum(total_amount) "
            f"FROM marts.expense_categories WHERE business_id = {MAPLE} "
            "AND month_start_date BETWEEN '2025-11-01' AND '2026-10-01' GROUP BY ALL"
        ).fetchall()
    expected: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for code, category, total in rows:
        expected[code][category] = total
    found = tables(client, f"/expenses?business={MAPLE}")
    for code, categories in expected.items():
        table = found[f"Expenses in {code} by category and month"]
        assert len(table[0]) == 14
        assert {row[0]: number(row[-1]) for row in table[1:-1]} == categories
        assert number(table[-1][-1]) == sum(categories.values(), Decimal(0))


def test_unbilled_hours_by_project(client: Client, seen: Books) -> None:
    expected = sums(
        seen,
        "SELECT coalesce(project_name, 'No project'), sum(hours), count(DISTINCT currency_code) FROM unbilled_time "
        f"WHERE business_id = {MAPLE} GROUP BY project_id, project_name",
    )
    table = tables(client, f"/time?business={MAPLE}")["Unbilled time by project, most hours first"][1:]
    names = [re.sub(r" (complete|archived|deleted)$", "", row[0]) for row in table]
    assert set(names) == set(expected)
    for name, row in zip(names, table, strict=True):
        assert abs(number(row[2]) - expected[name][0]) <= Decimal("0.005")


@pytest.mark.parametrize("path", ["/balances", "/expenses", "/money", "/time"])
def test_every_chart_is_a_picture_with_a_name_and_a_table_behind_it(client: Client, path: str) -> None:
    text = client.get(f"{path}?business={MAPLE}").text
    charts = re.findall(r'<(?:svg|div) class="chart" role="(?:img|group)" aria-label="([^"]+)"', text)
    assert charts
    assert text.count("<table") >= len(charts)
    assert "NaN" not in text
    assert not re.search(r'(?:width|height|y)="-', text)


def test_status_tells_who_is_connected_and_how_every_entity_stands(client: Client, seen: Books) -> None:
    text = client.get("/status").text
    found = Tables(text).found
    groups = {
        row[0]: row
        for row in found["How often data is read, when it was last read, and when it is read next"]
    }
    assert groups["Invoices"][2] == "20 min"
    assert groups["Clients"][2] == "1 h"
    assert groups["Time"][2] == "2 h"
    assert groups["Estimates"][2] == "6 h"
    assert groups["Invoices"][6] == "840"
    for words in (
        "Maple &amp; Pine Studio",
        "You are a client of this business",
        "31 Oct 2026",
        "scopes granted",
    ):
        assert words in text
    assert "tests passed" in text


def test_status_shows_alarms_first_with_the_way_to_mend_them(connected_home: Home) -> None:
    now = datetime.now(UTC)
    Alarms(connected_home).raise_("connection", "FreshBooks refused this connection. Connect again.", now)
    Schedule(connected_home).failed("invoices", "The disk is full. Free some space.", now)
    text = Client(connected_home).get("/status").text
    assert "Action needed" in text
    assert "FreshBooks refused this connection. Connect again." in text
    assert "The disk is full. Free some space." in text
    assert 'href="/settings/freshbooks">Fix it' in text


def test_every_page_can_be_read_before_anything_is_connected_and_before_the_first_sync(
    empty_home: Home,
) -> None:
    client = Client(empty_home)
    assert {path: client.get(path).status_code for path in ANSWERS} == dict.fromkeys(ANSWERS, 200)
    sandbox = Sandbox(seed="empty")
    ConnectionStore(empty_home.ensure().connection).connect(config_of(sandbox))
    assert {path: client.get(path).status_code for path in ANSWERS} == dict.fromkeys(ANSWERS, 200)


def test_no_page_holds_a_secret(client: Client, seen: Books) -> None:
    credentials = ConnectionStore(seen.home.connection).load().credentials
    secrets = [credentials[name] for name in ("access_token", "refresh_token", "client_secret")]
    secrets.append(json.loads((seen.home.root / "web.json").read_text())["secret"])
    for path in ANSWERS:
        text = client.get(path).text
        assert not [secret for secret in secrets if secret in text], path


def test_pause_and_resume(connected_home: Home) -> None:
    client, schedule = Client(connected_home), Schedule(connected_home)
    client.submit("/pause")
    assert schedule.paused_since() is not None
    assert "Paused since" in client.get("/status").text
    client.submit("/resume")
    assert schedule.paused_since() is None


def test_frequencies_are_changed_and_put_back(connected_home: Home) -> None:
    client = Client(connected_home)

    def every(group: str) -> timedelta:
        found = Schedule(connected_home).groups(datetime.now(UTC))
        return next(one.frequency for one in found if one.name == group)

    client.submit("/settings/frequencies", "/settings", every_invoices="5m", every_clients="1h")
    assert (every("invoices"), every("clients")) == (timedelta(minutes=5), timedelta(hours=1))
    client.submit("/settings/frequencies", "/settings", every_invoices="20m")
    assert every("invoices") == timedelta(minutes=20)
    client.submit("/settings/frequencies", "/settings", every_invoices="every so often")
    assert "is not a frequency" in client.get("/settings").text
    assert every("invoices") == timedelta(minutes=20)


def test_a_second_connection_has_pages_of_its_own(empty_home: Home) -> None:
    client = Client(empty_home)
    answer = client.submit("/settings/connections", "/settings", name="bakery")
    assert answer.headers["location"] == "/c/bakery/settings/freshbooks"
    text = client.get("/c/bakery/status").text
    assert 'href="/c/bakery/balances"' in text
    assert 'href="/c/bakery/" aria-current="true">bakery' in text
    assert 'href="/">default' in text
    client.submit("/c/bakery/pause", "/c/bakery/settings")
    assert Schedule(empty_home.named("bakery")).paused_since() is not None
    assert Schedule(empty_home).paused_since() is None
    listed = client.get("/settings/connections").text  # on to /connections
    assert re.search(r'<a href="/">default</a>.*<a href="/c/bakery/">bakery</a>.*paused</a>', listed, re.S)


def test_a_connection_is_called_by_its_businesses_and_two_of_the_same_are_told_apart(
    connected_home: Home,
) -> None:
    store = ConnectionStore(connected_home.connection)
    store.save(replace(store.load(), profile=PROFILE))
    title = title_of(connected_home)
    assert title != connected_home.name
    bakery = connected_home.named("bakery").ensure()
    client = Client(connected_home)
    assert re.findall(r'<a href="(?:/c/bakery)?/"[^>]*>([^<]*)</a></li>', client.get("/").text) == [
        title,
        "bakery",
    ]
    shutil.copy(connected_home.connection, bakery.connection)
    switch = re.findall(r'<a href="(?:/c/bakery)?/"[^>]*>([^<]*)</a></li>', client.get("/").text)
    assert switch == [f"{title} (default)", f"{title} (bakery)"]


def test_businesses_of_the_same_name_are_told_apart_by_currency_or_number() -> None:
    def labels(*businesses: tuple[int, str | None, str]) -> list[str]:
        rows: list[dict[str, Any]] = [
            {"business_id": number, "business_name": name, "base_currency_code": code}
            for number, name, code in businesses
        ]
        label_businesses(rows)
        return [row["label"] for row in rows]

    assert labels((1, "Maple", "CAD"), (2, None, "CAD")) == ["Maple", "Business 2"]
    assert labels((1, "Maple", "CAD"), (2, "Maple", "USD")) == ["Maple (CAD)", "Maple (USD)"]
    assert labels((1, "Maple", "CAD"), (2, "Maple", "CAD"), (3, "Pine", "CAD")) == [
        "Maple (number 1)",
        "Maple (number 2)",
        "Pine",
    ]


@pytest.mark.parametrize("name", ["..", "A B", "../../etc", ""])
def test_a_connection_is_no_way_out_of_the_home(empty_home: Home, name: str) -> None:
    client = Client(empty_home)
    answer = client.submit("/settings/connections", "/settings", name=name)
    assert answer.status_code == 400
    assert "is not a valid connection name" in answer.text
    assert client.get("/c/%2e%2e/").status_code == 404


def test_text_from_the_books_is_never_markup(
    new_books: Callable[[], Books], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Client names and category names are written by others."""
    books = new_books()
    point_at(books.sandbox, books.home, monkeypatch)
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    with duckdb.connect(books.home.marts) as db:
        for table, column in (
            ("outstanding_balances", "client_name"),
            ("invoices", "client_name"),
            ("invoices", "invoice_number"),
            ("expense_categories", "category_path"),
            ("unbilled_time", "project_name"),
            ("unbilled_time", "client_name"),
            ("businesses", "business_name"),
        ):
            db.execute(f"UPDATE marts.{table} SET {column} = ?", [evil])
    client = Client(books.home)
    for path in ("/", "/balances", "/expenses", "/money", "/tax", "/time"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "alert(1)" in answer.text or path == "/"
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text


def test_a_running_sync_is_shown_with_its_rows(empty_home: Home) -> None:
    sandbox = Sandbox(seed="empty")
    ConnectionStore(empty_home.ensure().connection).connect(config_of(sandbox))
    client = Client(empty_home)
    assert client.get("/progress").json()["running"] is False
    with sync_lock(empty_home.root), Recorded(Silent(), empty_home) as reporter:
        reporter.expected("invoices", 300)
        reporter.completed("clients", 45)
        state = client.get("/progress").json()
        assert state["running"] is True
        assert {"name": "clients", "rows": 45, "expected": 45, "completed": True} in state["streams"]
        text = client.get("/status").text
        assert "Sync is running" in text
        # Without a script the page comes again by itself.
        assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in text


def test_a_failed_sync_is_told_at_the_top(connected_home: Home) -> None:
    history = History(connected_home.history)
    history.finish(history.start(), "FreshBooks cannot be reached. Check the network.")
    text = Client(connected_home).get("/status").text
    assert "Check this" in text
    assert "The last sync failed. FreshBooks cannot be reached. Check the network." in text
    history.finish(history.start())
    assert "The last sync failed" not in Client(connected_home).get("/status").text


def read_everything(home: Home, ago: timedelta) -> None:
    """As after a sync that long ago."""
    history = History(home.history, lambda: datetime.now(UTC) - ago)
    run = history.start()
    names = sorted({stream for group in SYNC_GROUPS for stream in group.streams})
    results = [StreamResult(name, True, 1, 1, 0, 1, 0.1, is_full_reread=True) for name in names]
    history.streams(run, results, [])
    history.finish(run)
    home.raw.touch()


def lines(client: Client) -> dict[str, list[str]]:
    """The rows of the table of groups, by name."""
    found = tables(client, "/status")[
        "How often data is read, when it was last read, and when it is read next"
    ]
    return {row[0].split("  ")[0]: row for row in found[1:]}


def test_what_cannot_be_read_is_quiet_and_what_is_short_is_told(connected_home: Home) -> None:
    client, kept = Client(connected_home), Availability(connected_home)
    read_everything(connected_home, timedelta(minutes=1))
    gated = [Outcome(1, stream, "gated") for stream in ("items", "taxes")]
    kept.keep([*gated, Outcome(1, "tasks", "short", None, 0, 64)])
    text = client.get("/status").text
    assert "Not available: Items, Taxes of 1: the plan of the business does not include it." in text
    assert "Check this" in text
    assert "Incomplete: Services." in text
    found = {row[0]: row[1] for row in lines(client).values()}
    short = "Tasks of 1: FreshBooks counts 64 and sends 0, since your role does not show the others."
    assert found[f"Services{short}"] == "incomplete"
    assert found["Clients"] == "up to date"
    kept.keep(gated)
    text = client.get("/status").text
    assert "Everything is up to date" in text or "Connected" in text
    assert "Check this" not in text


def test_what_is_late_is_told_at_the_top_with_what_to_start(connected_home: Home) -> None:
    client = Client(connected_home)
    read_everything(connected_home, timedelta(minutes=1))
    assert "Check this" not in client.get("/status").text
    read_everything(connected_home, timedelta(days=3, hours=2))
    text = client.get("/status").text
    assert "Check this" in text
    assert "16 kinds of data are late, by up to 3 d 2 h." in text
    assert "Check that `freshbooks serve` is running" in html.unescape(text)
    assert "late, by up to 3 d 2 h" in as_text(status(connected_home))


def test_a_killed_sync_is_interrupted_not_running(connected_home: Home) -> None:
    read_everything(connected_home, timedelta(minutes=1))
    with subprocess.Popen(["true"]) as gone:
        pass
    History(connected_home.history).start()
    holder = {"pid": gone.pid, "since": "2026-11-01T00:00:00+00:00"}
    (connected_home.root / "sync.holder.json").write_text(json.dumps(holder))
    with sqlite3.connect(connected_home.history) as db:
        db.execute("UPDATE sync_runs SET pid = ? WHERE status = 'running'", [gone.pid])
    text = Client(connected_home).get("/status").text
    assert "Check this" in text
    assert "The sync was stopped before it finished." in text
    assert "Last sync   stopped" in as_text(status(connected_home))
    assert ">stopped<" in re.sub(r"<span[^>]*></span>", "", Client(connected_home).get("/activity").text)


def test_what_keeps_the_connection_waiting_is_told(connected_home: Home) -> None:
    read_everything(connected_home, timedelta(minutes=1))
    Schedule(connected_home).failed("", "FreshBooks cannot be reached.", datetime.now(UTC))
    text = Client(connected_home).get("/status").text
    assert "Check this" in text
    assert "Syncing is on hold: FreshBooks cannot be reached." in text


def test_after_another_choice_of_businesses_nothing_is_in_step_before_it_was_read(
    connected_home: Home,
) -> None:
    read_everything(connected_home, timedelta(minutes=1))
    store = ConnectionStore(connected_home.connection)
    store.save(
        replace(store.load(), config=store.load().config | {"business_ids": [439000]}, profile=PROFILE)
    )
    client = Client(connected_home)
    text = client.get("/status").text
    assert "18 kinds of data were not read yet." in text
    assert "chosen, not read yet" in text
    assert {row[1] for row in lines(client).values()} == {"not read yet"}


def test_a_refused_connection_promises_nothing(connected_home: Home) -> None:
    read_everything(connected_home, timedelta(minutes=1))
    store = ConnectionStore(connected_home.connection)
    store.save(replace(store.load(), dead_since=datetime.now(UTC), profile=PROFILE))
    client = Client(connected_home)
    text = client.get("/status").text
    assert "Disconnected by FreshBooks: <a" in text
    assert "Connected as" not in text
    assert "Next sync" not in text
    assert "not reading" in text
    found = lines(client).values()
    assert {row[1] for row in found} == {"not reading"}
    assert {row[4] for row in found} == {"–none"}


def test_a_business_without_accounting_tells_what_is_read_of_it(client: Client, seen: Books) -> None:
    text = client.get("/status").text
    with duckdb.connect(seen.home.marts, read_only=True) as db:
        [(projects,)] = db.execute(
            f"SELECT row_count FROM marts.fb_freshness WHERE business_id = {WORKSHOPS} "
            "AND stream_name = 'projects'"
        ).fetchall()
    assert f"synced without its accounting: {projects} projects" in text


def test_sync_now_before_connecting_leads_to_the_connect_page(empty_home: Home) -> None:
    client = Client(empty_home)
    assert client.submit("/sync", "/settings").headers["location"] == "/settings/freshbooks"


@pytest.mark.parametrize("query", ["?business=x", "?business=1", "?more=-1", "?more=99999999999", "?all=%00"])
@pytest.mark.parametrize("path", ["/balances", "/activity"])
def test_odd_addresses_do_no_harm(client: Client, path: str, query: str) -> None:
    assert client.get(path + query).status_code == 200
