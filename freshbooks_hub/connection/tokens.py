"""What every request needs: a valid access token, refreshed once for all who ask; and the app's budget of requests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from freshbooks_api.expiry import MARGIN
from freshbooks_api.request_window import RequestWindow
from freshbooks_hub.connection import oauth
from freshbooks_hub.connection.api import Api, ApiRefused
from freshbooks_hub.connection.profile import Profile
from freshbooks_hub.connection.store import Connection, ConnectionStore
from freshbooks_hub.core.clock import Clock, utc_now
from freshbooks_hub.core.errors import HubError, disk_errors
from freshbooks_hub.core.home import Home

# The usual life of an access token (freshbooks-api.md 1.4).
LIFE = timedelta(hours=12)
# A grant that nothing uses is refreshed this long after its access token's end, so at least weekly.
IDLE = timedelta(days=6)


def valid_access_token(store: ConnectionStore, margin: timedelta = MARGIN, clock: Clock = utc_now) -> str:
    """An access token that is valid for at least `margin` more, as far as its end is known.

    One whose end is unknown is handed out until somebody tells `renewed_access_token` that FreshBooks refused it.
    Refreshes under the connection's lock: reload, still valid? then check that a new token can be written,
    spend the old one, persist, return. A refusal for good (invalid_grant) is recorded, so that it is posted
    once until the user connects again. Raises NotConnected, HomeError, OAuthError.
    """
    connection = store.load()
    if not _is_valid(connection, margin, clock):
        with store.locked():
            connection = store.load()
            if not _is_valid(connection, margin, clock):
                connection = _refresh(store, connection, clock)
    return connection.access_token


def renewed_access_token(store: ConnectionStore, refused: str, clock: Clock = utc_now) -> str:
    """Another access token than `refused`, to which FreshBooks answered 401; refreshes unless somebody has since.

    Raises what `valid_access_token` raises.
    """
    with store.locked():
        connection = store.load()
        if connection.access_token == refused:
            connection = _refresh(store, connection, clock)
    return connection.access_token


@dataclass(frozen=True)
class StoredToken:
    """The stored connection as the client's source of tokens. Raises what `valid_access_token` raises."""

    store: ConnectionStore

    def current(self) -> str:
        return valid_access_token(self.store)

    def renewed(self, refused: str) -> str | None:
        try:
            return renewed_access_token(self.store, refused)
        except HubError:
            return None


def identify(home: Home, store: ConnectionStore, clock: Clock = utc_now) -> tuple[str, Profile]:
    """An access token that FreshBooks accepts now, and whose it is. `store`: one of `home`. Raises HubError."""
    token = valid_access_token(store, clock=clock)
    window = request_window(home, store)
    try:
        return token, Api(token, window).me()
    except ApiRefused as refused:
        if refused.status != 401:
            raise
    token = renewed_access_token(store, token, clock)
    return token, Api(token, window).me()


def keep_alive(store: ConnectionStore, clock: Clock = utc_now) -> bool:
    """Refresh a living grant that was idle for `IDLE`; returns whether it did. Meant to be called at any time.

    Raises what `valid_access_token` raises.
    """
    if not store.exists():
        return False
    connection = store.load()
    given = connection.refreshed_at or connection.connected_at
    expires_at = connection.expires_at or given + LIFE
    if connection.dead_since or clock() - expires_at < IDLE:
        return False
    renewed_access_token(store, connection.access_token, clock)
    return True


def examine(home: Home, store: ConnectionStore, clock: Clock = utc_now) -> None:
    """After somebody else's failure: find out whether the grant is still valid, and record it if it does not.

    The source refreshes by itself when FreshBooks refuses its access token, and may be refused for good; its
    words are for people. So the stored tokens are tried: `users/me`, and a refresh if that gives 401. Raises
    GrantRefused (recorded), and nothing for any other trouble, which says nothing about the grant.
    """
    connection = store.load()
    if not connection.dead_since:
        try:
            Api(connection.access_token, request_window(home, store)).me()
            return
        except ApiRefused as refused:
            if refused.status != 401:
                return
        except HubError:
            return
    with store.locked():
        current = store.load()
        if current.credentials["refresh_token"] != connection.credentials["refresh_token"]:
            return
        try:
            _refresh(store, current, clock)
        except oauth.GrantRefused:
            raise
        except HubError:
            return


def request_window_setting(home: Home, config: dict[str, Any]) -> dict[str, str]:
    """The setting of the source for a connection of this `config`. Raises HomeError.

    All that this hub sends for one app counts as one: its syncs, and what it asks FreshBooks itself. However FreshBooks
    counts (freshbooks-api.md 6.3), all connections of this machine with one client id stay within its limit.
    """
    folder = home.base.root / "requests"
    with disk_errors(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
    app = hashlib.sha256(config["credentials"]["client_id"].encode()).hexdigest()[:16]
    return {"request_window": str(folder / app)}


def request_window(home: Home, store: ConnectionStore) -> RequestWindow:
    """For what is sent with the tokens of `store`. Raises NotConnected, HomeError."""
    return RequestWindow(path=request_window_setting(home, store.load().config)["request_window"])


def _is_valid(connection: Connection, margin: timedelta, clock: Clock) -> bool:
    if not connection.access_token:
        return False
    return connection.expires_at is None or connection.expires_at - clock() >= margin


def _refresh(store: ConnectionStore, connection: Connection, clock: Clock) -> Connection:
    if connection.dead_since:
        raise oauth.GrantRefused(
            f"FreshBooks has refused this connection since {connection.dead_since:%Y-%m-%d %H:%M} UTC. "
            "Connect again with `freshbooks connect`."
        )
    store.check_writable()
    try:
        tokens = oauth.refresh(connection.credentials, clock)
    except oauth.GrantRefused:
        store.save(replace(connection, dead_since=clock()))
        raise
    refreshed = connection.with_credentials(tokens.as_credentials())
    store.save(refreshed)
    return refreshed
