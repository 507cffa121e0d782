"""web.json: what signs the cookies, and the hash of the password. Mode 0600, as the tokens are."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from freshbooks_hub.core.errors import HomeError, HubError, disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home
from freshbooks_hub.web.sessions import Sessions

PASSWORD_VARIABLE = "FRESHBOOKS_WEB_PASSWORD"  # noqa: S105 - a name
MINIMUM = 10
# OWASP's parameters for scrypt: about 50 ms and 16 MB for each try.
COST, BLOCK, PARALLEL = 2**14, 8, 5
MEMORY = 64 * 1024 * 1024


class WeakPassword(HubError):
    """The password is too short to protect the books on a network."""


@dataclass(frozen=True)
class Keys:
    """`secret` signs cookies; `password` is `salt$hash` (base64), None while no password is set."""

    secret: str = field(repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def fingerprint(self) -> str:
        """Changes with the password: a session signed in with an older one ends."""
        return hashlib.sha256((self.password or "").encode()).hexdigest()[:16]

    def accepts(self, password: str) -> bool:
        """Whether this is the password; takes the same time for every wrong one."""
        if self.password is None:
            return False
        salt, expected = (base64.b64decode(part) for part in self.password.split("$"))
        return hmac.compare_digest(_hash(password, salt), expected)


def load(home: Home, password: str | None = None) -> Keys:
    """The keys of `home`, made at the first call. `password`, else FRESHBOOKS_WEB_PASSWORD, goes before a stored one.

    Raises HomeError, and WeakPassword.
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
    return replace(keys, password=_hashed(given, salt))


def read_password(path: Path) -> str:
    """The password in the first line of a file; raises HomeError when there is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise HomeError(f"{path} cannot be read as the file of the password.") from error
    if not lines:
        raise HomeError(f"{path} is empty; its first line is to be the password.")
    return lines[0]


def make_password(path: Path) -> bool:
    """A new password in the file `path` (mode 0600), unless there is a file; whether it was made. Raises HomeError."""
    if path.exists():
        return False
    with disk_errors(path):
        write_private(path, f"{secrets.token_urlsafe(18)}\n".encode())
    return True


def set_password(home: Home, password: str) -> None:
    """Keep the hash of a new password; every session ends. Raises WeakPassword or HomeError."""
    _save(home, Keys(secrets.token_urlsafe(32), _hashed(password, secrets.token_bytes(16))))
    Sessions(home).end_all()


def _hashed(password: str, salt: bytes) -> str:
    if len(password) < MINIMUM:
        raise WeakPassword(f"The password needs at least {MINIMUM} characters. Choose a longer one.")
    return "$".join(base64.b64encode(part).decode() for part in (salt, _hash(password, salt)))


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=MEMORY)


def _save(home: Home, keys: Keys) -> None:
    home.ensure()
    path = _path(home)
    with disk_errors(path):
        write_private(path, json.dumps(asdict(keys)).encode())


def _path(home: Home) -> Path:
    return home.root / "web.json"
