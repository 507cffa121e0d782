"""`freshbooks webhooks`: those that other systems get from here, and those that FreshBooks sends here."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.labels import plural
from freshbooks_hub.core.terminal import say

if TYPE_CHECKING:
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.events.endpoints import Endpoint

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
WebhookId = Annotated[str, typer.Argument(metavar="ID", help="As `freshbooks webhooks list` shows it.")]

webhooks = typer.Typer(
    help="Tell other systems what happened (add, list, remove, test, replay); "
    "let FreshBooks say when something changed (enable, disable).",
    no_args_is_help=True,
)


@webhooks.command("add")
def add_webhook(
    url: Annotated[str, typer.Argument(help="Where it is sent, by POST; https.")],
    on: Annotated[
        str,
        typer.Option(
            "--on",
            help="Events, with commas: contact_changed, invoice_paid, invoice_overdue, sync_failed, sync_recovered.",
        ),
    ],
    allow_private: Annotated[
        bool,
        typer.Option("--allow-private", help="It may be on this machine or in a private network, and http."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell a system what happens from now on, each time the books were synced. Its secret is shown once.

    Example: `freshbooks webhooks add https://crm.example.com/hook --on contact_changed,invoice_paid`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.events.endpoints import Endpoints

    home = Home.from_environment().ensure()
    codes = [code.strip() for code in on.split(",") if code.strip()]
    endpoint = Endpoints(home).add(url, codes, allow_private, datetime.now(UTC))
    if as_json:
        print(json.dumps(_as_json(endpoint) | {"secret": endpoint.secret}, indent=2))
        return
    say(
        f"Added {endpoint.id}: {', '.join(endpoint.codes)}.\n"
        f"Secret, shown only now: {endpoint.secret}\n"
        f"Check it: freshbooks webhooks test {endpoint.id}"
    )


@webhooks.command("list")
def list_webhooks(as_json: AsJson = False) -> None:
    """List the systems that are told, with what waits for them.

    Example: `freshbooks webhooks list`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.events.endpoints import Endpoints

    found = Endpoints(Home.from_environment()).all()
    if as_json:
        print(json.dumps([_as_json(one) for one in found], indent=2))
        return
    if not found:
        print("No system is told of anything. Add one: freshbooks webhooks add URL --on contact_changed")
    for one in found:
        last = f"last delivered {one.last_delivery_at}" if one.last_delivery_at else "nothing delivered yet"
        say(
            f"{one.id}  {one.url}\n    {', '.join(one.codes)}; {last}; {plural(one.waiting, 'event')} waiting"
        )
        if one.last_error:
            say(f"    Failing: {one.last_error} Next try after {one.retry_at or 'the next sync'}.")
        if one.given_up:
            say(
                f"    Given up: {plural(one.given_up, 'event')}. Send again: freshbooks webhooks replay {one.id}"
            )


@webhooks.command("remove")
def remove_webhook(known: WebhookId) -> None:
    """Tell a system nothing any more; what waited for it is forgotten.

    Example: `freshbooks webhooks remove wh_1f3a9c20`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.events.endpoints import Endpoints

    waited = Endpoints(Home.from_environment()).remove(known, datetime.now(UTC))
    print(f"Removed {known}." + (f" {plural(waited, 'event')} had not been delivered." if waited else ""))


@webhooks.command("test")
def check_webhook(known: WebhookId, as_json: AsJson = False) -> None:
    """Send a system an event of the type `test`, signed as all are. Exit code 1 if it is not taken.

    Example: `freshbooks webhooks test wh_1f3a9c20`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.events.deliveries import send_test
    from freshbooks_hub.events.endpoints import Endpoints

    home = Home.from_environment()
    answer = send_test(home, Endpoints(home).find(known), datetime.now(UTC))
    if as_json:
        print(json.dumps({"delivered": not answer.error, "status": answer.status, "message": answer.error}))
    else:
        say(f"Not delivered: {answer.error}" if answer.error else f"Delivered: it answered {answer.status}.")
    if answer.error:
        raise typer.Exit(1)


@webhooks.command("replay")
def replay_webhook(
    known: WebhookId,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            help="Everything again that happened since (UTC); events are kept for 30 days. Default: what was given up.",
        ),
    ] = None,
) -> None:
    """Send a system again what it missed, and try a failing one at once.

    Example: `freshbooks webhooks replay wh_1f3a9c20 --since 2026-11-01`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.events.deliveries import deliver
    from freshbooks_hub.events.endpoints import Endpoints

    home = Home.from_environment()
    endpoints = Endpoints(home)
    again = endpoints.replay(known, since.replace(tzinfo=UTC) if since else None)
    deliver(home)
    left = endpoints.find(known)
    print(f"{plural(again, 'event')} to send again; {left.waiting:,} waiting now.")
    if left.last_error:
        say(f"Failing: {left.last_error}")


@webhooks.command("enable")
def enable_webhooks(
    url: Annotated[str, typer.Option(help="Public https address of `freshbooks serve`'s webhook page.")],
) -> None:
    """Register callbacks at FreshBooks; the running server answers its verification.

    Example: `freshbooks webhooks enable --url https://books.example.com/webhooks/freshbooks`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.webhooks import enable

    registered, refused = enable(Home.from_environment().ensure(), url)
    verified = sum(webhook.verified for webhook in registered)
    print(f"{plural(len(registered), 'callback')} registered, {verified} verified.")
    if verified < len(registered):
        print(
            "FreshBooks verifies the others within minutes, if it reaches the server. Run this again to see."
        )
    for reason in refused:
        say(f"Not registered: {reason}")
    if not registered:
        why = "" if refused else " The connection has no business with accounting."
        raise HubError(f"No callback is registered, so nothing will be delivered.{why}")


@webhooks.command("disable")
def disable_webhooks() -> None:
    """Delete the callbacks at FreshBooks; the schedule continues without them.

    Example: `freshbooks webhooks disable`
    """
    from freshbooks_hub.core.home import Home
    from freshbooks_hub.sync.webhooks import disable

    print(f"{plural(disable(Home.from_environment()), 'callback')} deleted.")


@contextmanager
def telling(home: Home) -> Iterator[None]:
    """When the block has synced or failed, look what happened and tell it. What fails there fails no sync."""
    try:
        yield
    except HubError:
        tell(home, news=True)
        raise
    tell(home, news=True)


def tell(home: Home, *, news: bool) -> None:
    """Deliver what waits, after a look for `news`; what is not needed for that is not loaded."""
    if not home.events.exists():
        return
    from freshbooks_hub.events.endpoints import Endpoints

    now = datetime.now(UTC)
    try:
        if news:
            from freshbooks_hub.events.detection import detect

            detect(home, now)
        if any(endpoint.is_due(now) for endpoint in Endpoints(home).all()):
            from freshbooks_hub.events.deliveries import deliver

            deliver(home)
    except HubError as error:
        say(f"Webhooks: {error}", sys.stderr)


def _as_json(one: Endpoint) -> dict[str, Any]:
    names = ("id", "url", "codes", "added_at", "waiting", "given_up", "failures", "retry_at", "last_error")
    return {name: getattr(one, name) for name in (*names, "last_delivery_at")}


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(webhooks, name="webhooks")
