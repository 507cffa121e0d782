"""Answers as table, list of fields, CSV or JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any

from freshbooks_hub.core import terminal
from freshbooks_hub.core.spreadsheet import csv_line, guarded
from freshbooks_hub.core.terminal import shown
from freshbooks_hub.marts.open import Answer

if TYPE_CHECKING:
    from rich.table import Table

# Longer text of a column may be folded to this many characters.
NARROW = 18


def as_csv(answer: Answer, to_terminal: bool = False) -> str:
    """Comma-separated values with a header line.

    Text that a spreadsheet would take for a formula begins with an apostrophe; numbers are as they are. For a
    terminal control characters are written out, in a file they are data.
    """
    return "".join(csv_lines(answer.columns, answer.rows, to_terminal))


def csv_lines(
    columns: Iterable[str], rows: Iterable[Iterable[Any]], to_terminal: bool = False
) -> Iterator[str]:
    """As `as_csv`, line by line."""
    for row in chain((columns,), rows):
        cells = [guarded(value) for value in row]
        yield csv_line(
            [shown(cell) if isinstance(cell, str) else cell for cell in cells] if to_terminal else cells
        )


def json_line(columns: list[str], row: Iterable[Any]) -> str:
    """One row as a JSON object in a line of ASCII, which every reader and terminal bears."""
    return json.dumps(dict(zip(columns, map(_plain, row), strict=True)))


def as_vertical(answer: Answer) -> Iterator[str]:
    """Each row as lines of a field each, for rows that no terminal is wide enough for."""
    width = max(map(len, answer.columns), default=0)
    for number, row in enumerate(answer.rows, 1):
        yield f"-- row {number:,}"
        for name, value in zip(answer.columns, row, strict=True):
            yield f"{shown(name):<{width}}  {cell(value)}".rstrip()


def as_json(answer: Answer) -> str:
    """A list of objects; money stays exact, as text, and so does what JSON has no number for (NaN, Infinity).

    A second column `a` is called `a_2`.
    """
    names = _unique(answer.columns)
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in answer.rows]
    return terminal.as_json(rows)


def as_table(answer: Answer, title: str | None = None) -> Table:
    """A table for the terminal; numbers to the right. Text is shown as it is, never read as markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left")
    for index, name in enumerate(answer.columns):
        numeric = is_numeric(row[index] for row in answer.rows)
        table.add_column(Text(shown(name)), justify="right" if numeric else "left", overflow="fold")
    for row in answer.rows:
        table.add_row(*(Text(cell(value)) for value in row))
    return table


def fitting(answer: Answer, width: int) -> tuple[Answer, tuple[str, ...]]:
    """The answer with as many of its first columns as a line of `width` characters bears; the names of the others."""
    left = width - 1  # each column has a border and two blanks
    for number, name in enumerate(answer.columns):
        longest = max([len(name), *(len(cell(row[number])) for row in answer.rows)])
        left -= min(longest, NARROW) + 3
        if left < 0 and number:
            shown_rows = [row[:number] for row in answer.rows]
            return replace(answer, columns=answer.columns[:number], rows=shown_rows), tuple(
                answer.columns[number:]
            )
    return answer, ()


def cell(value: Any) -> str:
    """As a table shows it."""
    if value is None:
        return ""
    return shown(f"{value:,}" if isinstance(value, Decimal) else str(value))


def is_numeric(values: Iterable[Any]) -> bool:
    """Whether a column of these is one of numbers."""
    there = [value for value in values if value is not None]
    return bool(there) and all(isinstance(value, int | float | Decimal) for value in there)


def _unique(columns: Iterable[str]) -> list[str]:
    taken = list(columns)
    names: list[str] = []
    for name in taken:
        unique, number = name, 1
        while unique in names or (number > 1 and unique in taken):
            number += 1
            unique = f"{name}_{number}"
        names.append(unique)
    return names


def _plain(value: Any) -> Any:
    """The value as JSON has it; what it has no form for as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else json.dumps(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value)
