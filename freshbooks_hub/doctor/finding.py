"""One finding of the doctor, and all findings as a table for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rich.table import Table
from rich.text import Text

from freshbooks_hub.core.terminal import shown


class Check(StrEnum):
    """What is checked; docs/troubleshooting.md has a section for each."""

    home = "home"
    disk = "disk"
    versions = "versions"
    connection = "connection"
    network = "network"
    clock = "clock"
    credentials = "credentials"
    grant = "grant"
    shared = "shared-grant"
    scopes = "scopes"
    businesses = "businesses"
    plan = "plan"
    role = "role"
    data = "data"
    sync_lock = "sync-lock"
    connection_lock = "connection-lock"
    raw = "raw"
    marts = "marts"
    history = "history"
    last_sync = "last-sync"


@dataclass(frozen=True)
class Finding:
    """`subject` says what it is about, where there are several.

    Not `ok`: something must be done, and `remedy` says what. `ok` with a `remedy`: worth knowing, nothing must be done.
    """

    check: Check
    ok: bool
    what: str
    remedy: str = ""
    subject: str = ""


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
