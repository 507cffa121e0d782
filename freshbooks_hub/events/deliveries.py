"""Deliver pending events to each endpoint: signed, at least once, in order for each object, retried after a failure.

Signed as Standard Webhooks says (standardwebhooks.com): `webhook-id`, `webhook-timestamp` and `webhook-signature`. A
receiver that is down, slow or refuses everybody is asked again later and later, and its events wait together; one event
that alone is refused holds up only what follows of the same object. After three days an event is given up, and kept for
`replay`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import urllib3
from filelock import FileLock, Timeout
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from freshbooks_hub.connection.oauth import USER_AGENT
from freshbooks_hub.core.clock import Clock, backoff, stamp, utc_now
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.events.endpoints import ALARM, Endpoint, Endpoints, alarm_text, resolve
from freshbooks_hub.events.event import TEST, Event
from freshbooks_hub.events.layout import events_file
from freshbooks_hub.sync.alarms import Alarms

TIMEOUT = urllib3.Timeout(connect=5, read=10)
BUDGET = 20.0  # seconds of one look, over all endpoints
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=6)
GIVE_UP_AFTER, GIVE_UP_TRIES = timedelta(days=3), 8
ALARM_AFTER = 5  # failures in a row, about a quarter of an hour
# It took the event for a wrong one; anything else is about the receiver.
EVENT_REFUSED = {400, 413, 422}


@dataclass(frozen=True)
class Answer:
    """The result of a request. `status`: None without an answer; `error`: a sentence, empty on success."""

    status: int | None
    error: str
    retry_after: timedelta | None = None


Send = Callable[[Endpoint, Event, str, datetime], Answer]


def deliver(home: Home, clock: Clock = utc_now, send: Send | None = None, budget: float = BUDGET) -> int:
    """Send what is due now; returns how many events were accepted. Raises HomeError.

    At once when another process does so already. A failure is stored, and after a while raised as an alarm.
    """
    if not home.events.exists():
        return 0
    send, until, taken = send or post, time.monotonic() + budget, 0
    try:
        with FileLock(home.root / "webhooks.lock", timeout=0, mode=0o600):
            for endpoint in Endpoints(home).all():
                if endpoint.is_due(clock()):
                    taken += _deliver_to(home, endpoint, clock, send, until)
    except Timeout:
        pass
    return taken


def send_test(home: Home, endpoint: Endpoint, now: datetime) -> Answer:
    """Send an event of the code `test`, once."""
    return post(endpoint, Event.new(TEST, "test", now, {}), home.name, now)


def _deliver_to(home: Home, endpoint: Endpoint, clock: Clock, send: Send, until: float) -> int:
    taken = 0
    while time.monotonic() < until:
        with events_file(home) as db:
            row = _next(db, endpoint.id, stamp(clock()))
        if row is None:
            return taken
        event = Event(
            row["code"], row["object"], datetime.fromisoformat(row["at"]), json.loads(row["data"]), row["id"]
        )
        now = clock()
        answer = send(endpoint, event, home.name, now)
        if not answer.error:
            _taken(home, endpoint, row["seq"], now)
            taken += 1
        elif not _failed(home, endpoint, row, answer, now):
            return taken
    return taken


def _next(db: sqlite3.Connection, endpoint: str, now: str) -> sqlite3.Row | None:
    """The first event that is due and follows none of the same object that waits."""
    row: sqlite3.Row | None = db.execute(
        "SELECT e.*, d.attempts FROM deliveries d JOIN events e ON e.seq = d.seq "
        "WHERE d.endpoint_id = ?1 AND d.state = 'pending' AND coalesce(d.retry_at, '') <= ?2 AND NOT EXISTS ("
        "SELECT 1 FROM events f JOIN deliveries g ON g.seq = f.seq AND g.endpoint_id = ?1 "
        "WHERE f.object = e.object AND f.seq < e.seq AND g.state = 'pending') ORDER BY d.seq LIMIT 1",
        [endpoint, now],
    ).fetchone()
    return row


def _taken(home: Home, endpoint: Endpoint, seq: int, now: datetime) -> None:
    with events_file(home) as db:
        db.execute(
            "UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, error = NULL "
            "WHERE endpoint_id = ? AND seq = ?",
            [endpoint.id, seq],
        )
        before = db.execute("SELECT failures FROM endpoints WHERE id = ?", [endpoint.id]).fetchone()
        db.execute(
            "UPDATE endpoints SET failures = 0, retry_at = NULL, last_error = NULL, last_delivery_at = ? WHERE id = ?",
            [stamp(now), endpoint.id],
        )
    if before and before["failures"] >= ALARM_AFTER:
        Alarms(home).clear(ALARM + endpoint.id, now=now)


def _failed(home: Home, endpoint: Endpoint, row: sqlite3.Row, answer: Answer, now: datetime) -> bool:
    """Note it; whether the endpoint may be asked for other events now."""
    attempts = row["attempts"] + 1
    age = now - datetime.fromisoformat(row["at"])
    over = age >= GIVE_UP_AFTER and attempts >= GIVE_UP_TRIES
    alone = answer.status in EVENT_REFUSED
    with events_file(home) as db:
        db.execute(
            "UPDATE deliveries SET state = ?, attempts = ?, retry_at = ?, error = ? WHERE endpoint_id = ? AND seq = ?",
            [
                "given up" if over else "pending",
                attempts,
                stamp(now + _wait(attempts, None)) if alone else None,
                answer.error,
                endpoint.id,
                row["seq"],
            ],
        )
        (failures,) = db.execute(
            "UPDATE endpoints SET failures = failures + 1, last_error = ? WHERE id = ? RETURNING failures",
            [answer.error, endpoint.id],
        ).fetchone() or (0,)
        if not alone:
            db.execute(
                "UPDATE endpoints SET retry_at = ? WHERE id = ?",
                [stamp(now + _wait(failures, answer.retry_after)), endpoint.id],
            )
    if failures >= ALARM_AFTER:
        Alarms(home).raise_(ALARM + endpoint.id, alarm_text(endpoint, answer.error), now)
    return alone


def _wait(failures: int, asked: timedelta | None) -> timedelta:
    own = backoff(failures, FIRST_WAIT, LONGEST_WAIT)
    return min(max(own, asked or own), LONGEST_WAIT)


def body_of(event: Event, connection: str) -> bytes:
    """The body of a delivery, JSON."""
    document = {
        "type": event.code,
        "timestamp": event.at.astimezone(UTC).isoformat(timespec="seconds"),
        "connection": connection,
        "object": event.object,
        "data": event.data,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def signature(secret: str, event_id: str, at: int, body: bytes) -> str:
    """`v1,` and base64 of the HMAC-SHA256 over id, Unix time and body, with dots between them."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.digest(key, f"{event_id}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


