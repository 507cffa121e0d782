"""The table of `freshbooks query` as rich would print it, without rich: to load it costs as much as a small query."""

from __future__ import annotations

import os
import sys

from freshbooks_hub.cli.output import cell, is_numeric
from freshbooks_hub.core.terminal import shown
from freshbooks_hub.marts.open import Answer

NARROW_BEFORE = "\u0300"  # every character before it takes one place
USUAL_WIDTH = 80
DUMB = ("dumb", "unknown")  # terminals, as TERM has them


def width() -> int:
    """Of the terminal, in characters."""
    if (columns := os.environ.get("COLUMNS", "")).isdecimal():
        return int(columns) or USUAL_WIDTH
    if is_dumb():
        return USUAL_WIDTH
    for descriptor in (0, 1, 2):
        try:
            return os.get_terminal_size(descriptor).columns or USUAL_WIDTH
        except OSError:
            continue
    return USUAL_WIDTH


def is_dumb() -> bool:
    """Whether it is a terminal that knows no escape sequences."""
    return sys.stdout.isatty() and os.environ.get("TERM", "").strip().lower() in DUMB


def lines(answer: Answer, within: int, bold: bool = False) -> list[str] | None:
    """The table, its head in bold if asked for.

    None where that is left to rich: something must be folded or takes two places, or the encoding has no such lines.
    """
    if not sys.stdout.encoding.lower().startswith("utf"):
        return None
    head = [shown(name) for name in answer.columns]
    rows = [[cell(value) for value in row] for row in answer.rows]
    texts = [text for row in (head, *rows) for text in row]
    if any("\n" in text or max(text, default="") >= NARROW_BEFORE for text in texts):
        return None
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    if sum(widths) + 3 * len(widths) + 1 > within:
        return None
    right = [is_numeric(row[index] for row in answer.rows) for index in range(len(head))]
    start, end = ("\x1b[1m", "\x1b[0m") if bold else ("", "")

    def line(cells: list[str], edge: str, start: str = "", end: str = "") -> str:
        padded = [
            f"{start} {text.rstrip():>{size}} {end}" if number else f"{start} {text:<{size}} {end}"
            for text, size, number in zip(cells, widths, right, strict=True)
        ]
        return f"{edge}{edge.join(padded)}{edge}"

    def rule(first: str, fill: str, between: str, last: str) -> str:
        return f"{first}{between.join(fill * (size + 2) for size in widths)}{last}"

    return [
        rule("┏", "━", "┳", "┓"),
        line(head, "┃", start, end),
        rule("┡", "━", "╇", "┩"),
        *(line(row, "│") for row in rows),
        rule("└", "─", "┴", "┘"),
    ]
