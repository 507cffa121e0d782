"""`freshbooks notifications`: who is told of problems, approvals and the week, and where."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.terminal import say

if TYPE_CHECKING:
    from freshbooks_hub.core.home import Home

notifications = typer.Typer(
    help="Be told of problems, approvals and the week, by e-mail, webhook or what apprise knows.",
    no_args_is_help=True,
)
Which = Annotated[str, typer.Argument(metavar="ID", help="As `freshbooks notifications list` shows it.")]


@notifications.command("list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show who is told, and of what. Addresses are not shown, since they may hold a password.

    Example: `freshbooks notifications list`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.notifications.channels import Channels
    from freshbooks_hub.notifications.notify import failing

    home = Home.from_environment()
    channels, failures = Channels(home).all(), failing(home)
    if as_json:
        rows = [
            {
                "id": one.id,
                "name": one.name,
                "topics": sorted(one.topics),
                "error": failures[one.id].error if one.id in failures else None,
            }
            for one in channels
        ]
        print(json.dumps(rows, indent=2))
        return
    for one in channels:
        say(f"{one.id}  {one.name}: {', '.join(sorted(one.topics))}")
        if one.id in failures:
            say(f"          Not sent: {failures[one.id].error}.")
    if not channels:
        print("Nobody is told yet. Add an address: freshbooks notifications add")


@notifications.command("add")
def add(
    url: Annotated[
        str | None,
        typer.Argument(
            metavar="[URL]",
            help="apprise's address; without one it is asked for unseen, and `-` reads it from standard input.",
        ),
    ] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option("--topic", help="alarms, approvals or weekly; may be repeated. Default: all."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
) -> None:
    """Tell somebody: mailtos:// for e-mail, jsons:// for a webhook, slack:// and others.

    An address with a password is better typed in when asked: a command stays in the shell's history.

    Example: `freshbooks notifications add --topic alarms --topic approvals`
    """
    from freshbooks_hub.agent.text import clean
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.notifications.channels import TOPICS, Channels
    from freshbooks_hub.notifications.sending import check

    if url is None:
        url = typer.prompt("Address (not shown)", hide_input=True)
    elif url == "-":
        url = sys.stdin.readline()
    address = str(url).strip()
    found = check(address)
    channel = Channels(Home.from_environment()).add(address, clean(name or found, 100), topic or TOPICS)
    say(f"Added: {channel.name}. Try it: freshbooks notifications test {channel.id}")


@notifications.command("remove")
def remove(which: Which) -> None:
    """Tell somebody no more, and delete the address.

    Example: `freshbooks notifications remove 1a2b3c4d`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.notifications.channels import Channels

    say(f"Removed: {Channels(Home.from_environment()).remove(which).name}.")


@notifications.command("test")
def test(which: Which) -> None:
    """Send a test, and say whether it was taken.

    Example: `freshbooks notifications test 1a2b3c4d`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.notifications.channels import Channels
    from freshbooks_hub.notifications.notify import send_test

    home = Home.from_environment()
    channel = Channels(home).get(which)
    if why := send_test(home, channel, _pages(home)):
        raise HubError(f"The test was not sent to {channel.name}: {why}.")
    say(f"A test was sent to {channel.name}.")


@contextmanager
def notifying(home: Home) -> Iterator[None]:
    """Send what the block made news, also where it fails. A notification that cannot be sent fails nothing."""
    try:
        yield
    finally:
        if home.notifications.exists():  # nothing is loaded where nobody is to be told
            from freshbooks_hub.notifications.notify import notify

            try:
                notify(home, _pages(home))
            except HubError as error:
                say(f"Notifications: {error}", sys.stderr)


def _pages(home: Home) -> str | None:
    """The address of this connection's pages, while they are served."""
    from freshbooks_hub.web.sessions import Sessions

    address = Sessions(home.base).address
    return address and f"{address}{home.pages_path}"


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(notifications, name="notifications")
