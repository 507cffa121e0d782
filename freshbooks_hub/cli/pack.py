"""`freshbooks pack`: the accountant's pack as a ZIP."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer


def pack(
    start: Annotated[str, typer.Option("--from", metavar="MONTH", help="First month, as 2026-10.")],
    end: Annotated[str, typer.Option("--to", metavar="MONTH", help="Last month, as 2026-12.")],
    basis: Annotated[
        str, typer.Option(help="accrual (as billed) or cash (as paid).", metavar="BASIS")
    ] = "accrual",
    business: Annotated[
        str | None, typer.Option(help="Number or name; needed where there are several.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write. [default: BUSINESS_FROM_TO_BASIS.zip in this folder]"),
    ] = None,
) -> None:
    """Write the accountant's pack: profit and loss, balance sheet, trial balance, ledger, tax, receivables, payables.

    Example: `freshbooks pack --from 2026-10 --to 2026-12 --out pack.zip`
    """
    from freshbooks_hub.core.errors import HubError
    from freshbooks_hub.core.files import replacing_privately
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.core.terminal import say
    from freshbooks_hub.marts.open import open_marts
    from freshbooks_hub.marts.pack.cover import as_text
    from freshbooks_hub.marts.pack.files import write_pack
    from freshbooks_hub.marts.pack.scope import businesses, choose, scope_of

    with open_marts(Home.from_environment().marts) as db:
        scope = scope_of(choose(businesses(db), business), start, end, basis)
        path = out or Path(f"{scope.file_name}.zip")
        try:
            with replacing_privately(path) as file:
                cover = write_pack(db, scope, file, datetime.now(UTC))
        except OSError as error:
            raise HubError(
                f"{path} cannot be written: {error.strerror or error}. Choose another file with --out."
            ) from error
    say(as_text(cover))
    say(f"Written to {path}")


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(pack)
