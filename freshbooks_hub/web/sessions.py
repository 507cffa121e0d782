"""Who is signed in to the pages, and the secrets for it; files of mode 0600, like the tokens.

web.json holds what signs the cookies and the hash of the password; web.sessions.json the hashes of sessions and of the
links that sign in. Both lie in the home, so that `freshbooks open` can give a link for a server that runs, and so that
a browser that signed out stays out, whatever cookie it kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

from filelock import FileLock

from freshbooks_hub.core.clock import Clock, utc_now
from freshbooks_hub.core.errors import HomeError, HubError, disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home
from freshbooks_hub.web import passwords

PASSWORD_VARIABLE = "FRESHBOOKS_WEB_PASSWORD"  # noqa: S105 - a name
LINK_LIFE = timedelta(hours=1)
SESSION_LIFE = timedelta(days=14)
KEPT = 100  # links, and sessions of one person: the newest
OWNER = ""  # among the names of those who are signed in


@dataclass(frozen=True)
class Keys:
    """`secret` signs cookies; `password` is the hash of the owner's, None if none is set.

    `given`: it comes from outside at each start, so that it cannot be changed here.
    """

    secret: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    given: bool = False


def load(home: Home, password: str | None = None) -> Keys:
    """The keys of `home`, created on first use. `password`, else FRESHBOOKS_WEB_PASSWORD, overrides a stored one.

    Raises HomeError, WeakPassword.
    """
    path = _path(home)
    try:
        keys = Keys(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        keys = Keys(secrets.token_urlsafe(32))
        _save(home, keys)
    except (OSError, ValueError, TypeError) as error:
        raise HomeError(
            f"{path} is damaged. Remove it; sessions end and the password must be set again."
        ) from error
    given = password or os.environ.get(PASSWORD_VARIABLE)
    if not given:
        return keys
    # The same hash at every start, so that a restart signs nobody out.
    salt = hashlib.sha256(f"password of {keys.secret}".encode()).digest()[:16]
    return replace(keys, password=passwords.hashed(given, salt), given=True)


def read_password(path: Path) -> str:
    """The password in the first line of a file; raises HomeError if there is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise HomeError(f"{path} cannot be read as the file of the password.") from error
    if not lines:
        raise HomeError(f"{path} is empty; its first line must be the password.")
    return lines[0]


def make_password(path: Path) -> bool:
    """A new password in the file `path` (mode 0600), unless there is a file; whether it was made. Raises HomeError."""
    if path.exists():
        return False
    with disk_errors(path):
        write_private(path, f"{secrets.token_urlsafe(18)}\n".encode())
    return True


def set_password(home: Home, password: str) -> None:
    """Store the hash of a new password; every session ends. Raises WeakPassword or HomeError."""
    _save(home, Keys(secrets.token_urlsafe(32), passwords.hashed(password)))
    Sessions(home).end_all()


def change_password(home: Home, keys: Keys, password: str) -> Keys:
    """The same while a server runs with `keys`: the owner's sessions end. Raises WeakPassword or HomeError."""
    changed = replace(keys, password=passwords.hashed(password))
    _save(home, changed)
    Sessions(home).end_of(OWNER)
    return changed


def _save(home: Home, keys: Keys) -> None:
    home.ensure()
    path = _path(home)
    with disk_errors(path):
        write_private(path, json.dumps({"secret": keys.secret, "password": keys.password}).encode())


def _path(home: Home) -> Path:
    return home.root / "web.json"


class NotServed(HubError):
    """No server of this home is running that a link could lead to."""


@dataclass
class _Record:
    """Hash to the end of its life (UTC); `users`: hash of a session to the name of whose it is, but for the owner's.

    `address`: where the running server is reached by a browser.
    """

    links: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    address: str | None = None

    def user(self, key: str) -> str:
        """Whose session it is."""
        return self.users.get(key, OWNER)


class Sessions:
    """Those of the pages of one home. All calls are safe from any thread and process; they raise HomeError."""

    def __init__(self, home: Home, clock: Clock = utc_now) -> None:
        self._path = home.root / "web.sessions.json"
        self._lock = FileLock(home.root / "web.sessions.json.lock", timeout=10, mode=0o600)
        self._clock = clock

    def serve(self, address: str | None) -> None:
        """A server starts at `address`, or stops (None). Earlier links stop working."""
        with self._changed() as record:
            record.address = address
            record.links.clear()

    @property
    def address(self) -> str | None:
        """Where the running server is reached by a browser; None when none runs."""
        return self._read().address

    def link(self) -> str:
        """A new address that signs in the first browser to open it within an hour. Raises NotServed."""
        if self._read().address is None:
            raise NotServed("The pages are not being served. Start them with `freshbooks serve`.")
        secret = secrets.token_urlsafe(32)
        with self._changed() as record:
            self._keep(record.links, secret, LINK_LIFE)
        return f"{record.address}/open?key={secret}"

    def redeem(self, secret: str) -> bool:
        """Use up the link with this secret; returns whether there was one."""
        with self._changed() as record:
            return record.links.pop(_hash(secret), None) is not None

    def begin(self, user: str = OWNER) -> str:
        """A browser is signed in as `user`: the id of its session, for its cookie."""
        session = secrets.token_urlsafe(32)
        with self._changed() as record:
            own = {key: until for key, until in record.sessions.items() if record.user(key) == user}
            self._keep(own, session, SESSION_LIFE)
            kept = {key: until for key, until in record.sessions.items() if record.user(key) != user}
            record.sessions = kept | own
            if user != OWNER:
                record.users[_hash(session)] = user
        return session

    def is_active(self, session: str, user: str = OWNER) -> bool:
        """Whether this is a session of `user` that has not ended."""
        record, key = self._read(), _hash(session)
        until = record.sessions.get(key)
        if until is None or record.user(key) != user:
            return False
        return datetime.fromisoformat(until) > self._clock()

    def end(self, session: str) -> None:
        """The browser is signed out, also where its cookie was copied to."""
        with self._changed() as record:
            record.sessions.pop(_hash(session), None)

    def end_of(self, user: str) -> None:
        """Every browser in which `user` is signed in is signed out."""
        with self._changed() as record:
            for key in [key for key in record.sessions if record.user(key) == user]:
                del record.sessions[key]

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
            record.users = {key: user for key, user in record.users.items() if key in record.sessions}
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
            dict(record.users)
        except (ValueError, TypeError, AttributeError):
            return _Record()
        return record


def _hash(secret: str) -> str:
    # Random secrets need no slow hash.
    return hashlib.sha256(secret.encode("utf-8", "backslashreplace")).hexdigest()


def has_display() -> bool:
    """Whether a person sits in front of this very machine, at a terminal of a graphical session."""
    if not sys.stdout.isatty() or "SSH_CONNECTION" in os.environ:
        return False
    always = sys.platform in {"darwin", "win32"}
    return always or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def tell(home: Home, link: str, *, browser: bool) -> None:
    """Print the link, and with `browser` open it. Raises HomeError."""
    print(f"Sign in with this link (it works once, within an hour):\n  {link}", flush=True)
    if browser:
        _open(home, link)


def _open(home: Home, link: str) -> None:
    """Through a file that redirects: every user of the machine can read a browser's arguments."""
    page = home.root / "open.html"
    to = escape(link)
    content = (
        '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0;url={to}"><title>FreshBooks hub</title>'
        f'<p><a href="{to}">Open the FreshBooks hub</a></p>'
    )
    with disk_errors(page):
        write_private(page, content.encode())
    webbrowser.open(page.as_uri())
