"""connection.json, the only place where a connection's tokens are stored; and the validation of the config it holds.

Nothing else writes tokens. Every change is made under the lock, on a freshly loaded copy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from freshbooks_hub.connection.profile import Profile
from freshbooks_hub.core.errors import HubError, InvalidConfig, NotConnected, disk_errors
from freshbooks_hub.core.files import check_writable, fsync_folder, write_private
from freshbooks_hub.core.home import Home

if TYPE_CHECKING:
    from filelock import FileLock

REQUIRED = ("client_id", "client_secret", "redirect_uri", "refresh_token")
HINT = "`freshbooks help connector` shows its shape."
# Longer than one token request may take (connect + read timeout).
LOCK_TIMEOUT = 60.0


def read_config(path: Path) -> dict[str, Any]:
    """Read and validate a connector config file; raises InvalidConfig."""
    try:
        config = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidConfig(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        # The parser's message holds a position only; the text itself may be a secret.
        raise InvalidConfig(f"{path} is not valid JSON. {HINT}") from error
    return validate(config)


def validate(config: object) -> dict[str, Any]:
    """Return `config` if it is a complete connector config; raises InvalidConfig naming the field."""
    if not isinstance(config, dict) or not isinstance(config.get("credentials"), dict):
        raise InvalidConfig(f'The config needs an object "credentials". {HINT}')
    credentials = config["credentials"]
    missing = [name for name in REQUIRED if not _text(credentials.get(name))]
    if missing:
        raise InvalidConfig(f"The config lacks credentials.{', credentials.'.join(missing)}. {HINT}")
    try:
        check_redirect_uri(credentials["redirect_uri"])
    except InvalidConfig as error:
        raise InvalidConfig(f"credentials.redirect_uri: {error}") from error
    for name, value in (
        ("credentials.token_expiry_date", credentials.get("token_expiry_date")),
        ("start_date", config.get("start_date")),
    ):
        if value not in (None, ""):
            _check_instant(name, value)
    business_ids = config.get("business_ids", [])
    if not isinstance(business_ids, list) or not all(type(value) is int for value in business_ids):
        raise InvalidConfig("business_ids must be a list of business numbers, for example [439000].")
    return config


def check_redirect_uri(uri: str) -> None:
    """Raise InvalidConfig for one that FreshBooks would not take: HTTPS only, no query (freshbooks-api.md 1.3)."""
    if not uri.isascii() or any(letter <= " " or letter == "\x7f" for letter in uri):
        raise InvalidConfig(
            "The redirect URI holds a blank, a line break or a letter that no address has. Copy it again from your "
            "app at FreshBooks."
        )
    try:
        parts = urlsplit(uri)
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, brackets that do not close
        usable = False
    if not usable or "?" in uri or "#" in uri or "@" in uri:
        raise InvalidConfig(
            "The redirect URI must be the https address registered with your FreshBooks app, without a query string, "
            "for example https://localhost:8765/callback."
        )


def parse_instant(text: str) -> datetime:
    """An RFC 3339 instant with its offset; raises ValueError when the offset is missing."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("no offset")
    return instant


def _check_instant(field: str, value: object) -> None:
    try:
        parse_instant(value if isinstance(value, str) else "")
    except ValueError as error:
        raise InvalidConfig(
            f"{field} must be a time with its zone, for example 2026-01-01T00:00:00Z."
        ) from error


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


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

    @property
    def chosen(self) -> set[int]:
        """The businesses that are synced, as far as they are known."""
        return set(self.business_ids or (self.profile.default_choice() if self.profile else ()))

    @property
    def business_names(self) -> dict[int, str]:
        """Of all businesses of the user, by id; empty where the profile is not known."""
        return {business.id: business.name for business in self.profile.businesses} if self.profile else {}

    @property
    def access_token(self) -> str:
        """Empty where there is none."""
        return str(self.credentials.get("access_token") or "")


class ConnectionStore:
    """Reads and writes one connection.json (mode 0600)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _lock(self) -> FileLock:
        # Imported here so that commands that only read the connection start faster.
        from filelock import FileLock

        return FileLock(self.path.with_name(f"{self.path.name}.lock"), timeout=LOCK_TIMEOUT, mode=0o600)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the connection's lock; re-entrant within a thread."""
        with disk_errors(self.path.parent):
            try:
                self._lock.acquire()
            except TimeoutError as error:
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

    def find(self) -> Connection | None:
        """The stored connection; None if there is none or its file is damaged."""
        try:
            return self.load()
        except NotConnected:
            return None

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
                "FreshBooks is not connected yet. Run `freshbooks connect`, or "
                "`freshbooks demo` to try it without an account."
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
        """Store a new connection, replacing any earlier one; `asked`: the scopes of its log-in."""
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
        """Prove that a new token could be stored, before the old one is spent; raises HomeError."""
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


def state_of(home: Home) -> dict[str, Any]:
    """`state` (connected, refused, damaged, not connected) and `user` of a home's connection, JSON-ready."""
    store = ConnectionStore(home.connection)
    if not store.exists():
        return {"state": "not connected", "user": None}
    try:
        connection = store.load()
    except NotConnected:
        return {"state": "damaged", "user": None}
    user = connection.profile.email or connection.profile.name if connection.profile else None
    return {"state": "refused" if connection.dead_since else "connected", "user": user}
