"""A pack as one ZIP: a CSV of each table, all of them as sheets of one XLSX, and the cover as README.txt and sheet."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import duckdb
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from freshbooks_hub.core.currencies import decimals
from freshbooks_hub.marts.pack.cover import Part, as_text, cover
from freshbooks_hub.marts.pack.scope import Scope
from freshbooks_hub.marts.pack.tables import Row, Table, tables

# A spreadsheet takes a cell that begins so for a formula; the wide forms are those of East Asian keyboards.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
MOST_ROWS = 1_048_576  # of a sheet, its header among them
LONGEST = 32_767  # characters of a cell
EXACT = 10**15  # whole numbers beyond are not kept by a spreadsheet


def write_pack(db: duckdb.DuckDBPyConnection, scope: Scope, to: IO[bytes], now: datetime) -> list[Part]:
    """Write the ZIP to `to`, and return its cover. Memory does not grow with the rows. Raises OSError."""
    contents = tables(db, scope)
    written = [table for table in contents if not table.missing]
    counts: dict[str, int] = {}
    with tempfile.TemporaryFile() as workbook_file, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        workbook = xlsxwriter.Workbook(
            workbook_file,
            {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
        )
        formats = _Formats(workbook)
        first = workbook.add_worksheet("Cover")
        for table in written:
            sheet = workbook.add_worksheet(table.title[:31])
            with archive.open(_member(f"{table.file}.csv", now), "w", force_zip64=True) as binary:
                counts[table.file] = _write(table, binary, sheet, formats)
        parts = cover(db, scope, contents, now, counts)
        full = [table.title for table in written if counts[table.file] >= MOST_ROWS]
        if full:
            line = f"The sheet is full: only the CSV has every row of {' and '.join(full)}."
            parts.append(Part("Not on the sheets", (("", line),)))
        _write_cover(parts, first, formats)
        workbook.close()
        workbook_file.seek(0)
        with archive.open(_member(f"{scope.file_name}.xlsx", now), "w", force_zip64=True) as member:
            while block := workbook_file.read(1 << 20):
                member.write(block)
        archive.writestr(_member("README.txt", now), as_text(parts).replace("\n", "\r\n"))
    return parts


def _member(name: str, now: datetime) -> zipfile.ZipInfo:
    """A compressed file of the ZIP, that whoever unpacks it may read and write."""
    found = zipfile.ZipInfo(name, now.timetuple()[:6])
    found.compress_type = zipfile.ZIP_DEFLATED
    found.external_attr = 0o600 << 16
    return found


class _Formats:
    """Of the workbook, each made once."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self._workbook = workbook
        self._money: dict[int, Format] = {}
        self.heading = workbook.add_format({"bold": True, "bottom": 1})
        self.title = workbook.add_format({"bold": True, "font_size": 14})
        self.day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        self.wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})

    def money(self, currency: str | None) -> Format:
        places = decimals(currency)
        if places not in self._money:
            number = "#,##0" + ("." + "0" * places if places else "")
            self._money[places] = self._workbook.add_format({"num_format": f"{number};-{number}"})
        return self._money[places]


def _write(table: Table, binary: IO[bytes], sheet: Worksheet, formats: _Formats) -> int:
    """Both forms of a table in one pass; the number of its rows."""
    text = io.TextIOWrapper(binary, encoding="utf-8-sig", newline="", write_through=True)
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(table.columns)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(table.columns) - 1, 16)
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name, formats.heading)
    count = 0
    for count, row in enumerate(table.rows(), 1):
        lines.writerow([_csv_cell(cell) for cell in row])
        if count < MOST_ROWS:
            _write_row(sheet, count, row, formats)
    text.detach()
    return count


def _write_row(sheet: Worksheet, number: int, row: Row, formats: _Formats) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, Decimal):
            sheet.write_number(number, column, float(cell), formats.money(row[0]))
        elif isinstance(cell, date):
            sheet.write_datetime(number, column, cell, formats.day)
        elif isinstance(cell, int) and abs(cell) < EXACT:
            sheet.write_number(number, column, cell)
        elif cell is not None:
            sheet.write_string(number, column, str(cell)[:LONGEST])


def _write_cover(parts: Sequence[Part], sheet: Worksheet, formats: _Formats) -> None:
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 100)
    number = 0
    for part in parts:
        sheet.write_string(number, 0, part.heading, formats.title)
        number += 1
        for name, text in part.lines:
            sheet.write_string(number, 0, name, formats.wrapped)
            sheet.write_string(number, 1, text[:LONGEST], formats.wrapped)
            number += 1
        number += 1


def _csv_cell(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula begins with an apostrophe; amounts and days are as they are."""
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return f"'{cell}"
    return f"{cell:f}" if isinstance(cell, Decimal) else cell
