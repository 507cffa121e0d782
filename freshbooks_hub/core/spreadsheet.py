"""Rows for a spreadsheet: CSV lines in which nothing is run as a formula, and what all workbooks share."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # as CSV is written without it
    import xlsxwriter
    from xlsxwriter.format import Format

# A spreadsheet takes a cell that begins so for a formula; the wide forms are those of East Asian keyboards.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# Of an XLSX file.
ROWS = 1_048_576  # of a sheet, its head among them
LONGEST = 32_767  # characters of a cell


def guarded(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe; numbers and dates do not change."""
    if value is None or isinstance(value, int | float | Decimal | date):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_line(cells: Sequence[Any]) -> str:
    """One line of cells, unchanged."""
    line = io.StringIO()
    # The writer quotes what its own line end is made of; a bare carriage return would begin a row elsewhere.
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n") + "\n"


class Formats:
    """Formats of one workbook by their properties, each made once."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self._workbook = workbook
        self._made: dict[str, Format] = {}

    def of(self, pattern: str) -> Format:
        """Of numbers and days, such as `yyyy-mm-dd`."""
        if pattern not in self._made:
            self._made[pattern] = self._workbook.add_format({"num_format": pattern})
        return self._made[pattern]

    def money(self, places: int) -> Format:
        """Of amounts with so many decimals."""
        return self.of("#,##0" + ("." + "0" * places if places else ""))
