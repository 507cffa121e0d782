"""docs/marts.md: every question has an answer that runs, and no answer adds currencies up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from unit_tests.dbt.builds import MARTS, Build

TEXT = (Path(__file__).parents[2] / "docs" / "marts.md").read_text()
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", TEXT, flags=re.DOTALL | re.MULTILINE))
QUESTIONS = [
    (mart, question, sql)
    for mart, text in SECTIONS.items()
    for question, sql in re.findall(r"\n([^\n]+\?)\n\n```sql\n(.*?)```", text, flags=re.DOTALL)
]
# Each is of one business: rows of two side by side, or added up, say nothing.
OF_ONE_BUSINESS = {
    "balance_sheet",
    "cash_forecast",
    "cash_monthly",
    "general_ledger",
    "profit_and_loss",
    "trial_balance",
}
# Text that names nobody: ids, numbers, words that FreshBooks or this project chooses, and what the business calls its
# own accounts, categories, goods and taxes.
NOT_PERSONAL = re.compile(
    r"(\w+_)?(id|uuid|codes?|frequency|number|status|type|stage|bucket|term|method|role|zone|reason)|section|sku|gateway|country|basis"
    r"|(business|category|parent_category|sub_account|item|service|tax\d?)_name|category_path|rate_source"
    r"|(balance_sheet|general_ledger|trial_balance)\.account_name"
    r"|(profit_and_loss\.line|fb_reconciliation\.check)_name|profit_and_loss\.line_path|items\.description"
    r"|fb_(dictionary|freshness|gaps|metrics)\.\w+|fb_reconciliation\.check_kind"
    r"|fb_rejected_rows\.(stream_name|row_key|column_name|why)"
    r"|fb_gaps\.(stream_name|effect|remedy|affected_marts)|fb_rejected_rows\.affected_marts"
    r"|cash_forecast\.(cash_source|basis_of_figure)"
)


def test_every_mart_has_three_questions() -> None:
    assert dict.fromkeys(MARTS, 3) == {
        mart: sum(name == mart for name, _, _ in QUESTIONS) for mart in SECTIONS
    }


@pytest.fixture(scope="module")
def marts(build: Build) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(build.folder / "marts.duckdb"), read_only=True)


@pytest.mark.parametrize(
    ("question", "sql"), [pytest.param(q, sql, id=f"{m}: {q}") for m, q, sql in QUESTIONS]
)
def test_the_answer_runs(marts: duckdb.DuckDBPyConnection, question: str, sql: str) -> None:
    columns = [column[0] for column in marts.execute(f"use marts; {sql}").description]
    assert columns, question
    if re.search(r"sum\(\w+_amount\)", sql):
        assert "currency_code" in columns, "an amount is added up without its currency"


@pytest.fixture(scope="module")
def businesses(build: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts of one business in schema `first`, of another, read a day later, in `second`, and `together`."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{build.folder / 'marts.duckdb'}' as published (read_only)")
        shared = connection.execute(
            "select table_name from duckdb_columns() where schema_name = 'marts' and column_name = 'business_id'"
        ).fetchall()
        for schema, numbers in (("first", "1"), ("second", "2"), ("together", "1, 2")):
            connection.execute(f"create schema {schema}")
            for (mart,) in shared:
                day = {"balance_sheet": "as_of_date", "trial_balance": "end_date"}.get(mart)
                moved = f"replace ({day} + (business_id = 2)::integer as {day})" if day else ""
                connection.execute(
                    f"create view {schema}.{mart} as"
                    f" select * {moved} from published.marts.{mart} where business_id in ({numbers})"
                )
        yield connection


@pytest.mark.parametrize(
    ("mart", "sql"),
    [
        pytest.param(m, sql, id=f"{m}: {q}")
        for m, q, sql in QUESTIONS
        if re.search(r"\bbusiness_(id|name)\b", sql)
    ],
)
def test_an_answer_per_business_holds_what_each_business_alone_answers(
    businesses: duckdb.DuckDBPyConnection, mart: str, sql: str
) -> None:
    found = {}
    for schema in ("first", "second", "together"):
        rows = businesses.execute(f"use memory.{schema}; {sql}").fetchall()
        found[schema] = sorted(rows, key=repr)
    assert found["together"] == sorted(found["first"] + found["second"], key=repr), mart


def test_reports_of_one_business_are_told_apart_by_it() -> None:
    mixed = [
        question
        for mart, question, sql in QUESTIONS
        if mart in OF_ONE_BUSINESS and "business_" not in re.split(r"\bfrom\b", sql)[0]
    ]
    assert mixed == []


def test_metrics_run_and_money_is_never_added_over_currencies(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("use marts")
    metrics = marts.execute("select metric_name, example_sql, sql_expression from fb_metrics").fetchall()
    assert len(metrics) > 10
    for name, sql, expression in metrics:
        columns = [column[0] for column in marts.execute(sql).description]
        assert name in columns
        assert ("currency_code" in columns) == ("_amount" in expression), name


def test_metrics_are_grouped_by_columns_that_exist_and_names_by_their_ids(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    marts.execute("use marts")
    for mart, allowed in marts.execute("select mart_name, allowed_groupings from fb_metrics").fetchall():
        groupings = allowed.split(", ")
        there = {row[0] for row in marts.execute(f"describe {mart}").fetchall()}
        assert set(groupings) <= there, mart
        for name in (grouping for grouping in groupings if grouping.endswith("_name")):
            ids = {"person_name": "identity_id", "tax_name": "tax_name"}  # a tax is known by its name
            assert ids.get(name, name.replace("_name", "_id")) in groupings, f"{mart}: {name}"


def test_the_dictionary_knows_every_column(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("use marts")
    described = marts.execute("select mart_name, column_name from fb_dictionary where description <> ''")
    found = set(described.fetchall())
    there = marts.execute(
        "select table_name, column_name from duckdb_columns() where schema_name = 'marts' and not internal"
    )
    assert found == set(there.fetchall())


def test_the_dictionary_asks_the_same_questions(marts: duckdb.DuckDBPyConnection) -> None:
    """Agents read them in the warehouse, people in docs/marts.md."""
    marts.execute("use marts")
    told = marts.execute(
        "select mart_name, example_question, trim(example_sql) from fb_dictionary where example_question is not null"
    )
    assert sorted(told.fetchall()) == sorted(
        (mart, question, sql.strip()) for mart, question, sql in QUESTIONS
    )


def test_all_money_names_its_currency(marts: duckdb.DuckDBPyConnection) -> None:
    """Whatever it is called; a rate of a service or a person is in the currency of whoever is billed."""
    marts.execute("use marts")
    money = marts.execute(
        "select mart_name, column_name, unit, currency_column from fb_dictionary"
        " where data_type = 'decimal(18,3)' or currency_column is not null or unit like 'money%'"
    ).fetchall()
    assert {unit for _, _, unit, _ in money} == {"money", "money per hour"}
    assert {(mart, column) for mart, column, _, currency in money if currency is None} == {
        ("services", "hourly_rate"),
        ("team_members", "hourly_rate"),
    }
    named = {(mart, column): currency for mart, column, _, currency in money}
    assert named["invoices", "amount_without_tax"] == named["projects", "fixed_price"] == "currency_code"
    assert named["invoices", "total_reporting_amount"] == "reporting_currency_code"


def test_days_of_logged_time_are_on_the_clock_of_the_person(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("use marts")
    days = marts.execute(
        "select time_zone = 'wall clock of the person', description like '%on the wall clock of the person%'"
        " from fb_dictionary where data_type = 'date'"
    ).fetchall()
    assert set(days) == {(True, True), (False, False)}


def test_text_that_may_name_a_person_is_marked(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("use marts")
    texts = marts.execute(
        "select mart_name, column_name, is_pii from fb_dictionary where data_type = 'string'"
    ).fetchall()
    unmarked = [
        f"{mart}.{column}"
        for mart, column, is_pii in texts
        if not is_pii and not any(map(NOT_PERSONAL.fullmatch, (column, f"{mart}.{column}")))
    ]
    assert unmarked == []
