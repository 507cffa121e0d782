"""Who is signed in, and the links that sign in: web.sessions.json (mode 0600), which holds hashes only.

It lies in the home, so that `freshbooks open` can give a link for a server that runs, and so that a browser that
signed out stays out, whatever cookie it kept.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from filelock import FileLock

from freshbooks_hub.core.clock import Clock, utc_now
from freshbooks_hub.core.errors import HubError, disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home

LINK_LIFE = timedelta(hours=1)
SESSION_LIFE = timedelta(days=14)
KEPT = 100  # of each: the newest


class NotServed(HubError):
    """No server of this home is running that a link could lead to."""


@dataclass
class _Record:
    """Hash to the end of its life (UTC). `address`: where the running server is reached by a browser."""

    links: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    address: str | None = None


class Sessions:
    """Those of the pages of one home. All calls are safe from any thread and process; they raise HomeError."""

    def __init__(self, home: Home, clock: Clock = utc_now) -> None:
        self._path = home.root / "web.sessions.json"
        self._lock = FileLock(home.root / "web.sessions.json.lock", timeout=10, mode=0o600)
        self._clock = clock

    def serve(self, address: str | None) -> None:
        """A server starts at `address`, or ends (None). Links that were given before lead nowhere from now on."""
        with self._changed() as record:
            record.address = address
            record.links.clear()

    def link(self) -> str:
        """A new address that signs in the first browser to open it within an hour. Raises NotServed."""
        if self._read().address is None:
            raise NotServed("The pages are not being served. Start them with `freshbooks serve`.")
        secret = secrets.token_urlsafe(32)
        with self._changed() as record:
            self._keep(record.links, secret, LINK_LIFE)
        return f"{record.address}/open?key={secret}"

    def redeem(self, secret: str) -> bool:
        """Use up the link with this secret; whether there was one."""
        with self._changed() as record:
            return record.links.pop(_hash(secret), None) is not None

    def begin(self) -> str:
        """A browser is signed in: the id of its session, for its cookie."""
        session = secrets.token_urlsafe(32)
        with self._changed() as record:
            self._keep(record.sessions, session, SESSION_LIFE)
        return session

    def living(self, session: str) -> bool:
        """Whether this is a session that has not ended."""
        until = self._read().sessions.get(_hash(session))
        return until is not None and datetime.fromisoformat(until) > self._clock()

    def end(self, session: str) -> None:
        """The browser is signed out, also where its cookie was copied to."""
        with self._changed() as record:
            record.sessions.pop(_hash(session), None)

    def end_all(self) -> None:
        """Every browser is signed out."""
        with self._changed() as record:
            record.sessions.clear()
            record.links.clear()

    def _keep(self, kept: dict[str, str], secret: str, life: timedelta) -> None:
        kept[_hash(secret)] = (self._clock() + life).isoformat()
        for oldest in list(kept)[:-KEPT]:
            del kept[oldest]

    @contextmanager
    def _changed(self) -> Iterator[_Record]:
        """What lives still; saved when the block ends well."""
        with disk_errors(self._path.parent), self._lock:
            record, now = self._read(), self._clock()
            for kept in (record.links, record.sessions):
                for one in [one for one, until in kept.items() if datetime.fromisoformat(until) <= now]:
                    del kept[one]
            before = json.dumps(asdict(record))
            yield record
            content = json.dumps(asdict(record))
            if content != before:
                write_private(self._path, content.encode())

    def _read(self) -> _Record:
        """A file that is damaged is as none: everybody signs in again."""
        with disk_errors(self._path):
            try:
                content = self._path.read_bytes()
            except FileNotFoundError:
                return _Record()
        try:
            record = _Record(**json.loads(content))
            for until in (*record.links.values(), *record.sessions.values()):
                datetime.fromisoformat(until)
        except (ValueError, TypeError, AttributeError):
            return _Record()
        return record


def _hash(secret: str) -> str:
    # Random secrets need no slow hash.
    return hashlib.sha256(secret.encode("utf-8", "backslashreplace")).hexdigest()
