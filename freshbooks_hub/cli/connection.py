"""`freshbooks connect`, `disconnect`, `connections` and `doctor`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from freshbooks_hub.core.labels import plural
from freshbooks_hub.core.terminal import say

if TYPE_CHECKING:
    from freshbooks_hub.core.home import Home

ClientId = Annotated[
    str | None,
    typer.Option("--client-id", envvar="FRESHBOOKS_CLIENT_ID", help="Of your app; asked for when missing."),
]
ClientSecret = Annotated[
    str | None,
    typer.Option(
        "--client-secret",
        envvar="FRESHBOOKS_CLIENT_SECRET",
        help="Better set in the environment or typed when asked: other users can see a command line.",
    ),
]


def connect(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", help="No browser: a connector config with tokens; see `freshbooks help connector`."
        ),
    ] = None,
    client_id: ClientId = None,
    client_secret: ClientSecret = None,
    scopes: Annotated[
        str | None,
        typer.Option(
            help="What to ask for: basic (clients, invoices, expenses, reports), readable (everything), "
            "extended (also user:account:read and user:retainers:read; enable them on your app first), "
            "or a list of scopes with commas. [default: as last time, else readable]"
        ),
    ] = None,
    actions: Annotated[
        bool, typer.Option("--actions", help="Ask also for what agents' approved actions need.")
    ] = False,
    business: Annotated[
        list[int] | None,
        typer.Option(help="Sync this business (its id); may be repeated. Otherwise you are asked."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Port of the redirect URI https://localhost:PORT/callback. [default: 8765]"
        ),
    ] = None,
    redirect_uri: Annotated[
        str | None,
        typer.Option(
            help="The redirect URI that your app has already. If this program cannot listen there, you paste the "
            "address that FreshBooks sends you to."
        ),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(help="The redirect URI is URL/callback; your proxy passes it on to PORT, by HTTP."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(help="Your own certificate for localhost, in PEM, instead of one made here."),
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The key of --certificate.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
    non_interactive: Annotated[
        bool,
        typer.Option(
            "--non-interactive",
            help="Take a connection made elsewhere: a connector config as JSON on standard input, with tokens or with "
            "`code` in place of `refresh_token`. Prints one JSON object.",
        ),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="With --non-interactive: also in place of a living connection.")
    ] = False,
) -> None:
    """Connect FreshBooks: log in by browser, choose businesses, check what can be read.

    Example: `freshbooks connect --scopes basic`
    """
    from freshbooks_hub.connection import certificate as certificates
    from freshbooks_hub.connection import permissions
    from freshbooks_hub.connection.terminal import Interactive, Options
    from freshbooks_hub.core.home import Home

    home = Home.from_environment()
    asked = permissions.asked(scopes or "readable", actions) if scopes or actions else None
    if replace and not non_interactive:
        raise typer.BadParameter("belongs to --non-interactive.", param_hint="--replace")
    if non_interactive:
        if config is not None:
            raise typer.BadParameter("excludes --config.", param_hint="--non-interactive")
        _take_over(home, business or [], asked, replace)
        return
    if config is not None:
        _connect_by_config(config, asked)
        return
    if (certificate is None) != (key is None):
        raise typer.BadParameter("--certificate and --key belong together.")
    if redirect_uri is not None and public_url is not None:
        raise typer.BadParameter("--redirect-uri and --public-url exclude each other.")
    from rich.console import Console

    options = Options(
        client_id=client_id,
        client_secret=client_secret,
        port=port,
        public_url=public_url,
        redirect_uri=redirect_uri,
        certificate=certificates.own(certificate, key) if certificate and key else None,
        asked=asked,
        businesses=tuple(business or ()),
        browser=browser,
    )
    Interactive(home, options, Console()).run()


def _connect_by_config(config: Path, asked: tuple[str, ...] | None) -> None:
    from freshbooks_hub.connection.store import read_config
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.verification import connect as store_and_check

    home = Home.from_environment()
    for sentence in store_and_check(home, read_config(config), asked=asked):
        print(sentence)
    print(
        f"Connected. The tokens are kept in {home.connection} from now on; those in {config} may have been used up.\n"
        "Next: freshbooks sync"
    )


def _take_over(home: Home, businesses: list[int], asked: tuple[str, ...] | None, replace: bool) -> None:
    from freshbooks_hub.connection.handover import Handover, described, take_over
    from freshbooks_hub.core.errors import InvalidConfig

    if sys.stdin.isatty():
        raise InvalidConfig("--non-interactive reads a connector config from standard input; pipe it in.")
    handed = Handover.of(sys.stdin.read())
    if businesses:
        handed.config["business_ids"] = businesses
    synced = take_over(home, handed, asked=asked, replace=replace)
    print(json.dumps(described(home, synced), indent=2))


def disconnect(
    delete_data: Annotated[
        bool,
        typer.Option(
            "--delete-data",
            help="Delete everything of this connection too: tables, marts, settings, the record of agents' actions.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End the grant at FreshBooks and forget its tokens; what was synced stays, unless `--delete-data` is given.

    Example: `freshbooks --connection bakery disconnect --delete-data`
    """
    from freshbooks_hub.agent.mcp.oauth.grants import Grants
    from freshbooks_hub.connection import login
    from freshbooks_hub.connection.removal import remove
    from freshbooks_hub.connection.store import ConnectionStore
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync import webhooks
    from freshbooks_hub.web.users import Users

    home = Home.from_environment()
    if not (delete_data or home.candidate.exists()):
        ConnectionStore(home.connection).load()
    if not yes:
        what = f"Disconnect {home.name} and delete all of its data in" if delete_data else "Disconnect"
        typer.confirm(f"{what} {home.root}?", abort=True)
    if delete_data and home.base.history.exists():
        Grants(home).revoke_all_of(home.name)
    if delete_data:
        Users(home).forget(home.name)
    webhooks.forget(home)
    told = remove(home) if delete_data else login.disconnect(home)
    left = f"Its data in {home.root} is deleted." if delete_data else f"The data stays in {home.root}."
    print(f"Disconnected. {left}")
    if not told.revoked:
        say(f"The access could not be revoked at FreshBooks: {told.why_not}")


