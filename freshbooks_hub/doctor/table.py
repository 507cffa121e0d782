"""The doctor's findings for a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from freshbooks_hub.core.terminal import shown
from freshbooks_hub.doctor.finding import Finding


def as_table(findings: list[Finding]) -> Table:
    """A line for each finding, with its remedy."""
    table = Table(show_lines=False)
    for column in ("", "Check", "Found", "What to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        mark, style = (
            ("Fix", "bold red")
            if not finding.ok
            else ("Note", "yellow")
            if finding.remedy
            else ("OK", "green")
        )
        what = f"{finding.subject}: {finding.what}" if finding.subject else finding.what
        # Text, not markup: names come from the books.
        table.add_row(Text(mark, style), Text(finding.check), Text(shown(what)), Text(shown(finding.remedy)))
    return table
