"""`freshbooks query`: one statement on the published marts, or a shell for them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from freshbooks_hub.cli.answers import Format, show
from freshbooks_hub.core.errors import QueryFailed

STDIN = "-"


def query(
    statement: Annotated[
        str | None,
        typer.Argument(metavar="SQL", help="One SELECT on the marts; `-` reads it from standard input."),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print the answer.")] = Format.table,
    vertical: Annotated[
        bool, typer.Option("--vertical", help="A line for each field: --format vertical.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Print at most so many rows.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read the SELECT from this file.")] = None,
) -> None:
    """Query the published marts (read-only). Without SQL, at a terminal, a shell opens.

    Example: `freshbooks query "select * from outstanding_balances" --format csv`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.marts.open import query_marts

    if vertical:
        output = Format.vertical
    home = Home.from_environment()
    if statement is None and file is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter(
                "give a statement, or - to read it from standard input.", param_hint="SQL"
            )
        from freshbooks_hub.cli.shell import Shell

        Shell(home, output, limit).run()
        return
    if statement is not None and file is not None:
        raise typer.BadParameter("excludes a statement.", param_hint="--file")
    show(query_marts(home.marts, _text(statement, file), limit), output)


def _text(statement: str | None, file: Path | None) -> str:
    try:
        if file:
            return file.read_text("utf-8")
        return sys.stdin.read() if statement == STDIN else statement or ""
    except (OSError, UnicodeError) as error:
        raise QueryFailed(
            f"{file or 'Standard input'} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}."
        ) from error


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(query)
