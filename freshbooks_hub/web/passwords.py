"""Passwords of the pages: what is kept of one, and whether it is the one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from freshbooks_hub.core.errors import HubError

MINIMUM = 10
# OWASP's parameters for scrypt: about 50 ms and 16 MB for each try.
COST, BLOCK, PARALLEL = 2**14, 8, 5
MEMORY = 64 * 1024 * 1024


class WeakPassword(HubError):
    """The password is too short to protect the books on a network."""


def hashed(password: str, salt: bytes | None = None) -> str:
    """`salt$hash` (base64), which is all that is kept; without `salt` a random one. Raises WeakPassword."""
    if len(password) < MINIMUM:
        raise WeakPassword(f"The password needs at least {MINIMUM} characters. Choose a longer one.")
    salt = salt or secrets.token_bytes(16)
    return "$".join(base64.b64encode(part).decode() for part in (salt, _slow_hash(password, salt)))


def accepts(kept: str | None, password: str) -> bool:
    """Whether this is the password of which `kept` is kept; None: there is none, which takes as long to say."""
    salt, expected = (base64.b64decode(part) for part in (kept or _NOBODYS).split("$"))
    return hmac.compare_digest(_slow_hash(password, salt), expected) and kept is not None


def fingerprint(kept: str | None) -> str:
    """Changes with the password: a session that began with an older one ends."""
    return hashlib.sha256((kept or "").encode()).hexdigest()[:16]


def _slow_hash(password: str, salt: bytes) -> bytes:
    text = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=MEMORY)


_NOBODYS = "$".join(base64.b64encode(part).decode() for part in (bytes(16), bytes(64)))
