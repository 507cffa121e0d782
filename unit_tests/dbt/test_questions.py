"""docs/marts.md: every question has an answer that runs, and no answer adds currencies up."""

from __future__ import annotations

import re
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


def test_metrics_run_and_money_is_never_added_over_currencies(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("use marts")
    metrics = marts.execute("select metric_name, example_sql, sql_expression from fb_metrics").fetchall()
    assert len(metrics) > 10
    for name, sql, expression in metrics:
        columns = [column[0] for column in marts.execute(sql).description]
        assert name in columns
        assert ("currency_code" in columns) == ("_amount" in expression), name


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
