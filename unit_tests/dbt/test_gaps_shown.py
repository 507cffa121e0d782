"""Agents' answers and pages over marts with gaps: no other figure than the whole books give, never 0 for unknown.

Every figure of every answer is compared with that of the same question to the whole books; one that is null or
missing has a sentence that says why.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from freshbooks_hub.agent import reads
from freshbooks_hub.agent.mcp.sentences import summary
from freshbooks_hub.agent.mcp.tool import tool_result
from freshbooks_hub.agent.reads import Answer, ReadRefused
from freshbooks_hub.core.home import Home
from freshbooks_hub.web.marts import opened, rejected_streams
from integration_tests.web.serving import Client
from unit_tests.dbt.builds import BUILD, Build, Dbt
from unit_tests.dbt.gaps import BUSINESSES, Missing, missing_of, random_missing
from unit_tests.dbt.test_gaps import built

pytestmark = pytest.mark.long

# What names a row of an answer; everything else that is a number in it is a figure.
NAMES = (
    *(
        "business_id",
        "client_id",
        "invoice_id",
        "payment_id",
        "expense_id",
        "currency_code",
        "group",
        "period",
    ),
    *("section", "line_name", "week_start_date", "cash_source", "person", "week", "project"),
)
# More hours have no rate where rates cannot be read, and that is so.
ABOUT_THE_ANSWER = ("hours_without_amount",)
PARTS = (
    *("totals", "balances", "largest", "groups", "sales", "clients", "invoices", "expenses"),
    *("periods", "lines", "weeks", "sources"),
)
GROUPINGS = ("category", "vendor", "client", "project", "month")


class Asked(NamedTuple):
    """One question, and the answer to it."""

    question: str
    answer: Answer


def answers(marts: Path, people: list[tuple[int, int]]) -> Iterator[Asked]:
    """Every typed read, of all businesses and of each."""
    yield Asked("balances", reads.get_outstanding_balance(marts, limit=200))
    everyone = reads.list_clients(marts, status="any", limit=200)
    yield Asked("clients", everyone)
    yield Asked("time", reads.list_unbilled_time(marts, limit=200))
    for business in BUSINESSES:
        yield Asked(f"time of {business}", reads.list_unbilled_time(marts, business_id=business, limit=200))
    for status in ("issued", "open", "paid", "draft"):
        yield Asked(f"{status} invoices", reads.list_invoices(marts, status=status, limit=200))  # type: ignore[arg-type]
    for group in GROUPINGS:
        yield Asked(f"expenses by {group}", reads.expense_summary(marts, group_by=group, limit=200))  # type: ignore[arg-type]
    for by in ("month", "year", "client"):
        yield Asked(f"revenue by {by}", reads.revenue_summary(marts, group_by=by, limit=200))  # type: ignore[arg-type]
    for by in ("quarter", "line"):
        yield Asked(f"profit by {by}", reads.profit_summary(marts, group_by=by, limit=200))  # type: ignore[arg-type]
    yield Asked("forecast", reads.cash_forecast(marts, limit=200))
    yield Asked("payments", reads.list_payments(marts, limit=200))
    yield Asked("expenses", reads.list_expenses(marts, limit=200))
    for parts in (["person", "week"], ["project"]):
        yield Asked(f"hours by {parts}", reads.list_time(marts, group_by=parts, limit=200))  # type: ignore[arg-type]
    known = {(client.business_id, client.client_id) for client in everyone.clients}
    for business, client in people:
        if (business, client) not in known:
            with pytest.raises(ReadRefused, match="Clients: "):  # the reason: the list cannot be read
                reads.get_client(marts, client=str(client), business_id=business)
            continue
        answer = reads.get_client(marts, client=str(client), business_id=business)
        yield Asked(f"client {client} of {business}", answer)


def figures(answer: Answer) -> dict[tuple[Any, ...], Any]:
    """Figure by what it is of."""
    data = answer.model_dump()
    found: dict[tuple[Any, ...], Any] = {}
    for part in PARTS:
        for row in data.get(part) or []:
            if part == "groups" and row.get("group", row.get("person") or row.get("project")) is None:
                continue  # without one, or not known
            if part == "totals" and row.get("currency_code", "") is None:
                continue  # hours whose currency cannot be read
            key = tuple(row.get(name) for name in NAMES)
            # Without one client another owes most: what is theirs is that of their balance.
            part = "balances" if part == "largest" else part
            for name, value in row.items():
                if name not in NAMES + ABOUT_THE_ANSWER and isinstance(value, Decimal | int | None):
                    found[part, key, name] = value
    if "total_count" in data:
        found["total_count",] = data["total_count"]
    return found


def check_answers(partial: Build, build: Build) -> None:
    people = build.query("select business_id, client_id from published.marts.clients order by all limit 6")
    whole = {asked.question: asked.answer for asked in answers(build.folder / "marts.duckdb", people)}
    for question, answer in answers(partial.folder / "marts.duckdb", people):
        known, told = figures(whole[question]), figures(answer)
        for key, value in told.items():
            assert value is None or value == known.get(key), (question, key, value, known.get(key))
        lost = [key for key in known if known[key] is not None and told.get(key) is None]
        assert not lost or answer.context.gaps, (question, lost)
        text = summary(answer)
        assert all(sentence in text for sentence in answer.context.gaps)
        assert "None" not in text
        assert tool_result(text, answer).structured_content


def test_no_answer_has_another_figure_with_the_six_scopes(basic_scopes_build: Build, build: Build) -> None:
    check_answers(basic_scopes_build, build)


@pytest.mark.parametrize("seed", range(5))
def test_no_answer_has_another_figure_whatever_is_missing(
    seed: int, dbt: Dbt, build: Build, tmp_path: Path
) -> None:
    dice = random.Random(f"shown {seed}")
    missing = random_missing(seed)
    # What the answers are made of, in one business alone.
    for stream in dice.sample(("invoices", "clients", "expenses", "time_entries", "projects", "payments"), 2):
        missing.gone[dice.choice(BUSINESSES), stream] = dice.choice(("gated", "refused", None))
    partial = built(dbt, tmp_path, missing, build)
    check_answers(partial, build)


def test_the_whole_books_have_no_gaps_to_tell(build: Build) -> None:
    people = build.query("select business_id, client_id from published.marts.clients order by all limit 2")
    for question, answer in answers(build.folder / "marts.duckdb", people):
        assert answer.context.gaps == [], question


def test_no_unbilled_time_is_said_to_be_unknown(basic_scopes_build: Build) -> None:
    answer = reads.list_unbilled_time(basic_scopes_build.folder / "marts.duckdb")
    assert (answer.totals, answer.entries) == ([], [])
    assert summary(answer).startswith("Unknown: Time entries cannot be read.")
    assert any("Logged and unbilled hours are unknown." in gap for gap in answer.context.gaps)


def test_sql_is_told_the_gaps_of_the_marts_that_it_names(basic_scopes_build: Build) -> None:
    marts = basic_scopes_build.folder / "marts.duckdb"
    of_time = reads.query_marts(marts, statement="WITH t AS (FROM unbilled_time) SELECT sum(hours) FROM t")
    assert any("Time entries: access was not approved" in gap for gap in of_time.context.gaps)
    assert any("sums skip nulls" in note for note in of_time.context.notes)
    of_categories = reads.query_marts(marts, statement="SELECT count(*) FROM expense_categories")
    assert of_categories.context.gaps == []


def test_a_gap_of_one_business_names_it_unless_it_is_the_one_asked_for(
    dbt: Dbt, build: Build, tmp_path: Path
) -> None:
    partial = dbt.run(tmp_path, Missing(gone={(1, "expenses"): "gated"}).tables(), *BUILD)
    marts = partial.folder / "marts.duckdb"
    [everywhere] = reads.expense_summary(marts).context.gaps
    assert everywhere.startswith(
        "Business 1: Expenses: the FreshBooks plan of this business does not include it."
    )
    [alone] = reads.expense_summary(marts, business_id=1).context.gaps
    assert alone.startswith("Expenses: the FreshBooks plan")
    assert summary(reads.expense_summary(marts, business_id=1)).startswith(
        "Unknown: Expenses cannot be read."
    )
    assert reads.expense_summary(marts, business_id=2).context.gaps == []


def pages(build: Build, folder: Path, change: Callable[[Path], None] = lambda _: None) -> Client:
    home = Home(folder / "home").ensure()
    shutil.copy(build.folder / "marts.duckdb", home.marts)
    change(home.marts)
    return Client(home)


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.text[:500]
    return response.text


def test_pages_say_what_is_missing_and_show_unknown(
    basic_scopes_build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRESHBOOKS_WEB_PASSWORD", raising=False)
    client = pages(basic_scopes_build, tmp_path)
    time = text_of(client, "/time?business=1")
    assert "Unbilled time is unknown" in time
    assert "Nothing left to bill" not in time
    assert "Time entries: access was not approved" in time
    balances = text_of(client, "/balances?business=1")
    assert "Credit notes: access was not approved" in balances
    expenses = text_of(client, "/expenses?business=1")
    assert "Projects: access was not approved" in expenses
    for page in (time, balances, expenses):
        assert not re.search(r">\s*None\s*<", page)


def test_pages_without_the_streams_behind_them_claim_nothing(
    dbt: Dbt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRESHBOOKS_WEB_PASSWORD", raising=False)
    missing = missing_of("invoices", "expenses", "projects", "credit_notes", "clients")
    partial = dbt.run(tmp_path, missing.tables(), *BUILD)
    assert partial.succeeded, partial.output
    client = pages(partial, tmp_path / "shown")
    assert "Balances are unknown" in text_of(client, "/balances?business=1")
    assert "Expenses are unknown" in text_of(client, "/expenses?business=1")
    time = text_of(client, "/time?business=1")
    assert ">unknown</span>" in time
    assert "Nothing left to bill" not in time


def older(marts: Path) -> None:
    """Marts as they were before gaps and rejected rows."""
    with duckdb.connect(marts) as db:
        db.execute("SET search_path = 'marts'")
        tables = [row[0] for row in db.execute("SELECT DISTINCT table_name FROM duckdb_tables()").fetchall()]
        db.execute("DROP TABLE fb_gaps")
        db.execute("DROP TABLE fb_rejected_rows")
        for table in ("outstanding_balances", "unbilled_time", "expenses", "invoices", "clients"):
            assert table in tables
            db.execute(f"ALTER TABLE {table} DROP COLUMN gap_reason")


def test_marts_of_an_earlier_version_still_open(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRESHBOOKS_WEB_PASSWORD", raising=False)
    client = pages(build, tmp_path, older)
    for path in ("/", "/balances?business=1", "/expenses?business=1", "/time?business=1"):
        text_of(client, path)
    people = build.query("select business_id, client_id from published.marts.clients order by all limit 2")
    assert all(asked.answer.context.gaps == [] for asked in answers(Home(tmp_path / "home").marts, people))


def test_rejected_rows_are_counted_in_answers_and_listed_on_the_page(
    odd_build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRESHBOOKS_WEB_PASSWORD", raising=False)
    marts = odd_build.folder / "marts.duckdb"
    invoices = [r for r in odd_build.dicts("fb_rejected_rows") if r["stream_name"] == "invoices"]
    aside = {(r["business_id"], r["row_key"]) for r in invoices if not r["is_row_published"] and r["row_key"]}
    [sentence] = [gap for gap in reads.list_invoices(marts).context.gaps if gap.startswith("Invoices: ")]
    number = re.search(r"(\d+) row", sentence)
    assert number
    assert int(number[1]) >= len(aside) > 0
    with opened(marts) as shown:
        streams = {stream.name: stream for stream in rejected_streams(shown)}
    assert len(streams["Invoices"].listed) == len(invoices)


def test_a_month_whose_profit_was_not_read_is_unknown_and_one_before_the_first_is_nothing(
    build: Build, tmp_path: Path
) -> None:
    def lose(marts: Path) -> None:
        with duckdb.connect(marts) as db:
            db.execute(
                "DELETE FROM marts.profit_and_loss WHERE currency_code = 'CAD' AND month(start_date) IN (1, 4)"
            )

    text = text_of(pages(build, tmp_path, lose), "/money?business=1&year=2026")
    table = text.partition("Profit by month in CAD</caption>")[2].partition("</table>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', table, re.DOTALL)
    shown = {label: re.findall(r'<td class="number[^"]*">(.*?)</td>', cells)[::2] for label, cells in rows}
    assert [label for label, cells in shown.items() if all("unknown" in cell for cell in cells)] == [
        "Apr 2026",
        "Sum",
    ]
    assert len(shown) == 7
    assert [re.sub("<.*?>", "", cell) for cell in shown["Jan 2026"]] == ["0.00"] * 3
