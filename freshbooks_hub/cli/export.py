"""`freshbooks export`: what changed in a mart since last time, for a CRM or another system that pulls."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from freshbooks_hub.core import terminal
from freshbooks_hub.core.labels import plural

if TYPE_CHECKING:
    from freshbooks_hub.events.feed import Feed

CONTACTS = "crm_contacts"


class Format(StrEnum):
    """In which form rows are exported."""

    csv = "csv"
    jsonl = "jsonl"
    vcf = "vcf"


def export(
    mart: Annotated[str, typer.Argument(help="Such as crm_contacts; `freshbooks query` lists all: .tables")],
    since: Annotated[
        str | None,
        typer.Option(metavar="TOKEN", help="Only what changed or was removed after this token."),
    ] = None,
    output: Annotated[
        Format, typer.Option("--format", help="vcf (vCard) is for crm_contacts alone.")
    ] = Format.csv,
) -> None:
    """Print the rows of a mart, or those that changed since an earlier export.

    Each row says whether it is changed or removed, and has a token: give that of the last row you stored as --since
    next time. Rows come at least once, as they are now.

    Example: `freshbooks export crm_contacts --format jsonl --since 1f3a9c20.crm_contacts.120`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.events.feed import changed_rows

    if output is Format.vcf and mart != CONTACTS:
        raise typer.BadParameter(f"vcf is for {CONTACTS} alone.", param_hint="--format")
    with changed_rows(Home.from_environment(), mart, since, datetime.now(UTC)) as feed:
        for line in _lines(feed, output):
            sys.stdout.write(line)
        sys.stdout.flush()
        token = feed.token
    terminal.say(f"{plural(feed.count, 'row')}. Next time: --since {token}", sys.stderr)


def _lines(feed: Feed, output: Format) -> Iterator[str]:
    from freshbooks_hub.cli.output import csv_lines, json_line

    if output is Format.csv:
        yield from csv_lines(feed.columns, feed.rows, to_terminal=sys.stdout.isatty())
    elif output is Format.jsonl:
        for row in feed.rows:
            yield json_line(feed.columns, row) + "\n"
    else:
        yield from _cards(feed)


def _cards(feed: Feed) -> Iterator[str]:
    from freshbooks_hub.events.feed import REMOVED
    from freshbooks_hub.events.vcard import vcard

    removed = 0
    for row in feed.rows:
        if row[0] == REMOVED:
            removed += 1
            continue
        card = vcard(dict(zip(feed.columns, row, strict=True)))
        yield terminal.shown(card) + "\n" if sys.stdout.isatty() else card
    if removed:
        terminal.say(
            f"{plural(removed, 'contact')} removed, which a vCard cannot say; csv and jsonl name them.",
            sys.stderr,
        )


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(export)
