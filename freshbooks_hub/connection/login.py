"""From an app's id and secret to a stored connection: begin, finish, save; and back: disconnect.

Between `finish` and `save` the new tokens lie in connection.new.json, a file like connection.json, so that
neither a crash nor a closed browser loses them, and the earlier connection stays as it is until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from freshbooks_api import scopes
from freshbooks_hub.connection import oauth, permissions
from freshbooks_hub.connection.pending_logins import (
    Attempts,
    LoginRefused,
    answer_fields,
    authorize_url,
    start_root,
)
from freshbooks_hub.connection.profile import Profile
from freshbooks_hub.connection.store import Connection, ConnectionStore, check_redirect_uri, validate
from freshbooks_hub.connection.tokens import identify, valid_access_token
from freshbooks_hub.core.errors import InvalidConfig, NotConnected
from freshbooks_hub.core.freshbooks_pages import DEVELOPER_PORTAL
from freshbooks_hub.core.home import Home

DEFAULT_PORT = 8765


class ConsentDenied(LoginRefused):
    """The user denied access on FreshBooks' page, or FreshBooks refused to ask."""


@dataclass(frozen=True)
class App:
    """The app registered at FreshBooks' developer portal."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True)
class Attempt:
    """A started log-in. Send the browser to `start_url` where a callback listener or its routes serve the
    redirect URI's host (it sets the cookie that binds the answer), and to `authorize_url` to paste the answer.
    """

    state: str = field(repr=False)
    authorize_url: str = field(repr=False)
    start_url: str = field(repr=False)
    redirect_uri: str
    expires_at: datetime


@dataclass(frozen=True)
class Candidate:
    """A consent that is not in use yet: whose it is, and what it may read.

    `missing`: scopes that were asked for and not approved. `shared_with`: other connections of the same user and
    app, which FreshBooks has cut off by this consent (freshbooks-api.md 1.4).
    """

    home: Home
    profile: Profile
    missing: tuple[scopes.Scope, ...]
    actions: bool
    asked: tuple[str, ...] | None
    shared_with: tuple[str, ...]

    @property
    def store(self) -> ConnectionStore:
        """Where its tokens are."""
        return ConnectionStore(self.home.candidate)

    def access_token(self) -> str:
        """A valid one, to probe with."""
        return valid_access_token(self.store)


@dataclass(frozen=True)
class Disconnected:
    """Whether FreshBooks revoked the grant; if not, why."""

    revoked: bool
    why_not: str | None = None


def default_redirect_uri(port: int = DEFAULT_PORT) -> str:
    """What to register for a log-in on this machine."""
    return f"https://localhost:{port}/callback"


def stored_app(home: Home) -> App | None:
    """The app of the stored connection, for a log-in without typing it again."""
    connection = ConnectionStore(home.connection).find()
    if connection is None:
        return None
    credentials = connection.credentials
    return App(credentials["client_id"], credentials["client_secret"], credentials["redirect_uri"])


def asked_before(home: Home) -> tuple[str, ...] | None:
    """The scopes that the log-in of the stored connection asked for; None where that is not known."""
    connection = ConnectionStore(home.connection).find()
    return connection.asked if connection else None


def begin(
    home: Home,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
    *,
    asked: Iterable[str] | None = None,
    browser: str,
) -> Attempt:
    """Start a log-in that only `browser` (a cookie's value, or any secret of the caller) may finish.

    `asked`: the names of the scopes to ask for, by default all that reading needs. Raises InvalidConfig, HomeError.
    """
    wanted = tuple(asked) if asked else permissions.names(scopes.needed())
    app = App(client_id.strip(), client_secret.strip(), redirect_uri.strip())
    if not app.client_id or not app.client_secret:
        raise InvalidConfig(f"Client ID and Client Secret are needed: {DEVELOPER_PORTAL} shows both.")
    check_redirect_uri(app.redirect_uri)
    validate({"credentials": _credentials(app) | {"refresh_token": "not yet"}})
    home.ensure()
    record = Attempts(home).add(app.client_id, app.client_secret, app.redirect_uri, wanted, browser)
    return Attempt(
        state=record.state,
        authorize_url=authorize_url(app.client_id, app.redirect_uri, wanted, record.state, record.verifier),
        start_url=f"{start_root(app.redirect_uri)}{record.key}",
        redirect_uri=app.redirect_uri,
        expires_at=record.expires_at,
    )


def finish(home: Home, answer: str, browser: str) -> Candidate:
    """Accept FreshBooks' answer: the address that it redirected to, complete or from its `?` on.

    The state is consumed before the code is spent, and the tokens are on disk before they are used. Raises
    LoginRefused (nothing spent), ConsentDenied, OAuthError, HomeError, ApiUnreachable.
    """
    fields = answer_fields(answer)
    record = Attempts(home).consume(fields.get("state", ""), browser)
    if "error" in fields:
        raise _denied(fields["error"], record.asked)
    if not fields.get("code"):
        raise LoginRefused("FreshBooks' answer holds no code. Start again and copy the whole address.")
    store = ConnectionStore(home.candidate)
    store.check_writable()
    credentials = _credentials(App(record.client_id, record.client_secret, record.redirect_uri))
    tokens = oauth.exchange_code(credentials, fields["code"], record.verifier)
    store.connect({"credentials": credentials | tokens.as_credentials()}, asked=record.asked)
    return candidate(home)


def candidate(home: Home) -> Candidate:
    """The consent that waits for a choice of businesses; raises NotConnected if there is none."""
    store = ConnectionStore(home.candidate)
    if not store.exists():
        raise NotConnected("There is no log-in to complete. Start one with `freshbooks connect`.")
    connection = store.load()
    if connection.profile is None:
        connection = _with_profile(home, store)
    token = connection.access_token
    assert connection.profile is not None
    return Candidate(
        home=home,
        profile=connection.profile,
        missing=tuple(permissions.not_approved(token, connection.asked)),
        actions=permissions.asks_for_actions(token),
        asked=connection.asked,
        shared_with=tuple(same_grant(home, connection)),
    )


def save(candidate: Candidate, business_ids: Iterable[int]) -> Connection:
    """Replace any earlier connection with the candidate; raises NothingToSync, HomeError.

    Settings of the earlier connection, such as its start date, stay.
    """
    chosen = [business.id for business in candidate.profile.chosen(business_ids)]
    waiting, target = candidate.store, ConnectionStore(candidate.home.connection)
    with waiting.locked(), target.locked():
        fresh = waiting.load()
        settings = target.load().config if stored_app(candidate.home) else {}
        config = settings | {"credentials": fresh.credentials, "business_ids": chosen}
        connection = target.connect(config, candidate.profile, fresh.asked)
        waiting.remove()
    return connection


def discard(home: Home) -> Disconnected:
    """Revoke a candidate, if there is one, and remove its tokens from this machine."""
    store = ConnectionStore(home.candidate)
    try:
        return _end(store) if store.exists() else Disconnected(True)
    except NotConnected:  # damaged: there is no token to revoke
        store.remove()
        return Disconnected(True)


def profile(home: Home) -> Profile:
    """Ask FreshBooks again who is connected and to which businesses, and keep the answer. Raises HubError."""
    connection = _with_profile(home, ConnectionStore(home.connection))
    assert connection.profile is not None
    return connection.profile


def choose(home: Home, business_ids: Iterable[int]) -> Connection:
    """Sync these businesses from now on; raises NothingToSync, NotConnected."""
    store = ConnectionStore(home.connection)
    known = store.load().profile or profile(home)
    chosen = [business.id for business in known.chosen(business_ids)]
    with store.locked():
        connection = store.load()
        connection = replace(connection, config=connection.config | {"business_ids": chosen})
        store.save(connection)
    return connection


def disconnect(home: Home) -> Disconnected:
    """Revoke the grant at FreshBooks and remove its tokens from this machine; what was synced stays.

    A consent that waits for a choice of businesses is revoked, too, also where it is the only one. The tokens go even
    when FreshBooks cannot be reached. Raises NotConnected, HomeError.
    """
    only_waiting = home.candidate.exists() and not home.connection.exists()
    ended = [] if only_waiting else [_end(ConnectionStore(home.connection))]
    ended.append(discard(home))
    Attempts(home).forget()
    return next((one for one in ended if not one.revoked), ended[0])


def _end(store: ConnectionStore) -> Disconnected:
    with store.locked():
        connection = store.load()
        outcome = Disconnected(True)
        try:
            if not connection.dead_since:
                oauth.revoke(connection.credentials)
        except oauth.OAuthError as error:
            outcome = Disconnected(False, str(error))
        store.remove()
    return outcome


def _with_profile(home: Home, store: ConnectionStore) -> Connection:
    _, found = identify(home, store)
    with store.locked():
        connection = replace(store.load(), profile=found)
        store.save(connection)
    return connection


def same_grant(home: Home, connection: Connection) -> list[str]:
    """Names of other connections with the same app and user: only one grant of them can live."""
    assert connection.profile is not None
    names = []
    for other in Home.connections():
        found = ConnectionStore(other.connection).find()
        if other.root == home.root or found is None:
            continue
        same_app = found.credentials["client_id"] == connection.credentials["client_id"]
        if same_app and found.profile and found.profile.identity_id == connection.profile.identity_id:
            names.append(other.name)
    return names


def _credentials(app: App) -> dict[str, Any]:
    return {
        "auth_type": "oauth2.0",
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "redirect_uri": app.redirect_uri,
    }


def _denied(error: str, asked: Iterable[str]) -> ConsentDenied:
    if error == "access_denied":
        return ConsentDenied("Access was denied on FreshBooks' page, so nothing was connected.")
    if error == "invalid_scope":
        return ConsentDenied(
            f"FreshBooks refused the log-in, because a scope that was asked for is not enabled on your app. Asked for: "
            f"{', '.join(asked)}. Enable them at {DEVELOPER_PORTAL}, or go on with fewer: choose Basic on the page, or "
            "run `freshbooks connect --scopes basic`."
        )
    return ConsentDenied(
        f"FreshBooks refused the log-in ({error[:60]}). Check the app's redirect URI and scopes in the developer "
        f"portal ({DEVELOPER_PORTAL}) and start again."
    )
