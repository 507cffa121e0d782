"""`freshbooks serve`, `freshbooks open` and `freshbooks worker`."""

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
        typer.Option("--name", help="Another host name of this server; may be repeated."),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(
            help="The https address of a proxy in front of this server. The redirect URI is URL/callback."
        ),
    ] = None,
    open_browser: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open",
            help="Open the pages in the browser. Default: if there is one at this terminal.",
        ),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="A file that holds the password, as services and containers have it.")
    ] = None,
    create_password: Annotated[
        bool, typer.Option("--create-password", help="Create the password file if it does not exist.")
    ] = False,
    set_password: Annotated[
        bool, typer.Option("--set-password", help="Set the password of the pages, and stop.")
    ] = False,
) -> None:
    """Keep the books up to date and show them: status, balances, expenses, time, approvals; agents at /mcp.

    Without a password it prints a link that signs you in; nobody else on this machine can see the pages.

    Example: `freshbooks serve`
    """
    from freshbooks_hub.core.home import Home

    home = Home.from_environment().base
    if set_password:
        from freshbooks_hub.web.sessions import set_password as keep

        keep(home, typer.prompt("Password", hide_input=True, confirmation_prompt=True))
        print("Saved. Everybody who was signed in is signed out; restart `freshbooks serve`.")
        return
    from freshbooks_hub.web import sessions
    from freshbooks_hub.web.server import Options
    from freshbooks_hub.web.server import serve as run

    if create_password:
        if password_file is None:
            raise typer.BadParameter("needs --password-file", param_hint="--create-password")
        home.ensure()
        if sessions.make_password(password_file):
            print(f"A password for the pages was created. Read it with: cat {password_file}", flush=True)
    address = public_url.rstrip("/") if public_url else None
    password = sessions.read_password(password_file) if password_file else None
    browser = sessions.has_display() if open_browser is None else open_browser
    run(home, Options(host, port, tuple(name or ()), address, browser, password))


def open_pages(
    browser: Annotated[
        bool | None,
        typer.Option(
            "--browser/--no-browser",
            help="Open the link in the browser. Default: if there is one at this terminal.",
        ),
    ] = None,
) -> None:
    """Print a link that signs a browser in to the pages of the running `freshbooks serve`.

    It works once, within an hour. Run it again for another browser.

    Example: `freshbooks open`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.web import sessions
    from freshbooks_hub.web.sessions import Sessions

    home = Home.from_environment().base
    link = Sessions(home).link()
    sessions.tell(home, link, browser=sessions.has_display() if browser is None else browser)


def worker() -> None:
    """Keep the books up to date as `freshbooks serve` does, without pages, agents and webhooks.

    For containers and service managers; it listens nowhere, so it needs no password.

    Example: `freshbooks worker`
    """
    from freshbooks_hub.agent.worker import work
    from freshbooks_hub.notifications.notify import notify

    work(notify)


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(serve)
    cli.command("open")(open_pages)
    cli.command()(worker)
