"""Callbacks of FreshBooks' webhooks (freshbooks-api.md 8), registered for each kind of thing and account.

FreshBooks and hub.sqlite know each; what comes in by them: webhook_receiver.py.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from freshbooks_api.client import Client, Json, NoAnswer, Refused, api_url, single
from freshbooks_hub.connection.oauth import USER_AGENT
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import StoredToken, identify, request_window
from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home

# A noun alone subscribes to all of its verbs.
GROUP_OF = {
    "invoice": "invoices",
    "payment": "invoices",
    "credit_note": "invoices",
    "client": "clients",
    "expense": "expenses",
    "category": "categories",
    "time_entry": "time_entries",
    "project": "projects",
    "service": "services",
    "estimate": "estimates",
    "recurring": "recurring",
    "bill": "bills",
    "bill_vendor": "bills",
    "item": "items",
    "tax": "items",
}


class CallbackGone(HubError):
    """FreshBooks does not know the callback (any more)."""


@dataclass(frozen=True)
class Webhook:
    """One registered callback; it delivers nothing before `verified`."""

    callback_id: int
    account_id: str
    event: str
    uri: str
    verifier: str | None = field(repr=False)
    last_delivery_at: str | None

    @property
    def verified(self) -> bool:
        return self.verifier is not None

    @property
    def key(self) -> tuple[str, int]:
        """FreshBooks numbers callbacks per account."""
        return self.account_id, self.callback_id


class Webhooks:
    """The callbacks of one connection that FreshBooks knows."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def all(self) -> list[Webhook]:
        """In the order of their registration."""
        if not self._home.history.exists():
            return []
        with self._connection() as db:
            return [Webhook(*row) for row in db.execute("SELECT * FROM webhooks ORDER BY rowid")]

    def add(self, callback_id: int, account_id: str, event: str, uri: str) -> None:
        """A callback was registered; FreshBooks will ask to have it verified."""
        with self._connection() as db:
            db.execute(
                "INSERT OR REPLACE INTO webhooks (callback_id, account_id, event, uri) VALUES (?, ?, ?, ?)",
                [callback_id, account_id, event, uri],
            )

    def verified(self, webhook: Webhook, verifier: str) -> None:
        """FreshBooks accepted the verifier."""
        self._change("UPDATE webhooks SET verifier = ?", webhook, verifier)

    def delivered(self, webhook: Webhook, now: datetime) -> None:
        """A delivery with its signature came."""
        self._change("UPDATE webhooks SET last_delivery_at = ?", webhook, stamp(now))

    def remove(self, webhook: Webhook) -> None:
        """The callback is gone."""
        self._change("DELETE FROM webhooks", webhook)

    def _change(self, statement: str, webhook: Webhook, *values: str) -> None:
        with self._connection() as db:
            db.execute(f"{statement} WHERE account_id = ? AND callback_id = ?", [*values, *webhook.key])

    def _connection(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._home.history)


def enable(home: Home, uri: str) -> tuple[list[Webhook], list[str]]:
    """Register what is missing or gone, and ask again for the verification of what waits; all of them, and refusals.

    An event that FreshBooks refuses (a scope that was not granted, a plan) is told and left out. Raises
    HubError when nothing can be asked at all.
    """
    if urlsplit(uri).scheme != "https":
        raise HubError(
            "FreshBooks delivers webhooks to https addresses only. Give the public one of your server."
        )
    webhooks, refused = Webhooks(home), []
    present = {
        (webhook.account_id, webhook.event): webhook for webhook in webhooks.all() if webhook.uri == uri
    }
    for account in _accounts(home):
        for event in GROUP_OF:
            webhook = present.get((account, event))
            try:
                if webhook and not _is_there(home, webhook):
                    webhooks.remove(webhook)
                    webhook = None
                if webhook is None:
                    answer = _call(home, "POST", account, "", {"event": event, "uri": uri})
                    webhooks.add(_id(answer), account, event, uri)
            except HubError as error:
                refused.append(f"{event}: {error}")
    return webhooks.all(), refused


def disable(home: Home) -> int:
    """Delete every callback that we registered; how many there were. Raises HubError at the first refusal.

    One that FreshBooks does not know any more is as we want it.
    """
    webhooks = Webhooks(home)
    found = webhooks.all()
    for webhook in found:
        with suppress(CallbackGone):
            _call(home, "DELETE", webhook.account_id, f"/{webhook.callback_id}")
        webhooks.remove(webhook)
    return len(found)


def forget(home: Home) -> None:
    """Before the connection ends: FreshBooks is asked to deliver nothing more, as far as it still listens to us."""
    with suppress(HubError):
        disable(home)


def confirm(home: Home, webhook: Webhook, verifier: str) -> None:
    """Send the verifier back. Raises HubError when FreshBooks does not take it."""
    content = {"callback_id": webhook.callback_id, "verifier": verifier}
    _call(home, "PUT", webhook.account_id, f"/{webhook.callback_id}", content)


def _is_there(home: Home, webhook: Webhook) -> bool:
    """Whether FreshBooks still has it; where it is not verified, it sends the verifier once more."""
    try:
        if webhook.verified:
            _call(home, "GET", webhook.account_id, f"/{webhook.callback_id}")
        else:
            _call(home, "PUT", webhook.account_id, f"/{webhook.callback_id}", {"resend": True})
    except CallbackGone:
        return False
    return True


def _accounts(home: Home) -> list[str]:
    """Of the businesses that are synced. Where the user is only a client nothing may be registered."""
    store = ConnectionStore(home.connection)
    chosen = store.load().config.get("business_ids") or []
    _, profile = identify(home, store)
    businesses = [b for b in profile.businesses if b.can_sync and (not chosen or b.id in chosen)]
    return sorted({business.account_id for business in businesses if business.account_id})


def _call(home: Home, method: str, account: str, rest: str, callback: Json | None = None) -> Json:
    """One call about callbacks; the callback it answers with."""
    store = ConnectionStore(home.connection)
    client = Client(api_url(), StoredToken(store), USER_AGENT, window=request_window(home, store))
    path, headers = f"/events/account/{account}/events/callbacks{rest}", {"Api-Version": "alpha"}
    try:
        if method == "GET":
            answer = client.get(path, headers=headers)
        else:
            data = json.dumps({"callback": callback}).encode() if callback is not None else None
            answer = client.send(method, path, data=data, headers=headers)
    except Refused as refused:
        answer = refused.answer
    except NoAnswer as error:
        raise HubError("FreshBooks gave no usable answer about webhooks. Run the command again.") from error
    if method != "POST" and answer.status in {404, 410}:
        raise CallbackGone(
            f"FreshBooks does not know this callback any more ({answer.status}). Enable webhooks again."
        )
    if method == "GET" and answer.unclear:
        raise HubError("FreshBooks gave no usable answer about webhooks. Run the command again.")
    if answer.status == 401:
        raise HubError("FreshBooks does not accept this connection. Run `freshbooks doctor` to see why.")
    if answer.status >= 400 or answer.error:
        reason = answer.error.message.rstrip(".") if answer.error else "no reason given"
        raise HubError(f"FreshBooks refused ({answer.status}): {reason[:200]}.")
    return single(answer.body or {}, "callback") or {}


def _id(callback: Json) -> int:
    try:
        return int(callback.get("callbackid") or callback["id"])
    except (KeyError, TypeError, ValueError) as error:
        raise HubError("FreshBooks registered a callback without saying its number.") from error
