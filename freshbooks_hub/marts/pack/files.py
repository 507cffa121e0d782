"""A pack as one ZIP: a CSV of each table, an XLSX with all of them as sheets, and the cover as README.txt and sheet."""

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
from freshbooks_hub.core.spreadsheet import LONGEST, ROWS, Formats, guarded
from freshbooks_hub.marts.pack.cover import Part, as_text, cover
from freshbooks_hub.marts.pack.scope import Scope
from freshbooks_hub.marts.pack.tables import Table, tables
from freshbooks_hub.marts.rows import Row

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
        formats, heading = Formats(workbook), workbook.add_format({"bold": True, "bottom": 1})
        first = workbook.add_worksheet("Cover")
        for table in written:
            sheet = workbook.add_worksheet(table.title[:31])
            with archive.open(_member(f"{table.file}.csv", now), "w", force_zip64=True) as binary:
                counts[table.file] = _write(table, binary, sheet, formats, heading)
        parts = cover(db, scope, contents, now, counts)
        full = [table.title for table in written if counts[table.file] >= ROWS]
        if full:
            line = f"The sheet is full: only the CSV has every row of {' and '.join(full)}."
            parts.append(Part("Not on the sheets", (("", line),)))
        _write_cover(parts, first, workbook)
        workbook.close()
        workbook_file.seek(0)
        with archive.open(_member(f"{scope.file_name}.xlsx", now), "w", force_zip64=True) as member:
            while block := workbook_file.read(1 << 20):
                member.write(block)
        archive.writestr(_member("README.txt", now), as_text(parts).replace("\n", "\r\n"))
    return parts


def _member(name: str, now: datetime) -> zipfile.ZipInfo:
    """A compressed file of the ZIP, readable and writable once unpacked."""
    found = zipfile.ZipInfo(name, now.timetuple()[:6])
    found.compress_type = zipfile.ZIP_DEFLATED
    found.external_attr = 0o600 << 16
    return found


def _write(table: Table, binary: IO[bytes], sheet: Worksheet, formats: Formats, heading: Format) -> int:
    """Both forms of a table in one pass; the number of its rows."""
    text = io.TextIOWrapper(binary, encoding="utf-8-sig", newline="", write_through=True)
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(table.columns)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(table.columns) - 1, 16)
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name, heading)
    count = 0
    for count, row in enumerate(table.rows(), 1):
        lines.writerow([_csv_cell(cell) for cell in row])
        if count < ROWS:
            _write_row(sheet, count, row, formats)
    text.detach()
    return count


def _write_row(sheet: Worksheet, number: int, row: Row, formats: Formats) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, Decimal):
            sheet.write_number(number, column, float(cell), formats.money(decimals(row[0])))
        elif isinstance(cell, date):
            sheet.write_datetime(number, column, cell, formats.of("yyyy-mm-dd"))
        elif isinstance(cell, int) and abs(cell) < EXACT:
            sheet.write_number(number, column, cell)
        elif cell is not None:
            sheet.write_string(number, column, str(cell)[:LONGEST])


def _write_cover(parts: Sequence[Part], sheet: Worksheet, workbook: xlsxwriter.Workbook) -> None:
    title = workbook.add_format({"bold": True, "font_size": 14})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 100)
    number = 0
    for part in parts:
        sheet.write_string(number, 0, part.heading, title)
        number += 1
        for name, text in part.lines:
            sheet.write_string(number, 0, name, wrapped)
            sheet.write_string(number, 1, text[:LONGEST], wrapped)
            number += 1
        number += 1


def _csv_cell(cell: Any) -> Any:
    return f"{cell:f}" if isinstance(cell, Decimal) else guarded(cell)
