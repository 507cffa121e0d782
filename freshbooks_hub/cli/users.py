"""`freshbooks users`: who else than the owner may sign in to the pages of `freshbooks serve`."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freshbooks_hub.core import terminal

if TYPE_CHECKING:
    from freshbooks_hub.web.access import Right
    from freshbooks_hub.web.users import Users

Name = Annotated[str, typer.Argument(help="The user's name; `freshbooks users list` shows all of them.")]
Look = Annotated[
    list[str] | None,
    typer.Option(metavar="CONNECTION", help="Sees this connection and changes nothing; may be repeated."),
]
Approve = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CONNECTION", help="Also approves there what agents propose, and syncs; may be repeated."
    ),
]
PasswordFile = Annotated[
    Path | None, typer.Option(help="A file with the password in its first line; otherwise you are asked.")
]

users_cli = typer.Typer(help="Who else may sign in to the pages.", no_args_is_help=True)


@users_cli.command()
def add(
    name: Name,
    look: Look = None,
    approve: Approve = None,
    password_file: PasswordFile = None,
) -> None:
    """Add a user with a password, and choose which connections they see and may approve in.

    Example: `freshbooks users add anna@example.com --approve default --look bakery`
    """
    from freshbooks_hub.agent.actions.models import Channel

    rights = _rights(look, approve)
    _users().add(name, _password(password_file), rights, getpass.getuser(), Channel.terminal)
    terminal.say(f"{name} can sign in: {_told(rights)}.")


@users_cli.command("list")
def list_users(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list instead of text.")] = False,
) -> None:
    """List the users and what each may do.

    Example: `freshbooks users list`
    """
    found = _users().all()
    if as_json:
        print(json.dumps([{"name": user.name, "connections": user.rights} for user in found], indent=2))
        return
    for user in found:
        terminal.say(f"{user.name:<24}  {_told(user.rights)}")
    if not found:
        print(
            "There are no users: only the owner signs in. Add one: freshbooks users add NAME --look CONNECTION"
        )


@users_cli.command()
def access(name: Name, look: Look = None, approve: Approve = None) -> None:
    """Set anew which connections a user sees and may approve in.

    Example: `freshbooks users access anna@example.com --look default`
    """
    from freshbooks_hub.agent.actions.models import Channel

    rights = _rights(look, approve)
    _users().share(name, rights, getpass.getuser(), Channel.terminal)
    terminal.say(f"{name}: {_told(rights)}.")


@users_cli.command()
def password(name: Name, password_file: PasswordFile = None) -> None:
    """Give a user a new password; they are signed out everywhere.

    Example: `freshbooks users password anna@example.com`
    """
    from freshbooks_hub.agent.actions.models import Channel

    users = _users()
    users.get(name)
    users.set_password(name, _password(password_file), getpass.getuser(), Channel.terminal)
    terminal.say(f"{name} has a new password.")


@users_cli.command()
def remove(name: Name) -> None:
    """Remove a user: they are signed out, and the AI clients that they let in lose their access.

    Example: `freshbooks users remove anna@example.com`
    """
    from freshbooks_hub.agent.actions.models import Channel

    _users().remove(name, getpass.getuser(), Channel.terminal)
    terminal.say(f"{name} is removed.")


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(users_cli, name="users")


def _users() -> Users:
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.web.users import Users

    return Users(Home.from_environment())


def _rights(look: list[str] | None, approve: list[str] | None) -> dict[str, Right]:
    from freshbooks_hub.web.access import Right

    return dict.fromkeys(look or [], Right.look) | dict.fromkeys(approve or [], Right.approve)


def _password(file: Path | None) -> str:
    from freshbooks_hub.web.sessions import read_password

    if file is not None:
        return read_password(file)
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _told(rights: Mapping[str, Right]) -> str:
    return ", ".join(f"{right.label} {name}" for name, right in rights.items()) or "nothing"
