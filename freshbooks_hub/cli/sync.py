"""`freshbooks sync`, also for timers (`--due`), and `build`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freshbooks_hub.cli.notifications import notifying
from freshbooks_hub.cli.rules import after_sync
from freshbooks_hub.cli.webhooks import tell, telling
from freshbooks_hub.core.errors import Stopped, TransformFailed
from freshbooks_hub.core.terminal import say, shown

if TYPE_CHECKING:
    from rich.console import Console

    from freshbooks_hub.sync.run import SyncResult

AsOf = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Day that due dates are judged on; balances are those of the last sync. Default: today at the business.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="When the marts fail a check, print the rows that it found.")
]


def sync(
    stream: Annotated[list[str] | None, typer.Option(help="Only this stream; may be repeated.")] = None,
    full_refresh: Annotated[
        bool,
        typer.Option("--full-refresh", help="Full refresh: read everything again and replace the tables."),
    ] = False,
    as_of: AsOf = None,
    marts: Annotated[
        bool, typer.Option("--marts/--no-marts", help="Build and publish marts from what was read.")
    ] = True,
    due: Annotated[
        bool, typer.Option("--due", help="What is due by `freshbooks schedule`; for cron and other timers.")
    ] = False,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="POSTGRESQL://…",
            help="Load into this warehouse; marts come from there. With a password: set FRESHBOOKS_WAREHOUSE instead.",
        ),
    ] = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Read what changed in FreshBooks and publish fresh marts.

    Example: `freshbooks sync --stream invoices --stream clients`
    """
    from freshbooks_hub.core.home import Home

    if to:
        from freshbooks_hub.sync.warehouse.address import name_by_argument

        name_by_argument(to)
    if due:
        if stream or full_refresh or as_of or not marts:
            raise typer.BadParameter(
                "cannot be combined with other choices of what to read.", param_hint="--due"
            )
        with notifying(Home.from_environment()):
            _sync_what_is_due(as_json)
        return
    from rich.console import Console

    from freshbooks_hub.cli.sync_terminal import reporter, summary
    from freshbooks_hub.sync.progress import Silent
    from freshbooks_hub.sync.run import SyncOptions
    from freshbooks_hub.sync.run import sync as run_sync

    console, home = Console(), Home.from_environment()
    options = SyncOptions(stream or [], full_refresh, as_of.date() if as_of else None, marts=marts)
    with _stoppable(), notifying(home), telling(home), _details(verbose):
        result = run_sync(home, options, Silent() if as_json else reporter(console))
    if as_json:
        print(json.dumps(result.as_json(), indent=2))
    else:
        console.print(summary(result.streams))
        _print_marts(console, result)
    if marts:
        after_sync(home, quiet=as_json)


def build(
    as_of: AsOf = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Rebuild the marts from the data already synced (`freshbooks sync --no-marts`).

    Example: `freshbooks build --as-of 2026-10-31`
    """
    from rich.console import Console

    from freshbooks_hub.cli.sync_terminal import reporter
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.progress import Silent
    from freshbooks_hub.sync.run import build as build_marts

    console = Console()
    home = Home.from_environment()
    progress = Silent() if as_json else reporter(console)
    with _stoppable(), telling(home), _details(verbose):
        result = build_marts(home, progress, as_of.date() if as_of else None)
    if as_json:
        print(json.dumps(result.as_json(), indent=2))
    else:
        _print_marts(console, result)


def register(cli: typer.Typer) -> None:
    """Add the commands to `freshbooks`."""
    cli.command()(sync)
    cli.command()(build)


def _sync_what_is_due(as_json: bool) -> None:
    """`freshbooks sync --due`: exit code 0 also when nothing was to be done. Raises HubError."""
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.scheduled_run import DueResult, idle, sync_due

    home = Home.from_environment()
    done: DueResult | None = idle(home, datetime.now(UTC))
    if done:
        tell(home, news=False)
    else:
        from rich.console import Console

        from freshbooks_hub.cli.sync_terminal import reporter
        from freshbooks_hub.sync.progress import Silent

        with _stoppable(), telling(home):
            done = sync_due(home, Silent() if as_json else reporter(Console()))
    rejected: list[dict[str, Any]] = []
    told = ""
    if done.result:  # nothing heavy is loaded for a call that does nothing
        from freshbooks_hub.marts.gaps import rejected_json, set_aside

        rejected, told = rejected_json(done.result.rejected), set_aside(done.result.rejected)
    if as_json:
        print(
            json.dumps(
                {
                    "outcome": done.outcome,
                    "message": done.message,
                    "entities": done.groups,
                    "next_due": done.next_due.isoformat(timespec="seconds") if done.next_due else None,
                    "published": done.result.published if done.result else False,
                    "rows_read": sum(s.read for s in done.result.streams) if done.result else 0,
                    "warnings": done.result.warnings if done.result else [],
                    "rejected": rejected,
                }
            )
        )
    else:
        say(done.message)
        if told:
            say(told)
        for warning in done.result.warnings if done.result else []:
            say(f"Warning: {warning}")
    if done.result:
        after_sync(home, quiet=as_json)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Say what stands when a person stops the sync in the block by Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(
            "Stopped. What was read so far is kept and the published marts stay as they are; the next sync goes on "
            "from there."
        ) from None


@contextmanager
def _details(verbose: bool) -> Iterator[None]:
    """With `verbose`, print what a failed build of the marts found before its sentence is printed."""
    try:
        yield
    except TransformFailed as error:
        if verbose and error.details:
            print(error.details, file=sys.stderr)
        raise


def _print_marts(console: Console, result: SyncResult) -> None:
    from freshbooks_hub.marts.gaps import set_aside
    from freshbooks_hub.marts.reconciliation import attention

    state = "published" if result.published else "unchanged"
    day = f", as of {result.as_of_date}" if result.as_of_date else ""
    console.print(f"Marts {state}{day}. {result.seconds:.1f} s.", highlight=False)
    if told := set_aside(result.rejected):
        console.print(shown(told), highlight=False, markup=False, soft_wrap=True)
    for note in attention(result.warnings, result.differences):
        console.print(shown(note), style="bold yellow", highlight=False, markup=False, soft_wrap=True)
