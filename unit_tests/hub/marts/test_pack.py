"""The accountant's pack names what it does not have, and never fills a hole with a nought."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.marts.pack.files import write_pack
from freshbooks_hub.marts.pack.scope import Business, businesses, choose, scope_of
from freshbooks_hub.marts.pack.statements import profit_and_loss_rows

MAPLE = Business(1, "Maple", "America/Toronto", date(2026, 1, 1), date(2026, 3, 20))
JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))
BOOKS = """
CREATE TABLE fb_freshness AS SELECT 'a' AS account_id, 1 AS business_id, '=Maple' AS business_name,
    DATE '2026-03-20' AS as_of_date, 5 AS row_count;
CREATE TABLE businesses (business_id BIGINT, time_zone TEXT);
CREATE TABLE fb_gaps AS SELECT 1 AS business_id, 'Maple' AS business_name, 'bills' AS stream_name,
    'not_granted' AS gap_code, 'The scope is missing.' AS reason, 'Bills are unknown.' AS effect, '' AS remedy,
    'ap_aging' AS affected_marts;
CREATE TABLE general_ledger AS SELECT 1 AS business_id, 'KWD' AS currency_code, DATE '2026-03-03' AS posting_date,
    7 AS posting_id, 8 AS entry_id, '=HYPERLINK("x")' AS posting_name, NULL AS description, 'sales' AS posting_type,
    '4000' AS account_number, '<b>Sales</b>' AS account_name, 'income' AS account_type, NULL AS sub_account_number,
    NULL AS sub_account_name, NULL AS client_name, -1.5::DECIMAL(18, 3) AS debit_amount,
    NULL::DECIMAL(18, 3) AS credit_amount;
"""


@pytest.fixture
def books() -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    db.execute(BOOKS)
    return db


def pack(db: duckdb.DuckDBPyConnection, start: str, end: str) -> dict[str, str]:
    """The files of a pack."""
    scope = scope_of(choose(businesses(db), None), start, end, "accrual")
    file = io.BytesIO()
    write_pack(db, scope, file, datetime(2026, 3, 21, 12, tzinfo=UTC))
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode("utf-8-sig", "replace") for name in archive.namelist()}


def test_what_is_not_available_is_named_on_the_cover_and_has_no_file(
    books: duckdb.DuckDBPyConnection,
) -> None:
    files = pack(books, "2026-01", "2026-03-31")
    assert set(files) == {"general_ledger.csv", "maple_2026-01_2026-03_accrual.xlsx", "README.txt"}
    cover = files["README.txt"]
    assert "Not complete: The period is not over: nothing after 2026-03-20 is in the pack." in cover
    assert "Balance sheet: NOT IN THIS PACK. FreshBooks' report of this period was not read." in cover
    assert "Sales tax: NOT IN THIS PACK. The data behind it is not synced." in cover
    assert (
        "Accounts payable aging: NOT IN THIS PACK. Bills: the scope is missing. Bills are unknown." in cover
    )
    assert "The first posting that is known is of 3 Mar 2026." in cover


def test_odd_text_is_no_formula_and_an_amount_has_its_currencys_decimals(
    books: duckdb.DuckDBPyConnection,
) -> None:
    head, row = csv.reader(io.StringIO(pack(books, "2026-03", "2026-03")["general_ledger.csv"]))
    cells = dict(zip(head, row, strict=True))
    assert cells["Name"] == '\'=HYPERLINK("x")'
    assert (cells["Account"], cells["Debit"], cells["Credit"]) == ("<b>Sales</b>", "-1.500", "")


def test_a_month_without_a_report_is_unknown_once_a_currency_has_begun() -> None:
    found = [
        ("CAD", "income", "Sales", "1", JANUARY, Decimal(5)),
        ("CAD", "income", "Sales > Invoice", "1.1", JANUARY, Decimal(5)),
        ("CAD", "income", "Cost of Goods Sold", "2", MARCH, Decimal(-2)),
        ("EUR", "income", "Sales", "1", MARCH, None),
    ]
    assert list(profit_and_loss_rows(found, [JANUARY, FEBRUARY, MARCH])) == [
        ("CAD", "Income", "Sales", 5, None, 0, None),
        ("CAD", "Income", "Sales > Invoice", 5, None, 0, None),
        ("CAD", "Income", "Cost of Goods Sold", 0, None, -2, None),
        ("EUR", "Income", "Sales", 0, 0, None, None),
    ]


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("2026-02-03", "2026-03", "whole months"),
        ("2026-13", "2026-03", "is not a month"),
        ("2026-03", "2026-02", "ends before it begins"),
        ("2026-04", "2026-05", "read up to 2026-03-20"),
    ],
)
def test_a_period_that_cannot_be_is_told_with_what_to_write(start: str, end: str, told: str) -> None:
    with pytest.raises(HubError, match=told):
        scope_of(MAPLE, start, end, "accrual")
