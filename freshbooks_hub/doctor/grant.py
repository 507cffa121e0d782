"""The connection: what FreshBooks answers about the app, the grant, its scopes and businesses, and what may be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from freshbooks_api import scopes
from freshbooks_hub.connection import api, login, oauth, permissions
from freshbooks_hub.connection.api import ApiUnreachable
from freshbooks_hub.connection.permissions import NotAvailable, Why, by_token
from freshbooks_hub.connection.permissions import group as grouped
from freshbooks_hub.connection.profile import Business, Profile
from freshbooks_hub.connection.store import Connection, ConnectionStore
from freshbooks_hub.connection.tokens import request_window, valid_access_token
from freshbooks_hub.core.errors import HubError, NotConnected
from freshbooks_hub.core.freshbooks_pages import DEVELOPER_PORTAL
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import stream_label
from freshbooks_hub.doctor.finding import Check, Finding

AGAIN = "Connect again: freshbooks connect"
# A grant that nothing uses for so long is refused; a running `freshbooks serve` uses it weekly.
SILENT = timedelta(days=30)
CHECKS = {Why.gated: Check.plan, Why.refused: Check.role}


def stored(home: Home) -> Finding:
    """Whether there is a connection to check."""
    try:
        connection = ConnectionStore(home.connection).load()
    except NotConnected as error:
        return Finding(Check.connection, False, str(error), "Connect: freshbooks connect")
    who = f"as {connection.profile.name} " if connection.profile else ""
    what = f"connected {who}since {connection.connected_at:%Y-%m-%d}"
    if home.candidate.exists():
        return Finding(
            Check.connection,
            True,
            f"{what}; a newer log-in has no businesses chosen yet",
            "Complete it in Settings on the page, or log in again: freshbooks connect",
        )
    return Finding(Check.connection, True, what)


class Grant:
    """Checks that call FreshBooks; `businesses` and `access_token` are set once the grant was found valid."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._store = ConnectionStore(home.connection)
        self.access_token: str | None = None
        self.businesses: list[Business] = []

    def check(self) -> Iterator[Finding]:
        """From the app's credentials to the businesses; stops where the rest cannot be known."""
        app = self._credentials()
        yield app
        # With a wrong secret a refresh is refused, whatever the grant.
        if app.ok:
            alive = self._alive()
            yield alive
            if alive.ok:
                yield from self._allowed()

    def _credentials(self) -> Finding:
        try:
            oauth.check_client(self._store.load().credentials)
        except oauth.ClientRefused as error:
            return Finding(
                Check.credentials,
                False,
                str(error).split(". ")[0],
                "Confirm that Client ID and Client Secret are right and the app is active at "
                f"{DEVELOPER_PORTAL}, then: freshbooks connect --client-id ID",
            )
        except HubError as error:
            return Finding(Check.credentials, False, str(error), "Try again in a few minutes.")
        return Finding(Check.credentials, True, "FreshBooks accepts the app")

    def _alive(self) -> Finding:
        try:
            self.access_token = self._token()
        except oauth.GrantRefused:
            connection = self._store.load()
            return Finding(Check.grant, False, _why_dead(connection), AGAIN)
        except HubError as error:
            return Finding(Check.grant, False, str(error), "Fix that, then run `freshbooks doctor` again.")
        ends = self._store.load().expires_at
        until = (
            f"valid until {ends:%Y-%m-%d %H:%M} UTC"
            if ends
            else "accepted; FreshBooks does not say until when"
        )
        return Finding(Check.grant, True, f"valid; the access token is {until}")

    def _token(self) -> str:
        """A token that FreshBooks accepts now; raises HubError."""
        login.profile(self._home)  # renews one that FreshBooks refuses
        return valid_access_token(self._store)

    def _allowed(self) -> Iterator[Finding]:
        connection = self._store.load()
        assert connection.profile is not None
        assert self.access_token is not None
        yield from self._shared(connection)
        lacking = by_token(self.access_token, connection.asked)
        if scopes.granted(self.access_token) is None:
            yield Finding(Check.scopes, True, "the token does not list its scopes; see what can be read")
        elif all(refusal.why is Why.beyond for refusal in lacking):
            actions = "with" if permissions.asks_for_actions(self.access_token) else "without"
            yield Finding(Check.scopes, True, f"all scopes for reading, {actions} those for agents' actions")
        for group in grouped(lacking, {}):
            yield not_available(group)
        yield from self._businesses(connection, connection.profile)

    def _shared(self, connection: Connection) -> Iterator[Finding]:
        for name in login.same_grant(self._home, connection):
            yield Finding(
                Check.shared,
                False,
                f"the connection {name} has the same user and app: each new token of one disconnects the other",
                "Register a second app for one of them, or sync all businesses by one connection.",
                name,
            )

    def _businesses(self, connection: Connection, profile: Profile) -> Iterator[Finding]:
        chosen = sorted(connection.chosen)
        by_id = {business.id: business for business in profile.businesses}
        if not chosen:
            names = "; ".join(f"{b.name}: {b.why_not or b.note}" for b in profile.businesses)
            yield Finding(
                Check.businesses,
                False,
                f"{profile.name} has no business that can be synced. {names}".strip(),
                "Connect as the owner or an administrator of the business: freshbooks connect",
            )
        for business_id in chosen:
            business = by_id.get(business_id)
            if business is None:
                yield Finding(
                    Check.businesses,
                    False,
                    f"{profile.name} no longer has access to business {business_id}",
                    "Ask its owner to give you access again, or choose others: freshbooks connect",
                    str(business_id),
                )
            elif business.why_not:
                yield Finding(
                    Check.businesses,
                    False,
                    business.why_not,
                    "Choose others, or connect as an owner: freshbooks connect",
                    business.name,
                )
            else:
                self.businesses.append(business)
                yield Finding(
                    Check.businesses, True, f"{business.role}", business.note or "", subject=business.name
                )