def connections(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list instead of text.")] = False,
) -> None:
    """List the connections and how each is doing; `freshbooks --connection NAME COMMAND` works on one of them.

    Example: `freshbooks connections --json`
    """
    from freshbooks_hub.agent.actions.waiting import waiting
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.status.health import health, in_short

    now = datetime.now(UTC)
    rows = [health(home, now) | {"approvals": waiting(home)} for home in Home.connections()]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'name':<20}  {'state':<13}  {'last sync (UTC)':<16}  {'next (UTC)':<16}  attention")
    for row in rows:
        last, due, notes = in_short(row)
        if row["approvals"]:
            notes.append(plural(row["approvals"], "approval"))
        say(f"{row['name']:<20}  {row['state']:<13}  {last:<16}  {due:<16}  {', '.join(notes)}".rstrip())


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list instead of a table.")] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Check on your own account, by reading alone, what is assumed of FreshBooks."
        ),
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="With --verify: print a report without your data, for an issue.")
    ] = False,
) -> None:
    """Find problems and how to fix them. Exit code 1 if there are any.

    Example: `freshbooks doctor --verify`
    """
    if report and not verify:
        raise typer.BadParameter("belongs to --verify.", param_hint="--report")
    if verify:
        _verify(as_json, report)
        return
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.doctor.checkup import run

    findings = run(Home.from_environment())
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        from rich.console import Console

        from freshbooks_hub.doctor.finding import as_table

        Console().print(as_table(findings))
        failed = sum(not finding.ok for finding in findings)
        found = f"{plural(failed, 'problem')} found; `freshbooks help troubleshooting` explains each."
        print(found if failed else "No problems found.")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _verify(as_json: bool, report: bool) -> None:
    """Ask the account, keep what was found for the next syncs, and print it."""
    from freshbooks_api.verified import redacted, table
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.core.locks import sync_lock
    from freshbooks_hub.sync.verification import verify

    home = Home.from_environment().ensure()
    with sync_lock(home.root):
        document = verify(home)
    if as_json:
        print(json.dumps(document, indent=2))
    else:
        say(redacted(document) if report else table(document))


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    for command in (connect, disconnect, connections, doctor):
        cli.command()(command)
