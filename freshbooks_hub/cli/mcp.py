"""The commands `freshbooks mcp`: the server itself, its token, and the clients that use it."""

from __future__ import annotations

import gc
import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from freshbooks_hub.agent.mcp.client_files import ClientApp

mcp = typer.Typer(invoke_without_command=True)


@mcp.callback()
def serve_stdio(context: typer.Context) -> None:
    """Let AI agents read the books and propose actions (Model Context Protocol).

    An MCP client starts this by itself and talks over standard input and output; for HTTP see `freshbooks serve`.

    Example, with Claude Code: `claude mcp add freshbooks -- freshbooks mcp`
    """
    if context.invoked_subcommand is None:
        # Nothing of what is loaded is garbage, and looking for some takes a tenth of the start.
        gc.disable()
        import anyio

        from freshbooks_hub.agent.mcp.server import build_server
        from freshbooks_hub.agent.mcp.transports import serve_stdio
        from freshbooks_hub.core.home import Home

        server = build_server(Home.from_environment().ensure())
        gc.freeze()
        gc.enable()
        anyio.run(serve_stdio, server, server.actions)


@mcp.command()
def token(
    new: Annotated[bool, typer.Option("--new", help="Replace it; the old one ends at once.")] = False,
) -> None:
    """Print the bearer token that `/mcp` of `freshbooks serve` asks for, or `/c/NAME/mcp` with `--connection NAME`.

    Example: `claude mcp add --transport http freshbooks http://127.0.0.1:8766/mcp
    --header "Authorization: Bearer $(freshbooks mcp token)"`
    """
    from freshbooks_hub.agent.mcp.transports import read_token, renew_token
    from freshbooks_hub.core.errors import NotConnected
    from freshbooks_hub.core.home import DEFAULT, Home

    home = Home.from_environment()
    if not home.root.is_dir() and home.name != DEFAULT:
        raise NotConnected(f"There is no connection {home.name}.")
    print(renew_token(home) if new else read_token(home))


@mcp.command()
def install(
    client: Annotated[str | None, typer.Argument(help="claude, claude-code, cursor, vscode …")] = None,
) -> None:
    """Add this server to an AI client's own file; without a name, list the clients that are known.

    Nothing else in the file changes, and `freshbooks mcp uninstall` takes it out again. With `--connection NAME`
    the server is of that connection.

    Example: `freshbooks mcp install cursor`
    """
    from freshbooks_hub.agent.mcp.client_files import CLIENTS, add_server, installed, server_entry
    from freshbooks_hub.core.home import DEFAULT, Home

    home = Home.from_environment()
    name = _server_name(home.name)
    if client is None:
        for app in CLIENTS.values():
            path = app.path(Path.home())
            state = "installed" if installed(app, path, name) else "found" if path.parent.is_dir() else "-"
            print(f"{app.name:12} {app.title:16} {state:10} {path}")
        print("Add it to one: freshbooks mcp install NAME")
        return
    app, path = _client(client)
    usual = Path.home() / ".freshbooks"
    entry = server_entry(
        app,
        _program(),
        None if home.name == DEFAULT else home.name,
        None if home.base.root == usual else str(home.base.root),
    )
    if add_server(app, path, name, entry):
        print(f"Added to {path}, under {app.key}:\n{json.dumps({name: entry}, indent=2)}")
        print(f"Restart {app.title}. To undo: freshbooks mcp uninstall {app.name}")
    else:
        print(f"{path} has it already; nothing was changed.")


@mcp.command()
def uninstall(
    client: Annotated[str, typer.Argument(help="The client, as in `freshbooks mcp install`.")],
) -> None:
    """Take this server out of an AI client's file again.

    Example: `freshbooks mcp uninstall cursor`
    """
    from freshbooks_hub.agent.mcp.client_files import remove_server
    from freshbooks_hub.core.home import Home

    app, path = _client(client)
    name = _server_name(Home.from_environment().name)
    removed = remove_server(app, path, name)
    print(f"Removed {name!r} from {path}." if removed else f"{path} has no server {name!r}.")


@mcp.command()
def clients(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """List the AI clients that a person let in at `/mcp` of `freshbooks serve`.

    Example: `freshbooks mcp clients`
    """
    from freshbooks_hub.agent.mcp.oauth.access import accesses
    from freshbooks_hub.core.home import Home

    found = accesses(Home.from_environment())
    if as_json:
        told = [
            {**asdict(one), "granted_at": str(one.granted_at), "used_at": str(one.used_at or "")}
            for one in found
        ]
        print(json.dumps(told, indent=2))
    for one in () if as_json else found:
        may = "read and propose" if one.act else "read"
        print(
            f"{one.id}  {one.client_name}: {may}, connection {one.connection}, since {one.granted_at:%Y-%m-%d}"
        )
    if not found and not as_json:
        print("Nobody was let in. A client that is given the address of /mcp asks for it.")


@mcp.command()
def revoke(
    grant: Annotated[str, typer.Argument(help="Its id, as `freshbooks mcp clients` lists it.")],
) -> None:
    """End the access of an AI client, at once.

    Example: `freshbooks mcp revoke 1f0c9a2b`
    """
    from freshbooks_hub.agent.mcp.oauth.grants import Grants
    from freshbooks_hub.core.errors import HubError
    from freshbooks_hub.core.home import Home

    if not Grants(Home.from_environment()).revoke(grant):
        raise HubError("No client has access by this id. `freshbooks mcp clients` lists those that have.")
    print("Its access has ended.")


def _program() -> str:
    """The full path of this program, as it is called, else as it lies beside its Python."""
    called = shutil.which(sys.argv[0])
    if called and Path(called).name == "freshbooks":
        return str(Path(called).absolute())
    return str(Path(sys.executable).with_name("freshbooks"))


def _server_name(connection: str) -> str:
    return "freshbooks" if connection == "default" else f"freshbooks-{connection}"


def _client(name: str) -> tuple[ClientApp, Path]:
    from freshbooks_hub.agent.mcp.client_files import CLIENTS

    if name not in CLIENTS:
        raise typer.BadParameter(f"is one of: {', '.join(CLIENTS)}.", param_hint="client")
    return CLIENTS[name], CLIENTS[name].path(Path.home())


def register(cli: typer.Typer) -> None:
    """Add the commands to the program."""
    cli.add_typer(mcp, name="mcp")
