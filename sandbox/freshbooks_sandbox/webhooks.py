"""Deliveries of webhooks: queued when books change, posted as signed forms (freshbooks-api.md 8).

Only addresses of this machine are ever called. `Behaviours.webhook_routes` stands in for the public address of a
server under test: `{"https://books.example.com": "http://127.0.0.1:8766"}`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from freshbooks_sandbox.behaviours import Behaviours
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.values import Row, words

SIGNATURE = "X-FreshBooks-Hmac-SHA256"
NOUNS = {
    "bills": "bill",
    "bill_vendors": "bill_vendor",
    "expense_categories": "category",
    "clients": "client",
    "credit_notes": "credit_note",
    "estimates": "estimate",
    "expenses": "expense",
    "invoices": "invoice",
    "items": "item",
    "payments": "payment",
    "projects": "project",
    "invoice_profiles": "recurring",
    "services": "service",
    "taxes": "tax",
    "time_entries": "time_entry",
}
EVENTS = frozenset(
    [
        *NOUNS.values(),
        *(f"{noun}.{verb}" for noun in NOUNS.values() for verb in words("create update delete")),
        *words("invoice.sendByEmail estimate.sendByEmail"),
    ]
)
_MOST = 1_000  # a queue that nobody empties loses its oldest
_TIMEOUT = 10.0
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass
class Delivery:
    """One POST. `verifier` signs it; None for the verification itself. `status`: the answer's, once it was sent."""

    uri: str
    fields: dict[str, str]
    verifier: str | None
    status: int | None = None
    problem: str | None = None

    def headers(self) -> dict[str, str]:
        if self.verifier is None:
            return {}
        return {SIGNATURE: signature(self.fields, self.verifier)}

    def plain(self) -> Row:
        return {"uri": self.uri, "fields": self.fields, "status": self.status, "problem": self.problem}


def signature(fields: dict[str, str], verifier: str) -> str:
    """Base64 of the HMAC-SHA256 over the fields as `json.dumps` writes them, in the order sent."""
    digest = hmac.digest(verifier.encode(), json.dumps(fields).encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


class Webhooks:
    """The queue of deliveries. They go at once by a thread, or, with `webhooks_wait`, by `deliver()`."""

    def __init__(self, behaviours: Behaviours, identity_id: int) -> None:
        self._behaviours, self._identity_id = behaviours, identity_id
        self.pending: deque[Delivery] = deque(maxlen=_MOST)
        self.delivered: deque[Delivery] = deque(maxlen=_MOST)
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def heard(self, books: Books, resource: str, verb: str, key: Any) -> None:
        """A record changed: one delivery for each verified callback of its event."""
        noun = NOUNS.get(resource)
        if noun is None or books.account_id is None:
            return
        event = f"{noun}.{verb}"
        for row in books["callbacks"].values():
            if row["verified"] and row["event"] in (noun, event):
                self._put(Delivery(row["uri"], self._fields(books, event, key), row["_verifier"]))

    def verify(self, books: Books, callback: Row) -> None:
        """Ask the callback's address to send the verifier back by PUT."""
        fields = self._fields(books, "callback.verify", callback["callbackid"])
        self._put(Delivery(callback["uri"], {**fields, "verifier": callback["_verifier"]}, None))

    def _fields(self, books: Books, event: str, key: Any) -> dict[str, str]:
        return {
            "name": event,
            "object_id": str(key),
            "account_id": str(books.account_id),
            "business_id": str(books.business_id),
            "identity_id": str(self._identity_id),
            "user_id": "1",
        }

    def _put(self, delivery: Delivery) -> None:
        with self._wake:
            self.pending.append(delivery)
            if self._behaviours.webhooks_wait:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
                self._thread.start()
            self._wake.notify()

    def deliver(self, times: int = 1) -> list[Delivery]:
        """Post what waits, oldest first, each `times` times; those posted. Not while holding the store's lock.

        What a receiver's answer causes (its PUT of the verifier) is done when this returns; deliveries that follow
        from it are posted too.
        """
        sent = []
        while self.pending:
            delivery = self.pending.popleft()
            for _ in range(times):
                self._post(delivery)
            self.delivered.append(delivery)
            sent.append(delivery)
        return sent

    def _post(self, delivery: Delivery) -> None:
        """No retry: FreshBooks documents none."""
        uri = delivery.uri
        for start, target in self._behaviours.webhook_routes.items():
            if uri.startswith(start):
                uri = target + uri.removeprefix(start)
        if urlsplit(uri).hostname not in _HERE:
            delivery.problem = "not sent: the sandbox calls no other machine"
            return
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(
                    uri,
                    data=delivery.fields,
                    headers=delivery.headers(),
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                )
            delivery.status = answer.status_code
        except requests.RequestException as error:
            delivery.problem = type(error).__name__

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(
                    lambda: self._stopping or (self.pending and not self._behaviours.webhooks_wait)
                )
                if self._stopping:
                    return
            self.deliver()

    def stop(self) -> None:
        """End the thread; what still waits stays undelivered."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._stopping = False
