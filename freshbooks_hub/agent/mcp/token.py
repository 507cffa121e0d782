"""The bearer token of `/mcp`: made on first use, kept in the home (mode 0600), replaced on demand."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home

PREFIX = "fbk_"  # so that scanners for leaked secrets find it


def read_token(home: Home) -> str:
    """The token of this home; made when there is none. Raises HomeError."""
    with _locked(home) as path:
        return path.read_text() if path.exists() else _make(path)


def renew_token(home: Home) -> str:
    """A new token in place of the old one, which a restarted server refuses. Raises HomeError."""
    with _locked(home) as path:
        return _make(path)


def same_token(presented: str, expected: str) -> bool:
    """Compare in a time that does not tell how much of `presented` was right."""
    return hmac.compare_digest(presented.encode(), expected.encode())


def _make(path: Path) -> str:
    token = PREFIX + secrets.token_urlsafe(32)
    write_private(path, token.encode())
    return token


@contextmanager
def _locked(home: Home) -> Iterator[Path]:
    # Two servers that start together must agree on one token.
    path = home.ensure().root / "agent.token"
    with disk_errors(home.root), FileLock(path.with_name(f"{path.name}.lock"), mode=0o600):
        yield path
