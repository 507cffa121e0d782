"""Tables as CSV and XLSX. Any page may give its tables so: columns as of a list, and rows as dictionaries."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

import xlsxwriter
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response, StreamingResponse
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from freshbooks_hub.core.currencies import decimals, in_decimals
from freshbooks_hub.core.labels import ascii_words
from freshbooks_hub.core.spreadsheet import LONGEST, ROWS, Formats, csv_line, guarded
from freshbooks_hub.web.lists.listing import Column, Kind
from freshbooks_hub.web.lists.query import unknown_key
from freshbooks_hub.web.marts import Row

CSV, XLSX = "csv", "xlsx"
FORMS = (CSV, XLSX)
MARK = "\ufeff"  # tells Excel that a CSV is UTF-8
LINES = 500  # of a CSV, sent together
LAST_ROW = ROWS - 1  # below the head
LONG_XLSX = 10_000  # rows from which a workbook takes more than a few seconds, and its list says so
# A day in a workbook is the number of days since this one; before March 1900 workbooks count differently.
DAY_ZERO = date(1899, 12, 30).toordinal()
FIRST_YEAR = 1900
NAME = re.compile(r"[\[\]:*?/\\']")  # what the name of a sheet may not hold
WIDTHS = {Kind.text: 26, Kind.money: 14, Kind.day: 12, Kind.moment: 17}
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CURRENCY = Column("currency_code", "Currency")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sheet:
    """A table: `rows` hold a value for the name of each column, and the `currency_code` of their money.

    Moments are UTC in `rows`, and on the wall clock of `zone` in the file; the head names the zone.
    """

    title: str
    columns: Sequence[Column]
    rows: Iterable[Row]
    zone: tzinfo = UTC

    @property
    def heads(self) -> list[str]:
        """The labels of the columns."""
        return [
            f"{column.label} ({self.zone})" if column.kind is Kind.moment else column.label
            for column in self.columns
        ]


def answer(form: str, name: str, sheet: Sheet) -> Response:
    """The download of a table; `form` is one of FORMS, `name` what the file is called, in words.

    The first rows are read before anything is sent, so that what fails there is still told as a page.
    """
    rows = iter(sheet.rows)
    begun = list(islice(rows, LINES))
    whole = Sheet(sheet.title, sheet.columns, chain(begun, rows), sheet.zone)
    headers = {"Content-Disposition": f'attachment; filename="{file_name(name, form)}"'}
    if form == CSV:
        return StreamingResponse(csv_lines(whole), media_type="text/csv; charset=utf-8", headers=headers)
    descriptor, path = tempfile.mkstemp(suffix=".xlsx")
    os.close(descriptor)
    try:
        write_xlsx(Path(path), [whole])
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise
    return FileResponse(
        path,
        media_type=XLSX_TYPE,
        headers=headers,
        background=BackgroundTask(Path(path).unlink, missing_ok=True),
    )


def file_name(name: str, form: str) -> str:
    """`invoices-maple-pine-studio.csv`: letters that every system and header takes."""
    return f"{ascii_words(name)[:100] or 'table'}.{form}"


def plain(column: Column, row: Row, zone: tzinfo) -> Any:
    """Text, a number, a date, a moment without zone on the wall clock of `zone`, or None for nothing."""
    value = row.get(column.name)
    if value is None:
        if row.get(unknown_key(column)):
            return UNKNOWN
        return column.empty if column.stands_empty(row) else None
    if column.kind is Kind.money:
        return in_decimals(value, row.get("currency_code"))
    if column.kind is Kind.moment:
        return _local(value, zone)
    if column.kind is Kind.flag:
        return "yes" if value else "no"
    if column.kind is Kind.text:
        return column.in_words(str(value))
    return value


def _local(value: datetime, zone: tzinfo) -> datetime:
    at = value if value.tzinfo else value.replace(tzinfo=UTC)
    return at.astimezone(zone).replace(tzinfo=None, microsecond=0)


def csv_lines(sheet: Sheet) -> Iterator[str]:
    """The text of a CSV file, some lines at a time. Text that begins like a formula is guarded, amounts are not."""
    yield MARK + csv_line([guarded(head) for head in sheet.heads])
    rows = iter(sheet.rows)
    while batch := list(islice(rows, LINES)):
        yield "".join(
            csv_line([_csv_cell(plain(column, row, sheet.zone)) for column in sheet.columns]) for row in batch
        )


def write_xlsx(path: Path, sheets: Iterable[Sheet]) -> None:
    """A workbook of these sheets: numbers are numbers, dates dates. What does not fit on a sheet goes on to another.

    Rows are written as they come, so memory does not grow with them.
    """
    with tempfile.TemporaryDirectory() as folder:
        book = xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": folder})
        formats = Formats(book)
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        taken: set[str] = set()
        for sheet in sheets:
            rows = iter(sheet.rows)
            page = book.add_worksheet(_sheet_name(sheet.title, taken))
            while True:
                _head(page, sheet, head)
                if (written := _write(page, sheet, islice(rows, LAST_ROW), formats)) < LAST_ROW:
                    break
                following = next(rows, None)
                if following is None:
                    break
                rows = chain([following], rows)
                page = book.add_worksheet(_sheet_name(sheet.title, taken))
            if written:
                page.autofilter(0, 0, written, max(len(sheet.columns) - 1, 0))
        book.close()


def _places(code: str | None, value: Decimal) -> int:
    """The decimals of the currency, and more where the amount has more."""
    exponent = value.as_tuple().exponent
    return max(decimals(code), -exponent if isinstance(exponent, int) else 0)


def _head(page: Worksheet, sheet: Sheet, look: Format) -> None:
    for index, (column, text) in enumerate(zip(sheet.columns, sheet.heads, strict=True)):
        page.set_column(index, index, WIDTHS.get(column.kind, 10))
        page.write_string(0, index, text, look)
    page.freeze_panes(1, 0)


def _write(page: Worksheet, sheet: Sheet, rows: Iterable[Row], formats: Formats) -> int:
    """The rows, by the type of each value; how many. Decimals stay such: as floats some would be written inexactly."""
    number, columns, zone = 0, list(enumerate(sheet.columns)), sheet.zone
    day, moment = formats.of("yyyy-mm-dd"), formats.of("yyyy-mm-dd hh:mm:ss")
    for number, row in enumerate(rows, 1):
        for index, column in columns:
            value = plain(column, row, zone)
            if value is None:
                continue
            kind = type(value)
            if kind is str:
                page.write_string(number, index, value[:LONGEST])
            elif kind is Decimal and column.kind is Kind.money:
                look = formats.money(_places(row.get("currency_code"), value))
                page.write_number(number, index, value, look)
            elif kind is date and value.year > FIRST_YEAR:
                page.write_number(number, index, value.toordinal() - DAY_ZERO, day)
            elif kind is datetime:
                page.write_datetime(number, index, value, moment)
            elif kind in (int, float, Decimal):
                page.write_number(number, index, value)
            else:
                page.write_string(number, index, str(value)[:LONGEST])
    return number


def _csv_cell(value: Any) -> Any:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else guarded(value)


def _sheet_name(title: str, taken: set[str]) -> str:
    """At most 31 characters, each name once."""
    name = NAME.sub(" ", title).strip()[:27] or "Table"
    unique, number = name, 1
    while unique.lower() in taken:
        number += 1
        unique = f"{name} {number}"
    taken.add(unique.lower())
    return unique
