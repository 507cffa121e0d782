"""The command `freshbooks`: parses, calls, prints. Heavy imports sit in the commands."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from freshbooks_hub.cli import actions as action_commands
from freshbooks_hub.cli import connection as connection_commands
from freshbooks_hub.cli import currency as currency_command
from freshbooks_hub.cli import export as export_command
from freshbooks_hub.cli import help as help_command
from freshbooks_hub.cli import mcp as mcp_commands
from freshbooks_hub.cli import notifications as notification_commands
from freshbooks_hub.cli import pack as pack_command
from freshbooks_hub.cli import query as query_command
from freshbooks_hub.cli import rules as rule_commands
from freshbooks_hub.cli import serve as web_commands
from freshbooks_hub.cli import sync as sync_commands
from freshbooks_hub.cli import typer_patch
from freshbooks_hub.cli import users as user_commands
from freshbooks_hub.cli import warehouse as warehouse_commands
from freshbooks_hub.cli import webhooks as webhook_commands
from freshbooks_hub.cli import workflows as workflow_commands
from freshbooks_hub.core import terminal
from freshbooks_hub.core.errors import HubError, Stopped, TransformFailed

if TYPE_CHECKING:
    from rich.console import Console

    from freshbooks_hub.sync.run import SyncResult

cli = typer.Typer(
    name="freshbooks",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

USAGE, STOPPED = 2, 130  # exit codes, as shells have them

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


@cache
def command() -> typer.core.TyperGroup:
    """The commands, made from their functions: once, also for processes that are forked after it."""
    typer_patch.install()
    made = typer.main.get_command(cli)
    assert isinstance(made, typer.core.TyperGroup)
    return made


def app() -> None:
    """Console script: a HubError becomes one message on standard error and exit code 1.

    Where JSON was asked for, standard output has `{"error": {"code", "message"}}` too. Wrong usage: exit code 2;
    Ctrl-C: 130.
    """
    # Every file that is made from here on is its owner's alone, also those of processes that are started.
    os.umask(0o077)
    terminal.prepare()
    if not os.environ.get("TERMINAL_WIDTH", "80").isdecimal():
        del os.environ["TERMINAL_WIDTH"]  # Typer fails on another one
    try:
        _check_texts()
        try:
            command()()
        except SystemExit as ended:
            if ended.code == USAGE and _asks_for_json():
                _print_error("usage", "The command was not understood; standard error says why.")
            if ended.code == STOPPED:
                raise Stopped("Stopped.") from None
            raise
        finally:
            terminal.finish()
    except Stopped as stopped:
        _fail(stopped.code, str(stopped), STOPPED, "")
    except HubError as error:
        _fail(error.code, str(error), 1)
    except KeyboardInterrupt:  # before or after the command itself
        _fail("stopped", "Stopped.", STOPPED, "")


def _fail(code: str, message: str, exit_code: int, begin: str = "Error: ") -> NoReturn:
    if _asks_for_json():
        _print_error(code, message)
    terminal.say(f"{begin}{message}", sys.stderr)
    sys.exit(exit_code)


def _print_error(code: str, message: str) -> None:
    print(terminal.as_json({"error": {"code": code, "message": message}}), flush=True)


def _asks_for_json() -> bool:
    """By the words alone: the command may not even have been understood."""
    words = sys.argv[1:]
    return "--json" in words or "--format=json" in words or ("--format", "json") in pairwise(words)


def _check_texts() -> None:
    """Raise HubError for an argument or a variable of ours that is no text; it may be a secret, so only named."""
    sys.argv[1:] = [_utf8(f"Argument {number}", word) for number, word in enumerate(sys.argv[1:], 1)]
    for name, text in os.environ.items():
        if name.startswith("FRESHBOOKS_"):
            _utf8(name, text)


def _utf8(name: str, text: str) -> str:
    """The text, read as UTF-8 where the locale did not."""
    try:
        return os.fsencode(text).decode() if re.search("[\ud800-\udfff]", text) else text
    except UnicodeError:
        raise HubError(f"{terminal.shown(name)} is not valid UTF-8. Write it again in UTF-8.") from None


def _print_version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        print(f"freshbooks {importlib.metadata.version('source-freshbooks')}")
        raise typer.Exit


@cli.callback()
def common(
    connection: Annotated[
        str | None,
        typer.Option(
            envvar="FRESHBOOKS_CONNECTION", help="Which of several connections, by name. [default: default]"
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """FreshBooks data out, right and useful: connect, sync, query."""
    if connection:
        # The environment, so that every process the command starts works on the same one.
        os.environ["FRESHBOOKS_CONNECTION"] = connection


action_commands.register(cli)
connection_commands.register(cli)
currency_command.register(cli)
export_command.register(cli)
help_command.register(cli)
mcp_commands.register(cli)
notification_commands.register(cli)
pack_command.register(cli)
query_command.register(cli)
sync_commands.register(cli)
user_commands.register(cli)
warehouse_commands.register(cli)
web_commands.register(cli)
webhook_commands.register(cli)
workflow_commands.register(cli)
cli.command()(rule_commands.rules)


@cli.command()
def demo() -> None:
    """Try everything without an account: a local FreshBooks, a real sync, three marts.

    Example: `freshbooks demo`
    """
    from freshbooks_hub.cli.demo import run_demo
    from freshbooks_hub.cli.output import as_table
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.progress import reporter, summary

    console = _console()
    result = run_demo(Home.from_environment(), reporter(console))
    console.print(summary(result.sync.streams))
    for sample in result.samples:
        title = f"{sample.mart} ({len(sample.answer.rows)} of {sample.rows:,} rows)"
        console.print(as_table(sample.answer, title))
    read = sum(stream.read for stream in result.sync.streams)
    total = sum(stream.total for stream in result.sync.streams)
    if result.repeated:
        console.print(f"This run was incremental: {read:,} rows read of {total:,} stored.", highlight=False)
    else:
        console.print(f"{read:,} rows read. Run it again: the second run is incremental.")
    console.print(
        f"Marts as of {result.sync.as_of_date}, in {result.home.marts}\n\n"
        f"Query them:     FRESHBOOKS_HOME={result.home.root} freshbooks query "
        '"from outstanding_balances"\n'
        "Your own books: freshbooks connect && freshbooks sync",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


@cli.command()
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
        with notification_commands.notifying(Home.from_environment()):
            sync_commands.sync_what_is_due(as_json)
        return
    from freshbooks_hub.sync.progress import Silent, reporter, summary
    from freshbooks_hub.sync.run import SyncOptions
    from freshbooks_hub.sync.run import sync as run_sync

    console, home = _console(), Home.from_environment()
    options = SyncOptions(stream or [], full_refresh, as_of.date() if as_of else None, marts=marts)
    with (
        sync_commands.stoppable(),
        notification_commands.notifying(home),
        webhook_commands.telling(home),
        _details(verbose),
    ):
        result = run_sync(home, options, Silent() if as_json else reporter(console))
    if as_json:
        print(json.dumps(result.as_json(), indent=2))
    else:
        console.print(summary(result.streams))
        _print_marts(console, result)
    if marts:
        rule_commands.after_sync(home, quiet=as_json)


@cli.command()
def build(
    as_of: AsOf = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Rebuild the marts from the data already synced (`freshbooks sync --no-marts`).

    Example: `freshbooks build --as-of 2026-10-31`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.progress import Silent, reporter
    from freshbooks_hub.sync.run import build as build_marts

    console = _console()
    home = Home.from_environment()
    shown = Silent() if as_json else reporter(console)
    with sync_commands.stoppable(), webhook_commands.telling(home), _details(verbose):
        result = build_marts(home, shown, as_of.date() if as_of else None)
    if as_json:
        print(json.dumps(result.as_json(), indent=2))
    else:
        _print_marts(console, result)


@cli.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where each back-up gets a folder of its own.")],
    keep: Annotated[int, typer.Option(min=1, help="How many back-ups stay.")] = 7,
) -> None:
    """Copy the record and the raw tables of all connections; tokens are not among them.

    Example: `freshbooks backup /var/backups/freshbooks --keep 14`
    """
    from datetime import UTC

    from freshbooks_hub.core.home import Home
    from freshbooks_hub.core.labels import plural
    from freshbooks_hub.sync.backup import back_up

    done = back_up(Home.connections(), folder.absolute(), datetime.now(UTC), keep)
    terminal.say(f"{plural(len(done.connections), 'connection')} copied to {done.folder}.")
    if done.without_raw:
        terminal.say(f"Without raw tables, because a sync is running: {', '.join(done.without_raw)}.")


@cli.command()
def status(
    streams: Annotated[bool, typer.Option("--streams", help="List every stream with its rows too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show whether all is well: the connection, the last sync, what waits for you, the marts.

    Example: `freshbooks status --streams`
    """
    from freshbooks_hub.agent.actions.waiting import waiting
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.status.picture import as_text
    from freshbooks_hub.status.picture import status as read_status

    home = Home.from_environment()
    picture = read_status(home) | {"approvals": waiting(home)}
    terminal.say(json.dumps(picture, indent=2) if as_json else as_text(picture, streams))


@cli.command()
def sandbox(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")
    ] = 8400,
    config: Annotated[
        Path | None, typer.Option("--config", help="Write a ready connector config to this file.")
    ] = None,
) -> None:
    """Run a local stand-in for the FreshBooks API until Ctrl-C.

    Example: `freshbooks sandbox --port 8400 --config sandbox.json`
    """
    from freshbooks_hub.cli.sandbox import serve

    serve(port, config)


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
        console.print(terminal.shown(told), highlight=False, markup=False, soft_wrap=True)
    for note in attention(result.warnings, result.differences):
        console.print(
            terminal.shown(note), style="bold yellow", highlight=False, markup=False, soft_wrap=True
        )


def _console() -> Console:
    from rich.console import Console

    return Console()


if __name__ == "__main__":
    app()
