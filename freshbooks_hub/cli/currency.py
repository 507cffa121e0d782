"""`freshbooks currency`: the currency that totals are also shown in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from freshbooks_hub.core.labels import plural


def currency(
    code: Annotated[str | None, typer.Argument(help="Three letters, such as CAD.")] = None,
    rates: Annotated[
        Path | None,
        typer.Option(
            "--rates",
            help="CSV file: date,currency,rate; one unit of the currency in the reporting currency from that day on.",
        ),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Show no totals in another currency.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Show or set the currency that totals are also shown in, at your own rates.

    Example: `freshbooks currency CAD --rates rates.csv`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.core.reporting_currency import (
        ReportingCurrency,
        clear_reporting_currency,
        read_rates,
        set_reporting_currency,
    )

    home = Home.from_environment()
    marts = home.marts
    if off and (code or rates):
        raise typer.BadParameter("cannot be combined with a currency.", param_hint="--off")
    if rates and not code:
        raise typer.BadParameter("needs the currency that the rates are in.", param_hint="--rates")
    if off:
        clear_reporting_currency(marts)
    elif code:
        home.ensure()
        set_reporting_currency(marts, code, read_rates(rates) if rates else None)
    found = ReportingCurrency.beside(marts)
    if as_json:
        told = (
            [{"date": str(r.day), "currency": r.currency, "rate": str(r.rate)} for r in found.rates]
            if found
            else []
        )
        print(json.dumps({"currency": found.code if found else None, "rates": told}, indent=2))
    elif found is None:
        print(
            "No reporting currency: amounts are shown per currency. Set one: freshbooks currency CAD --rates rates.csv"
        )
    else:
        known = sorted({rate.currency for rate in found.rates})
        print(f"Totals are also shown in {found.code}, at {plural(len(found.rates), 'rate')} of yours.")
        print(f"Currencies with a rate: {', '.join(known) or 'none yet; give a file with --rates'}.")


def register(cli: typer.Typer) -> None:
    """Add the command to the command line."""
    cli.command()(currency)
