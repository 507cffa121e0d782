"""Rows as lines of comma-separated values that a spreadsheet can open without running anything of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

# A spreadsheet takes a cell that begins so for a formula; the wide forms are those of East Asian keyboards.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def guarded(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula begins with an apostrophe; numbers and dates are as they are."""
    if value is None or isinstance(value, int | float | Decimal | date):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_line(cells: Sequence[Any]) -> str:
    """One line of cells as they are given."""
    line = io.StringIO()
    # The writer quotes what its own line end is made of; a bare carriage return would begin a row elsewhere.
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n") + "\n"
