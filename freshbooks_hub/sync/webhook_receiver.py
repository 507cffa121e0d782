"""What FreshBooks delivers to our callbacks (freshbooks-api.md 8): a wake-up for the schedule, never data.

A delivery says what kind of thing changed, without order, guarantee or protection from replay. So it only makes the
group due sooner, at most once a minute; what is read is read as always.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from freshbooks_hub.core.clock import Clock, utc_now
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.schedule import Schedule
from freshbooks_hub.sync.webhooks import GROUP_OF, Webhooks, confirm

logger = logging.getLogger(__name__)
SIGNATURE = "x-freshbooks-hmac-sha256"
MAX_BODY = 64 * 1024


@dataclass(frozen=True)
class Receipt:
    """The answer to a delivery: an HTTP status, a word for the log, the group that was woken, and when it is due."""

    status: int
    message: str
    group: str | None = None
    due: datetime | None = None


def receive(home: Home, headers: Mapping[str, str], body: bytes, clock: Clock = utc_now) -> Receipt:
    """Answer one POST of FreshBooks to `/webhooks/freshbooks`. Blocks for a request when it is a verification.

    `headers` in any case. Only a delivery signed with the verifier of a callback that we registered wakes
    anything; everything else is refused without saying why. What goes wrong here is logged, and told to nobody.
    """
    try:
        return _receive(home, headers, body, clock)
    except HubError as error:
        logger.warning("A webhook was not taken: %s", error)
        return Receipt(503, "not now")


def _receive(home: Home, headers: Mapping[str, str], body: bytes, clock: Clock) -> Receipt:
    if len(body) > MAX_BODY:
        return Receipt(413, "too large")
    try:
        fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True))
    except ValueError:
        return Receipt(400, "not a form")
    webhooks = Webhooks(home)
    if fields.get("name") == "callback.verify":
        return _verify(home, webhooks, fields)
    signature = next((value for name, value in headers.items() if name.lower() == SIGNATURE), "")
    account = fields.get("account_id")
    for webhook in webhooks.all():
        if (
            webhook.verifier
            and webhook.account_id == account
            and is_signed(fields, signature, webhook.verifier)
        ):
            noun = fields.get("name", "").partition(".")[0]
            webhooks.delivered(webhook, clock())
            group = GROUP_OF.get(noun)
            due = _wake(home, group, clock()) if group else None
            return Receipt(200, f"{noun} changed", group, due)
    return Receipt(401, "not signed by a known callback")


def _wake(home: Home, group: str, now: datetime) -> datetime | None:
    """Make the group due sooner; when it is now, None while it waits for a person."""
    schedule = Schedule(home)
    schedule.wake([group], now)
    return next(one.next_due for one in schedule.groups(now) if one.name == group)


def is_signed(fields: Mapping[str, str], signature: str, verifier: str) -> bool:
    """Whether `signature` is base64 of the HMAC-SHA256 over the fields as JSON, in the order sent.

    The JSON is that of Python's `json.dumps`; the compact form is a second chance. Constant time.
    """
    given = signature.encode("utf-8", "replace")
    texts = (json.dumps(fields), json.dumps(fields, separators=(",", ":")))
    made = [base64.b64encode(hmac.digest(verifier.encode(), text.encode(), hashlib.sha256)) for text in texts]
    return any([hmac.compare_digest(given, one) for one in made])  # noqa: C419 - both, always


def _verify(home: Home, webhooks: Webhooks, fields: Mapping[str, str]) -> Receipt:
    """The handshake: FreshBooks sends a code, and wants it back by PUT before it delivers anything."""
    number, account, verifier = (fields.get(name) for name in ("object_id", "account_id", "verifier"))
    waiting = [
        webhook
        for webhook in webhooks.all()
        if not webhook.verified
        and str(webhook.callback_id) == number
        and account in (None, webhook.account_id)  # the documentation's example has no account
    ]
    if len(waiting) != 1 or not verifier:
        return Receipt(404, "no such callback waits")
    [webhook] = waiting
    try:
        confirm(home, webhook, verifier)
    except HubError as error:
        # For our log: the caller may be anybody.
        logger.warning("The callback for %s could not be verified: %s", webhook.event, error)
        return Receipt(502, "not verified")
    webhooks.verified(webhook, verifier)
    return Receipt(200, f"callback for {webhook.event} verified")
