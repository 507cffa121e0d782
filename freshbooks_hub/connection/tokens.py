"""A valid access token for whoever needs one; one refresh however many ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from freshbooks_hub.connection import oauth
from freshbooks_hub.connection.store import Connection, ConnectionStore

MARGIN = timedelta(minutes=10)


def valid_access_token(store: ConnectionStore, margin: timedelta = MARGIN) -> str:
    """An access token that lives for at least `margin` more.

    Refreshes under the connection's lock: reload, still valid? then check that a new token can be written,
    spend the old one, persist, return. A refusal for good (invalid_grant) is recorded, so that it is posted
    once until the user connects again. Raises NotConnected, HomeError, OAuthError.
    """
    connection = store.load()
    if not _is_valid(connection, margin):
        with store.locked():
            connection = store.load()
            if not _is_valid(connection, margin):
                connection = _refresh(store, connection)
    token: str = connection.credentials["access_token"]
    return token


def _is_valid(connection: Connection, margin: timedelta) -> bool:
    expires_at = connection.expires_at
    if not connection.credentials.get("access_token") or expires_at is None:
        return False
    return expires_at - datetime.now(UTC) >= margin


def _refresh(store: ConnectionStore, connection: Connection) -> Connection:
    if connection.dead_since:
        raise oauth.GrantRefused(
            f"FreshBooks has refused this connection since {connection.dead_since:%Y-%m-%d %H:%M} UTC. "
            "Connect again with `freshbooks connect`."
        )
    store.check_writable()
    try:
        tokens = oauth.refresh(connection.credentials)
    except oauth.GrantRefused:
        store.save(replace(connection, dead_since=datetime.now(UTC)))
        raise
    refreshed = connection.with_credentials(tokens.as_credentials())
    store.save(refreshed)
    return refreshed