def _why_dead(connection: Connection) -> str:
    since = f" since {connection.dead_since:%Y-%m-%d %H:%M} UTC" if connection.dead_since else ""
    last = f"{connection.refreshed_at:%Y-%m-%d}" if connection.refreshed_at else "unknown"
    ended = connection.dead_since or datetime.now(UTC)
    silent = connection.refreshed_at is not None and ended - connection.refreshed_at >= SILENT
    if silent:
        return f"FreshBooks refuses the grant{since}: it was not used for 30 days (last refreshed: {last})"
    return (
        f"FreshBooks refuses the grant{since} (last refreshed: {last}): its refresh token was used elsewhere, "
        "the app was removed in FreshBooks, or a newer log-in of the same app and user replaced it"
    )


def check_access(home: Home, access_token: str, businesses: list[Business]) -> Iterator[Finding]:
    """What each business gives, and together what plan and role do not allow: that does not fail the check.

    Streams whose scope the token lacks are reported by the check of the scopes, and not requested.
    """
    try:
        window = request_window(home, ConnectionStore(home.connection))
        found = api.probe(api.Api(access_token, window), businesses, api.allowed(access_token))
    except ApiUnreachable as error:
        yield Finding(Check.network, False, str(error), "Try again in a few minutes.")
        return
    names = {business.id: business.name for business in businesses}
    for business in businesses:
        own = [access for access in found if access.business_id == business.id]
        yield Finding(Check.data, True, api.counted(own, 1), subject=business.name)
    for group in api.grouped(found, names):
        yield not_available(group)
    for access in found:
        if not access.ok and access.why not in api.CODES:
            label = f"{stream_label(access.stream)} of {names[access.business_id]}"
            yield Finding(Check.data, False, access.what, access.remedy, label)


def not_available(group: NotAvailable) -> Finding:
    """Worth knowing; the check does not fail."""
    return Finding(CHECKS.get(group.why, Check.scopes), True, group.reason, group.remedy, group.what)
