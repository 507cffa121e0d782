"""Passwords of the pages: how they are stored and checked, and how often a wrong one may be tried."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from freshbooks_hub.core.errors import HubError

MINIMUM = 10
# OWASP's parameters for scrypt: about 50 ms and 16 MB for each try.
COST, BLOCK, PARALLEL = 2**14, 8, 5
MEMORY = 64 * 1024 * 1024
# After five wrong passwords for one name half a minute's pause, after fifty in all for everyone.
FAILURES, FAILURES_OF_ALL, PAUSE = 5, 50, 30.0
NAMES = 1000  # whose failures are counted


class WeakPassword(HubError):
    """The password is too short to protect the books on a network."""


def hashed(password: str, salt: bytes | None = None) -> str:
    """`salt$hash` (base64), which is all that is stored; without `salt` a random one. Raises WeakPassword."""
    if len(password) < MINIMUM:
        raise WeakPassword(f"The password needs at least {MINIMUM} characters. Choose a longer one.")
    salt = salt or secrets.token_bytes(16)
    return "$".join(base64.b64encode(part).decode() for part in (salt, _slow_hash(password, salt)))


def accepts(kept: str | None, password: str) -> bool:
    """Whether this is the password stored as `kept`. None means no password, and takes as long to check."""
    salt, expected = (base64.b64decode(part) for part in (kept or _NOBODYS).split("$"))
    return hmac.compare_digest(_slow_hash(password, salt), expected) and kept is not None


def fingerprint(kept: str | None) -> str:
    """Changes with the password: a session that began with an older one ends."""
    return hashlib.sha256((kept or "").encode()).hexdigest()[:16]


def _slow_hash(password: str, salt: bytes) -> bytes:
    text = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=MEMORY)


_NOBODYS = "$".join(base64.b64encode(part).decode() for part in (bytes(16), bytes(64)))


@dataclass
class _Failures:
    """In a row, and the end of the pause after too many."""

    number: int = 0
    closed_until: float = 0.0


class LoginThrottle:
    """Slows down guessing: after several wrong passwords nobody can sign in by that name for a while.

    By name, so that nobody guesses another's password between signings-in of their own; and all together.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_all = _Failures()
        self._of: OrderedDict[str, _Failures] = OrderedDict()

    def admit(self, name: str = "") -> float:
        """Reserve a try, which counts as a failure until it is accepted; else the seconds until the next one."""
        with self._lock:
            now = time.monotonic()
            own = self._of.setdefault(name, _Failures())
            self._of.move_to_end(name)
            while len(self._of) > NAMES:
                self._of.popitem(last=False)
            counts = ((own, FAILURES), (self._of_all, FAILURES_OF_ALL))
            waits = max(count.closed_until for count, _ in counts) - now
            if waits > 0:
                return waits
            for count, most in counts:
                count.number += 1
                if count.number >= most:
                    count.number, count.closed_until = 0, now + PAUSE
            return 0.0

    def accepted(self, name: str = "") -> None:
        """The password was right: the count of this name begins anew."""
        with self._lock:
            self._of.pop(name, None)
            self._of_all.number = max(0, self._of_all.number - 1)
