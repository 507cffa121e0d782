"""The kinds of events, by code, and one event."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

CONTACT_CHANGED = "contact_changed"
INVOICE_PAID = "invoice_paid"
INVOICE_OVERDUE = "invoice_overdue"
SYNC_FAILED = "sync_failed"
SYNC_RECOVERED = "sync_recovered"
TEST = "test"  # sent only by `freshbooks webhooks test`; nobody subscribes to it

# Each code with its description for people, and the names of its `data`.
CODES: dict[str, tuple[str, tuple[str, ...]]] = {
    CONTACT_CHANGED: (
        "A contact of a client was added, changed or removed",
        (
            "change",
            "contact",
        ),  # change: added, changed, removed; contact: the row of crm_contacts, or its key
    ),
    INVOICE_PAID: ("An invoice was paid in full", ("invoice",)),
    INVOICE_OVERDUE: ("An invoice went overdue", ("invoice",)),
    SYNC_FAILED: ("A sync failed", ("message", "started_at")),
    SYNC_RECOVERED: ("Syncs work again after a failure", ("started_at",)),
}


@dataclass(frozen=True)
class Event:
    """One event.

    `id` is the same however often it is sent. `object`: what it is about, `invoice:ACCOUNT:BUSINESS:ID`; events of one
    object are sent in their order. `at`: when it was noticed, UTC. `data`: JSON-ready and without secrets; money is
    text, with the code of its currency beside it, days are ISO dates.
    """

    code: str
    object: str
    at: datetime
    data: dict[str, Any]
    id: str

    @classmethod
    def new(cls, code: str, about: str, at: datetime, data: dict[str, Any]) -> Event:
        """An event with an id of its own."""
        return cls(code, about, at, data, f"evt_{secrets.token_hex(12)}")
