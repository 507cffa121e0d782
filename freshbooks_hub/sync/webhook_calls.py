"""Callbacks at FreshBooks (freshbooks-api.md 8), one for each kind of thing and account: kept here, asked for there."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from freshbooks_api.errors import error_of
from freshbooks_hub.connection.oauth import USER_AGENT, api_url
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import identify, renewed_access_token, valid_access_token
from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home

TIMEOUT = (10.0, 30.0)
# A noun alone subscribes to all of its verbs.
ENTITY_OF = {
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


class Webhooks:
    """The callbacks of one connection that FreshBooks knows."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def all(self) -> list[Webhook]:
        """In the order of their registration."""
        if not self._home.history.exists():
            return []
        with self._connection() as db:
            return [Webhook(*row) for row in db.execute("SELECT * FROM webhooks ORDER BY callback_id")]

    def add(self, callback_id: int, account_id: str, event: str, uri: str) -> None:
        """A callback was registered; FreshBooks will ask to have it verified."""
        with self._connection() as db:
            db.execute(
                "INSERT OR REPLACE INTO webhooks (callback_id, account_id, event, uri) VALUES (?, ?, ?, ?)",
                [callback_id, account_id, event, uri],
            )

    def verified(self, callback_id: int, verifier: str) -> None:
        """FreshBooks accepted the verifier."""
        with self._connection() as db:
            db.execute("UPDATE webhooks SET verifier = ? WHERE callback_id = ?", [verifier, callback_id])

    def delivered(self, callback_id: int, now: datetime) -> None:
        """A delivery with its signature came."""
        with self._connection() as db:
            db.execute(
                "UPDATE webhooks SET last_delivery_at = ? WHERE callback_id = ?", [stamp(now), callback_id]
            )

    def remove(self, callback_id: int) -> None:
        """The callback is gone."""
        with self._connection() as db:
            db.execute("DELETE FROM webhooks WHERE callback_id = ?", [callback_id])

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
        for event in ENTITY_OF:
            webhook = present.get((account, event))
            try:
                if webhook and not _is_there(home, webhook):
                    webhooks.remove(webhook.callback_id)
                    webhook = None
                if webhook is None:
                    answer = _send(home, "POST", account, "", {"event": event, "uri": uri})
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
            _send(home, "DELETE", webhook.account_id, f"/{webhook.callback_id}", None)
        webhooks.remove(webhook.callback_id)
    return len(found)


def confirm(home: Home, webhook: Webhook, verifier: str) -> None:
    """Send the verifier back. Raises HubError when FreshBooks does not take it."""
    content = {"callback_id": webhook.callback_id, "verifier": verifier}
    _send(home, "PUT", webhook.account_id, f"/{webhook.callback_id}", content)


def _is_there(home: Home, webhook: Webhook) -> bool:
    """Whether FreshBooks still has it; where it is not verified, it sends the verifier once more."""
    try:
        if webhook.verified:
            _send(home, "GET", webhook.account_id, f"/{webhook.callback_id}", None)
        else:
            _send(home, "PUT", webhook.account_id, f"/{webhook.callback_id}", {"resend": True})
    except CallbackGone:
        return False
    return True


def _accounts(home: Home) -> list[str]:
    store = ConnectionStore(home.connection)
    chosen = store.load().config.get("business_ids") or []
    _, profile = identify(store)
    businesses = profile.businesses
    return sorted({b.account_id for b in businesses if b.account_id and (not chosen or b.id in chosen)})


def _send(
    home: Home, method: str, account: str, rest: str, callback: dict[str, Any] | None
) -> dict[str, Any]:
    store = ConnectionStore(home.connection)
    token = valid_access_token(store)

    def call(token: str) -> requests.Response:
        return requests.request(
            method,
            f"{api_url()}/events/account/{account}/events/callbacks{rest}",
            json={"callback": callback} if callback is not None else None,
            headers={"Authorization": f"Bearer {token}", "User-Agent": USER_AGENT, "Api-Version": "alpha"},
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    try:
        response = call(token)
        if response.status_code == 401:  # nothing was done
            response = call(renewed_access_token(store, token))
        gone = method != "POST" and response.status_code in {404, 410}
        body = response.json() if response.content and not gone else {}
    except (requests.RequestException, ValueError) as error:
        raise HubError("FreshBooks gave no usable answer about webhooks. Run the command again.") from error
    if gone:
        raise CallbackGone(
            f"FreshBooks does not know this callback any more ({response.status_code}). Enable webhooks again."
        )
    found = error_of(body)
    if response.status_code >= 400 or found:
        reason = found.message if found else "no reason given"
        raise HubError(f"FreshBooks refused ({response.status_code}): {reason[:200]}.")
    inner = body.get("response", {}) if isinstance(body, dict) else {}
    result = inner.get("result", {}) if isinstance(inner, dict) else {}
    answer: dict[str, Any] = result.get("callback", {}) if isinstance(result, dict) else {}
    return answer


def _id(callback: dict[str, Any]) -> int:
    try:
        return int(callback.get("callbackid") or callback["id"])
    except (KeyError, TypeError, ValueError) as error:
        raise HubError("FreshBooks registered a callback without telling its number.") from error
