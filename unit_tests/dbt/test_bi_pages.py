"""The pages of deploy/bi/evidence: every query has rows over built marts, and no figure crosses currencies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from unit_tests.dbt.builds import PROJECT, Build

EVIDENCE = PROJECT.parent / "deploy" / "bi" / "evidence"
SOURCES = sorted((EVIDENCE / "sources" / "freshbooks").glob("*.sql"))
PAGES = sorted((EVIDENCE / "pages").glob("*.md"))
QUERY = re.compile(r"^```sql (\w+)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
# What a person chooses on the page.
CHOSEN = {"inputs.business.value": "One", "inputs.currency.value": "USD", "inputs.basis": "accrual"}
OF_A_COLUMN = re.compile(r"<Column id=(\w+)|\b[xy]=(\w+)|series=(\w+)|groupBy=(\w+)|\"(\w+)\"(?=[,\]])")


@pytest.fixture(scope="module")
def sources(build: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    """A schema `freshbooks` with a table for each source, as Evidence keeps them."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{build.folder / 'marts.duckdb'}' as published (read_only)")
        connection.execute("create schema memory.freshbooks; use published")
        for path in SOURCES:
            connection.execute(f"create table memory.freshbooks.{path.stem} as {path.read_text()}")
        connection.execute("use memory")
        yield connection


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_query_of_a_page_has_rows_and_the_columns_that_it_shows(
    sources: duckdb.DuckDBPyConnection, page: Path
) -> None:
    text, columns = page.read_text(), set[str]()
    business = sources.execute("select min(business_name) from freshbooks.profit").fetchall()[0][0]
    for name, sql in QUERY.findall(text):
        for variable, value in (CHOSEN | {"inputs.business.value": business}).items():
            sql = sql.replace(f"${{{variable}}}", value)
        found = sources.execute(sql)
        columns |= {column[0] for column in found.description or []}
        assert found.fetchall(), f"{name} has no rows"
    shown = {word for words in OF_A_COLUMN.findall(QUERY.sub("", text)) for word in words if word}
    assert shown
    assert shown - {"accrual", "cash"} <= columns


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_source_has_the_currency_of_its_amounts(path: Path) -> None:
    assert "currency_code" in path.read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_shows_one_business_and_one_currency(page: Path) -> None:
    for name, sql in QUERY.findall(page.read_text()):
        if name not in ("currencies", "businesses"):
            assert "currency_code = '${inputs.currency.value}'" in sql
            assert "business_name = '${inputs.business.value}'" in sql
