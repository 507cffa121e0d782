"""The commands `freshbooks mcp` and `freshbooks mcp token`."""

from __future__ import annotations

from typing import Annotated

import typer

mcp = typer.Typer(invoke_without_command=True)


@mcp.callback()
def serve_stdio(context: typer.Context) -> None:
    """Let AI agents read the books and propose actions (Model Context Protocol).

    An MCP client starts this by itself and talks over standard input and output; for HTTP see `freshbooks serve`.

    Example, with Claude Code: `claude mcp add freshbooks -- freshbooks mcp`
    """
    if context.invoked_subcommand is None:
        import anyio

        from freshbooks_hub.agent.mcp.server import build_server
        from freshbooks_hub.agent.mcp.transports import serve_stdio
        from freshbooks_hub.core.home import Home

        server = build_server(Home.from_environment().ensure())
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


def register(cli: typer.Typer) -> None:
    """Add the commands to the program."""
    cli.add_typer(mcp, name="mcp")
