"""`freshbooks serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8766,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine need a password.")
    ] = ("127.0.0.1"),
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="A further name this server is called by; may be repeated."),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(
            help="The https address of a proxy in front of this server. The redirect URI is URL/callback."
        ),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the pages in the browser.")] = False,
    password_file: Annotated[
        Path | None, typer.Option(help="A file that holds the password, as containers have it.")
    ] = None,
    set_password: Annotated[
        bool, typer.Option("--set-password", help="Ask for a password of the pages, keep its hash, and stop.")
    ] = False,
) -> None:
    """Keep the books in step and show them: status, balances, expenses, time, approvals; agents at /mcp.

    Example: `freshbooks serve --open`
    """
    from freshbooks_hub.home import Home

    home = Home.from_environment().base
    if set_password:
        from freshbooks_hub.web.keys import set_password as keep

        keep(home, typer.prompt("Password", hide_input=True, confirmation_prompt=True))
        print("Kept. Everybody who was signed in is signed out; restart `freshbooks serve`.")
        return
    from freshbooks_hub.web.keys import read_password
    from freshbooks_hub.web.server import Options
    from freshbooks_hub.web.server import serve as run

    address = public_url.rstrip("/") if public_url else None
    password = read_password(password_file) if password_file else None
    run(home, Options(host, port, tuple(name or ()), address, open_browser, password))


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(serve)
