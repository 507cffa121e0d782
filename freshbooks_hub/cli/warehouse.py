"""`freshbooks warehouse`: the marts of all tenants in one PostgreSQL, and those of one tenant out of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from freshbooks_hub.core.terminal import say

warehouse = typer.Typer(
    help="One PostgreSQL that many connections share: see `freshbooks help warehouses`.", no_args_is_help=True
)


@warehouse.command("load")
def load_rows() -> None:
    """Bring this connection's rows in the warehouse up to what was synced; `freshbooks sync` does so too.

    Example: `freshbooks --connection bakery warehouse load`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.core.locks import sync_lock
    from freshbooks_hub.sync.warehouse.address import Warehouse
    from freshbooks_hub.sync.warehouse.load import load

    home, target = Home.from_environment().ensure(), Warehouse.needed()
    with sync_lock(home.root):
        done = load(home, target)
    say(
        f"{done.added:,} rows added, {done.deleted:,} deleted in {len(done.tables)} tables of {target.place}."
    )
    for warning in done.warnings():
        say(f"Warning: {warning}")


@warehouse.command("build")
def build_marts() -> None:
    """Build, check and publish the marts of all businesses in the warehouse. Reads nothing from FreshBooks.

    Example: `freshbooks warehouse build`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.warehouse.address import Warehouse
    from freshbooks_hub.sync.warehouse.build import build

    for sentence in build(
        Home.from_environment().ensure(), Warehouse.needed(), datetime.now(UTC)
    ).sentences():
        say(sentence)


@warehouse.command("extract")
def extract_marts() -> None:
    """Publish this connection's marts here, out of the warehouse; `freshbooks sync` does so after a build.

    Example: `freshbooks --connection bakery warehouse extract`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.progress import Silent
    from freshbooks_hub.sync.run import extract
    from freshbooks_hub.sync.warehouse.address import Warehouse

    done = extract(Home.from_environment(), Warehouse.needed(), Silent())
    if done.published:
        say(f"Marts published, as of {done.as_of_date}.")
    else:
        say("The warehouse has no newer marts with all businesses of this connection.")


@warehouse.command("forget")
def forget_rows(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete this connection's rows from the warehouse; what is here stays.

    Example: `freshbooks --connection bakery warehouse forget`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.core.locks import sync_lock
    from freshbooks_hub.sync.warehouse.address import Warehouse
    from freshbooks_hub.sync.warehouse.load import forget

    home, target = Home.from_environment().ensure(), Warehouse.needed()
    if not yes:
        typer.confirm(f"Delete what {home.name} has in {target.place}?", abort=True)
    with sync_lock(home.root):
        deleted = forget(home, target)
    say(f"{deleted:,} rows deleted. The marts are without them after the next `freshbooks warehouse build`.")


def register(cli: typer.Typer) -> None:
    """Add the commands to `freshbooks`."""
    cli.add_typer(warehouse, name="warehouse")
