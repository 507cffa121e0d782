"""Webhook endpoints: addresses of other systems that get events, each with a secret that signs what it gets.

Only addresses of the internet, unless a person allows a private one: otherwise whoever can add a webhook could have
this machine call what only it can reach. The host is resolved here and the connection made to that very address, so
that the name cannot lead elsewhere a moment later.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import secrets
import socket
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import plural
from freshbooks_hub.events.event import CODES
from freshbooks_hub.events.layout import events_file
from freshbooks_hub.sync.alarms import Alarms

ALARM = "webhook:"
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class WebhookUnknown(HubError):
    """No endpoint has this id."""


class WebhookRefused(HubError):
    """An address or an event that cannot be subscribed to."""


class PrivateAddress(HubError):
    """A webhook would go to this machine or a private network."""


class NoAddress(HubError):
    """The host of a webhook has no address."""


@dataclass(frozen=True)
class Endpoint:
    """One address. `secret`: `whsec_` and base64, as Standard Webhooks has it. Times are stamps, UTC."""

    id: str
    url: str = field(repr=False)  # many services put a key into the path
    codes: tuple[str, ...]
    secret: str = field(repr=False)
    private: bool
    added_at: str
    failures: int
    retry_at: str | None
    last_error: str | None
    last_delivery_at: str | None
    waiting: int = 0
    given_up: int = 0

    def is_due(self, now: datetime) -> bool:
        """Whether a pending event may be sent now."""
        return bool(self.waiting) and (self.retry_at is None or self.retry_at <= stamp(now))

    @property
    def host(self) -> str:
        """The host, without the path, which may hold a key."""
        return urlsplit(self.url).netloc


class Endpoints:
    """The endpoints of one connection."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def all(self) -> list[Endpoint]:
        """In the order in which they were added."""
        if not self._home.events.exists():
            return []
        with events_file(self._home) as db:
            rows = db.execute(
                "SELECT e.*, count(*) FILTER (WHERE d.state = 'pending') AS waiting, "
                "count(*) FILTER (WHERE d.state = 'given up') AS given_up "
                "FROM endpoints e LEFT JOIN deliveries d ON d.endpoint_id = e.id GROUP BY e.id ORDER BY e.rowid"
            ).fetchall()
        return [_endpoint(row) for row in rows]

    def find(self, known: str) -> Endpoint:
        """The one of this id. Raises WebhookUnknown."""
        found = next((one for one in self.all() if one.id == known), None)
        if found is None:
            raise WebhookUnknown(f"There is no webhook {known!r}. See them: freshbooks webhooks list")
        return found

    def add(self, url: str, codes: Sequence[str], private: bool, now: datetime) -> Endpoint:
        """Subscribe an address to what happens from now on. Raises WebhookRefused."""
        from freshbooks_hub.events.detection import detect  # not for those who only look who waits

        check_url(url, private)
        unknown = [code for code in codes if code not in CODES]
        if unknown or not codes:
            what = f"There is no event {', '.join(unknown)}." if unknown else "Say which events."
            raise WebhookRefused(f"{what} There are: {', '.join(CODES)}.")
        made = f"wh_{secrets.token_hex(4)}"
        secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
        with events_file(self._home) as db:
            db.execute(
                "INSERT INTO endpoints (id, url, codes, secret, private, added_at) VALUES (?, ?, ?, ?, ?, ?)",
                [made, url, " ".join(dict.fromkeys(codes)), secret, private, stamp(now)],
            )
        detect(self._home, now)  # so that what exists now is not reported as news later
        return self.find(made)

    def remove(self, known: str, now: datetime) -> int:
        """Remove an endpoint and its pending events; returns how many there were. Raises WebhookUnknown."""
        endpoint = self.find(known)
        with events_file(self._home) as db:
            db.execute("DELETE FROM endpoints WHERE id = ?", [known])
        Alarms(self._home).clear(ALARM + known, now=now)
        return endpoint.waiting

    def replay(self, known: str, since: datetime | None) -> int:
        """Send what happened since then again, or else what was given up; how many events. Raises WebhookUnknown."""
        endpoint = self.find(known)
        with events_file(self._home) as db:
            if since is None:
                again = db.execute(
                    "UPDATE deliveries SET state = 'pending', attempts = 0, retry_at = NULL "
                    "WHERE endpoint_id = ? AND state = 'given up'",
                    [known],
                ).rowcount
            else:
                marks = ", ".join("?" * len(endpoint.codes))
                again = db.execute(
                    "INSERT OR REPLACE INTO deliveries (endpoint_id, seq) "  # noqa: S608 - question marks
                    f"SELECT ?, seq FROM events WHERE at >= ? AND code IN ({marks})",
                    [known, stamp(since), *endpoint.codes],
                ).rowcount
            db.execute("UPDATE endpoints SET failures = 0, retry_at = NULL WHERE id = ?", [known])
        return int(again)


def check_url(url: str, private: bool) -> None:
    """Raise WebhookRefused for an invalid address; the host is checked when something is sent."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise WebhookRefused("This is not a web address. Write it like https://example.com/hook.") from None
    if not url.isascii() or re.search(r"\s", url):
        raise WebhookRefused(
            "Write the address with %20 and the like in place of blanks and letters with accents."
        )
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise WebhookRefused("This is not a web address. Write it like https://example.com/hook.")
    if parts.username or parts.password:
        raise WebhookRefused("Leave name and password out of the address; what is sent is signed instead.")
    if parts.scheme == "http" and not private:
        raise WebhookRefused(
            "The address must begin with https. Only one of your own network may begin with http: tick “It is in my "
            "own network”, or give --allow-private."
        )


def resolve(host: str, port: int, private: bool) -> str:
    """An IP address of the host. Raises PrivateAddress where one of its addresses is private, NoAddress."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoAddress(f"The host {host} has no address.") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(is_public(ipaddress.ip_address(one.partition("%")[0])) for one in addresses):
        raise PrivateAddress(
            f"{host} is an address of this machine or of a private network. If it is meant, remove the webhook and add "
            "it again as one of your own network (--allow-private)."
        )
    return addresses[0]


def is_public(address: Address) -> bool:
    """Whether it is an address of the internet, and so is any address embedded in it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def alarm_text(endpoint: Endpoint, error: str) -> str:
    """The alarm when an endpoint has failed for a while."""
    waiting = plural(endpoint.waiting, "event")
    return (
        f"The webhook {endpoint.id} at {endpoint.host} cannot be delivered: {error} {waiting} wait. "
        f"Check the receiver, then send them again in Settings, Webhooks (freshbooks webhooks replay {endpoint.id})."
    )


def _endpoint(row: sqlite3.Row) -> Endpoint:
    fields = dict(row)
    return Endpoint(**fields | {"codes": tuple(row["codes"].split()), "private": bool(row["private"])})
