"""connection.json: the connector config with its tokens, and whether the grant still lives.

Nothing else writes tokens. Every change is made under the lock, on a freshly loaded copy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from freshbooks_hub.connection.config import parse_instant, validate
from freshbooks_hub.connection.profile import Profile
from freshbooks_hub.core.errors import HubError, InvalidConfig, NotConnected, disk_errors
from freshbooks_hub.core.files import check_writable, fsync_folder, write_private

# Longer than one token request may take (connect + read timeout).
LOCK_TIMEOUT = 60.0


@dataclass(frozen=True)
class Connection:
    """One FreshBooks connection. `dead_since` is set once FreshBooks refused the refresh token for good.

    `refreshed_at`: when its tokens were last replaced. `profile`: the user and the businesses, as they were
    when last asked for; None for a connection made from a config file. `asked`: the scopes that the log-in asked
    for; None where that is not known.
    """

    config: dict[str, Any] = field(repr=False)
    connected_at: datetime
    dead_since: datetime | None = None
    refreshed_at: datetime | None = None
    profile: Profile | None = None
    asked: tuple[str, ...] | None = None

    @property
    def credentials(self) -> dict[str, Any]:
        """`config["credentials"]`."""
        credentials: dict[str, Any] = self.config["credentials"]
        return credentials

    @property
    def expires_at(self) -> datetime | None:
        """When the access token expires (UTC); None when that is unknown: it is used until FreshBooks answers 401."""
        text = self.credentials.get("token_expiry_date")
        return parse_instant(text).astimezone(UTC) if text else None

    def with_credentials(self, changed: dict[str, str | None]) -> Connection:
        """A living copy with new tokens."""
        config = self.config | {"credentials": self.credentials | changed}
        return replace(self, config=config, dead_since=None, refreshed_at=datetime.now(UTC))

    @property
    def business_ids(self) -> list[int]:
        """The businesses that were chosen; empty for every one owned or administered."""
        return list(self.config.get("business_ids") or [])


class ConnectionStore:
    """Reads and writes one connection.json (mode 0600)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=LOCK_TIMEOUT, mode=0o600)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the connection's lock; re-entrant within a thread."""
        with disk_errors(self.path.parent):
            try:
                self._lock.acquire()
            except Timeout as error:
                raise HubError(
                    f"Another process has held the connection for over {LOCK_TIMEOUT:.0f} seconds. "
                    "Wait for it to end, or end it, and run the command again."
                ) from error
        try:
            yield
        finally:
            self._lock.release()

    def exists(self) -> bool:
        """Whether a connection is stored."""
        return self.path.exists()

    def load(self) -> Connection:
        """The stored connection; raises NotConnected."""
        try:
            document = json.loads(self.path.read_bytes())
            profile, asked = document.get("profile"), document.get("scopes")
            return Connection(
                config=validate(document["config"]),
                connected_at=parse_instant(document["connected_at"]),
                dead_since=_instant(document.get("dead_since")),
                refreshed_at=_instant(document.get("refreshed_at")),
                profile=Profile.from_json(profile) if profile else None,
                asked=tuple(map(str, asked)) if asked else None,
            )
        except FileNotFoundError as error:
            raise NotConnected(
                "FreshBooks is not connected yet. Run `freshbooks connect`, or"
                "  `freshbooks demo` to try it without an account."
            ) from error
        except (InvalidConfig, ValueError, KeyError, TypeError) as error:
            raise NotConnected(f"{self.path} is damaged. Connect again with `freshbooks connect`.") from error
        except OSError as error:
            raise NotConnected(f"{self.path} cannot be read: {error.strerror}.") from error

    def connect(
        self,
        config: dict[str, Any],
        profile: Profile | None = None,
        asked: Iterable[str] | None = None,
    ) -> Connection:
        """Store a new connection in place of any earlier one; `asked`: the scopes of its log-in."""
        now = datetime.now(UTC)
        wanted = tuple(asked) if asked else None
        connection = Connection(validate(config), now, refreshed_at=now, profile=profile, asked=wanted)
        with self.locked():
            self.save(connection)
        return connection

    def save(self, connection: Connection) -> None:
        """Write `connection` durably; the caller holds the lock. Raises HomeError."""
        document = {
            "config": connection.config,
            "connected_at": connection.connected_at.isoformat(),
            "dead_since": connection.dead_since.isoformat() if connection.dead_since else None,
            "refreshed_at": connection.refreshed_at.isoformat() if connection.refreshed_at else None,
            "profile": connection.profile.as_json() if connection.profile else None,
            "scopes": list(connection.asked) if connection.asked else None,
        }
        with self.locked(), disk_errors(self.path.parent):
            write_private(self.path, json.dumps(document, indent=2).encode())

    def check_writable(self) -> None:
        """Prove that a new token could be kept, before one is spent; raises HomeError."""
        with disk_errors(self.path.parent):
            check_writable(self.path.parent)

    def rotate(self, before: str, credentials: dict[str, Any]) -> Connection:
        """Persist tokens that the source obtained by spending the refresh token `before`.

        Raises HubError when the stored refresh token is another one: the user connected again meanwhile,
        and the newer grant must not be overwritten.
        """
        changed = {
            name: credentials[name] for name in ("access_token", "refresh_token") if credentials.get(name)
        }
        # Unknown too: the end of the token before is not that of this one.
        changed["token_expiry_date"] = credentials.get("token_expiry_date")
        with self.locked():
            current = self.load()
            if current.credentials["refresh_token"] not in {before, changed.get("refresh_token")}:
                raise HubError(
                    "The connection was replaced while this sync was running. Run `freshbooks sync` again."
                )
            rotated = current.with_credentials(changed)
            self.save(rotated)
        return rotated

    def remove(self) -> None:
        """Forget the connection; the lock file stays, others may be waiting for it."""
        with self.locked(), disk_errors(self.path.parent):
            self.path.unlink(missing_ok=True)
            fsync_folder(self.path.parent)


def _instant(text: str | None) -> datetime | None:
    return parse_instant(text) if text else None
