"""The command `freshbooks`: parses, calls, prints. Heavy imports sit in the commands."""

from __future__ import annotations

import json
import os
import re
import sys
from copy import copy
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.main import get_command_name
from typer.models import CommandInfo

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
from freshbooks_hub.cli import schedule as schedule_commands
from freshbooks_hub.cli import serve as web_commands
from freshbooks_hub.cli import sync as sync_commands
from freshbooks_hub.cli import timer as timer_command
from freshbooks_hub.cli import typer_patch
from freshbooks_hub.cli import users as user_commands
from freshbooks_hub.cli import warehouse as warehouse_commands
from freshbooks_hub.cli import webhooks as webhook_commands
from freshbooks_hub.cli import workflows as workflow_commands
from freshbooks_hub.core import terminal
from freshbooks_hub.core.errors import HubError, Stopped

cli = typer.Typer(
    name="freshbooks",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

USAGE, STOPPED = 2, 130  # exit codes, as shells have them

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


@cache
def command() -> typer.core.TyperGroup:
    """The commands, made from their functions: once, also for processes that are forked after it."""
    return _made(cli)


def _asked() -> typer.core.TyperGroup:
    """The commands; where the first word is one of them, it alone: making all takes longer than a small one runs."""
    word = sys.argv[1] if len(sys.argv) > 1 else None
    one = copy(cli)
    one.registered_commands = [c for c in cli.registered_commands if _name(c) == word]
    one.registered_groups = [group for group in cli.registered_groups if group.name == word]
    if command.cache_info().currsize or not (one.registered_commands or one.registered_groups):
        return command()
    return _made(one)


def _made(commands: typer.Typer) -> typer.core.TyperGroup:
    typer_patch.install()
    made = typer.main.get_command(commands)
    assert isinstance(made, typer.core.TyperGroup)
    return made


def _name(info: CommandInfo) -> str:
    assert info.callback
    return info.name or get_command_name(info.callback.__name__)


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
            _asked()()
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
schedule_commands.register(cli)
sync_commands.register(cli)
timer_command.register(cli)
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
    from rich.console import Console

    from freshbooks_hub.cli.demo import run_demo
    from freshbooks_hub.cli.output import as_table
    from freshbooks_hub.cli.sync_terminal import reporter, summary
    from freshbooks_hub.core.home import Home

    console = Console()
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
def backup(
    folder: Annotated[Path, typer.Argument(help="Where each back-up gets a folder of its own.")],
    keep: Annotated[int, typer.Option(min=1, help="How many back-ups stay.")] = 7,
) -> None:
    """Copy the record, the settings and the raw tables of all connections; tokens are not among them.

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
    from freshbooks_hub.status.summary import as_text
    from freshbooks_hub.status.summary import status as read_status

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


if __name__ == "__main__":
    app()
