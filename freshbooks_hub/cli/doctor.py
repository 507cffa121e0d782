"""`freshbooks doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list instead of a table.")] = False,
) -> None:
    """Find problems and how to fix them. Exit code 1 if there are any.

    Example: `freshbooks doctor`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.doctor.checkup import run

    findings = run(Home.from_environment())
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        from rich.console import Console

        from freshbooks_hub.doctor.finding import as_table

        Console().print(as_table(findings))
        failed = sum(not finding.ok for finding in findings)
        problems = "1 problem" if failed == 1 else f"{failed} problems"
        print(f"{problems} found; docs/troubleshooting.md explains each." if failed else "No problems found.")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(doctor)
