"""How the answer to a query is printed; what loads rich is loaded for tables alone."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING

from freshbooks_hub.core import terminal

if TYPE_CHECKING:
    from freshbooks_hub.marts.open import Answer


class Format(StrEnum):
    """How a query's answer is printed."""

    table = "table"
    vertical = "vertical"
    csv = "csv"
    json = "json"


def show(answer: Answer, output: Format) -> None:
    """Print the answer; what was left out is told on standard error."""
    from freshbooks_hub.cli.output import as_csv, as_json, as_vertical

    if output is Format.csv:
        print(as_csv(answer, to_terminal=sys.stdout.isatty()), end="")
    elif output is Format.json:
        print(as_json(answer))
    elif output is Format.vertical:
        for line in as_vertical(answer):
            terminal.say(line)
    else:
        _show_table(answer)
    if answer.more:
        terminal.say(
            f"The first {len(answer.rows):,} rows; there are more. Give a higher --limit.", sys.stderr
        )


def _show_table(answer: Answer) -> None:
    from freshbooks_hub.cli import plain_table
    from freshbooks_hub.cli.output import as_table, fitting

    width = plain_table.width()
    fits, others = fitting(answer, width)
    if (lines := plain_table.lines(fits, width, sys.stdout.isatty() and not plain_table.is_dumb())) is None:
        from rich.console import Console

        Console().print(as_table(fits))
    else:
        print("\n".join(lines))
    if others:
        terminal.say(
            f"Not shown, since the terminal is too narrow: {', '.join(others)}.\n"
            "Name the columns that you want, or add --vertical, or --format csv or json, for all.",
            sys.stderr,
        )
