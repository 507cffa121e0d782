"""Answers as table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.table import Table

from freshbooks_hub.query import Answer


def as_csv(answer: Answer) -> str:
    """Comma-separated values with a header line."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)
    return buffer.getvalue()


def as_json(answer: Answer) -> str:
    """A list of objects; money stays exact, as text."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    return json.dumps(rows, indent=2, default=_plain, ensure_ascii=False)


def as_table(answer: Answer, title: str | None = None) -> Table:
    """A table for the terminal; numbers to the right."""
    table = Table(title=title, title_justify="left")
    for index, name in enumerate(answer.columns):
        values = [row[index] for row in answer.rows if row[index] is not None]
        numeric = bool(values) and all(isinstance(value, int | float | Decimal) for value in values)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in answer.rows:
        # Text from the books is shown as it is, never read as markup.
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:,}" if isinstance(value, Decimal) else str(value)
    return text.replace("[", r"\[")


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
