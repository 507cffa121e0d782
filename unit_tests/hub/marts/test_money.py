"""Money of any query has the decimals of its row's currency."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from freshbooks_hub.marts.open import query_marts

ROWS = """
CREATE SCHEMA marts;
CREATE TABLE marts.invoices AS
SELECT code AS currency_code, 10.5::DECIMAL(18, 3) AS total_amount, 'JPY' AS reporting_currency_code,
       7::DECIMAL(18, 3) AS total_reporting_amount, 12.5::DECIMAL(18, 4) AS hours
FROM (VALUES ('USD'), ('KWD')) AS codes (code)
"""


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        (
            "SELECT currency_code, total_amount, hours FROM invoices ORDER BY 1",
            [["KWD", "10.500", "12.5000"], ["USD", "10.50", "12.5000"]],
        ),
        (
            "SELECT sum(total_amount), currency_code FROM invoices GROUP BY ALL ORDER BY 2 LIMIT 1",
            [["10.500", "KWD"]],
        ),
        (
            "SELECT reporting_currency_code, total_reporting_amount FROM invoices LIMIT 1",
            [["JPY", "7"]],
        ),
        ("SELECT total_amount FROM invoices WHERE currency_code = 'KWD'", [["10.50"]]),
    ],
)
def test_money_is_written_as_its_currency_has_it(
    tmp_path: Path, statement: str, rows: list[list[str]]
) -> None:
    with duckdb.connect(str(tmp_path / "freshbooks.duckdb")) as db:
        db.execute(ROWS)
    answer = query_marts(tmp_path / "freshbooks.duckdb", statement)
    assert [[str(value) for value in row] for row in answer.rows] == rows