def post(endpoint: Endpoint, event: Event, connection: str, now: datetime) -> Answer:
    """One request, without redirects and proxies; only the status of the answer is read."""
    parts = urlsplit(endpoint.url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    body, at = body_of(event, connection), int(now.timestamp())
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": event.id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(endpoint.secret, event.id, at, body),
    }
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        address = resolve(host, port, endpoint.private)
        with _pool(parts.scheme, address, port, host) as pool:
            answer = pool.urlopen(
                *("POST", path),
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            status, retry_after = answer.status, answer.headers.get("Retry-After", "")
            answer.close()
    except HubError as error:
        return Answer(None, str(error))
    except urllib3.exceptions.SSLError:
        return Answer(None, "Its certificate cannot be verified.")
    except urllib3.exceptions.NewConnectionError:  # a kind of time-out to urllib3
        return Answer(None, "It cannot be reached.")
    except urllib3.exceptions.TimeoutError:
        return Answer(None, "It did not answer within 10 seconds.")
    except (urllib3.exceptions.HTTPError, OSError, ValueError):
        return Answer(None, "It cannot be reached.")
    if 200 <= status < 300:
        return Answer(status, "")
    return Answer(
        status,
        f"It answered {status}.",
        timedelta(seconds=int(retry_after)) if retry_after.isdecimal() else None,
    )


def _pool(scheme: str, address: str, port: int, host: str) -> urllib3.HTTPConnectionPool:
    """Connects to this address; the certificate must be the host's."""
    if scheme == "http":
        return urllib3.HTTPConnectionPool(address, port, timeout=TIMEOUT)
    return urllib3.HTTPSConnectionPool(
        *(address, port),
        timeout=TIMEOUT,
        cert_reqs="CERT_REQUIRED",
        ca_certs=os.environ.get("REQUESTS_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH,  # as for FreshBooks
        server_hostname=host,
        assert_hostname=host,
    )
