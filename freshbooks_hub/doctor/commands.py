"""`freshbooks doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list instead of a table.")] = False,
) -> None:
    """Look for what is wrong, and say how to mend it. Exit code 1 if anything is.

    Example: `freshbooks doctor`
    """
    from freshbooks_hub.doctor.checkup import run
    from freshbooks_hub.home import Home

    findings = run(Home.from_environment())
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        from rich.console import Console

        from freshbooks_hub.doctor.table import as_table

        Console().print(as_table(findings))
        failed = sum(not finding.ok for finding in findings)
        print(f"{failed} to mend; docs/troubleshooting.md explains each." if failed else "All is well.")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(doctor)
