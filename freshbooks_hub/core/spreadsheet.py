"""What the sheets of every workbook have in common: their limits, and formats that are made once."""

from __future__ import annotations

import xlsxwriter
from xlsxwriter.format import Format

ROWS = 1_048_576  # of a sheet, its head among them
LONGEST = 32_767  # characters of a cell


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
