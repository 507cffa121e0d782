"""The SDK's authorization server on top of our grants: registration, consent of a person, and token validation.

Clients are public ones: with PKCE a secret adds nothing, and none is kept. What a person decides comes from the hub's
page, by `asked`, `allow` and `deny`; nothing here lets a client in by itself.
"""

from __future__ import annotations

# ruff: noqa: ARG002 - the signatures are those of the SDK
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import anyio.to_thread
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    AuthorizeError,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    RegistrationError,
    TokenError,
    construct_redirect_uri,
)
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import AnyUrl

from freshbooks_hub.agent.mcp.oauth.grants import (
    ACCESS,
    ACCESS_LIFE,
    Consent,
    Grant,
    Grants,
    Tokens,
    TooManyClients,
)
from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.clock import Clock, utc_now
from freshbooks_hub.core.home import Home

SCOPES = ("read", "act")
CONSENT_PATH = "/agents/consent"
ASKED_LIFE = timedelta(minutes=15)
MOST_ASKED = 100
MOST_METADATA = 10_000  # characters
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
# Addresses at which a browser runs or opens something itself, in place of going to an app.
HARMFUL = {"javascript", "data", "file", "vbscript", "blob", "about", "ftp", "ws", "wss", "filesystem"}

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """What a client asks a person for. Its name is its own words; `goes_to`: where the answer is sent."""

    client_name: str
    goes_to: str
    act: bool
    consent: Consent
    state: str | None
    until: datetime


class Authorization(OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken]):
    """Of one hub, which is reached at `address` (no slash at the end); its tokens are good at `address`/mcp."""

    def __init__(self, home: Home, address: str, clock: Clock = utc_now) -> None:
        self.address = address
        self.resource = f"{address}/mcp"
        self.grants = Grants(home, clock)
        self._clock = clock
        self._asked: OrderedDict[str, Asked] = OrderedDict()

    # -- what the page needs

    def asked(self, key: str) -> Asked | None:
        """The question behind an address of the page, while it is open."""
        found = self._asked.get(key)
        return found if found and found.until > self._clock() else None

    def allow(self, key: str, connection: str, *, act: bool, granted_by: str | None = None) -> str | None:
        """Where to send the person after they agreed; None when the question is not open any more.

        `granted_by`: the user of the pages who did; None: the owner.
        """
        asked = self._answered(key)
        if asked is None:
            return None
        code = self.grants.give(replace(asked.consent, connection=connection, act=act, granted_by=granted_by))
        return self._back(asked, code=code)

    def deny(self, key: str) -> str | None:
        """Where to send the person after they refused."""
        asked = self._answered(key)
        return self._back(asked, error="access_denied") if asked else None

    def _answered(self, key: str) -> Asked | None:
        asked = self.asked(key)
        self._asked.pop(key, None)
        return asked

    def _back(self, asked: Asked, **answer: str) -> str:
        return construct_redirect_uri(
            asked.consent.redirect_uri, **answer, state=asked.state, iss=self.address
        )

    # -- what the SDK needs

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        """A client that registered."""
        metadata = await _away(lambda: self.grants.client(client_id))
        return OAuthClientInformationFull.model_validate_json(metadata) if metadata else None

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        """Store it as a public client, which the answer states."""
        for uri in client_info.redirect_uris or []:
            if not _may_redirect(str(uri)):
                raise RegistrationError(
                    "invalid_redirect_uri",
                    "An address to go back to is https, http on this machine, or an app's own scheme.",
                )
        client_info.token_endpoint_auth_method = "none"  # noqa: S105 - a method
        client_info.client_secret = client_info.client_secret_expires_at = None
        client_info.scope = " ".join(SCOPES)
        metadata = client_info.model_dump_json(exclude_none=True)
        if len(metadata) > MOST_METADATA:
            raise RegistrationError("invalid_client_metadata", "That is more than a client needs to say.")
        try:
            await _away(lambda: self.grants.register(client_info.client_id, metadata))
        except TooManyClients as error:
            raise RegistrationError("invalid_client_metadata", str(error)) from error

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        """The page that asks a person."""
        if params.resource is not None and params.resource.removesuffix("/") != self.resource:
            raise AuthorizeError(
                "invalid_target", f"Tokens of this server are good at {self.resource} alone."
            )
        key = secrets.token_urlsafe(32)
        now = self._clock()
        redirect = str(params.redirect_uri)
        self._asked[key] = Asked(
            client_name=_name(client),
            goes_to=_place(redirect),
            act=params.scopes is None or "act" in params.scopes,
            consent=Consent(
                client_id=client.client_id,
                connection="",
                act=False,
                resource=self.resource,
                code_challenge=params.code_challenge,
                redirect_uri=redirect,
                redirect_uri_given=params.redirect_uri_provided_explicitly,
            ),
            state=params.state,
            until=now + ASKED_LIFE,
        )
        while len(self._asked) > MOST_ASKED:
            self._asked.popitem(last=False)
        return f"{self.address}{CONSENT_PATH}?request={key}"

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        """A code that waits to be redeemed; the SDK checks its life, its client, its address and the proof."""
        grant = await _away(lambda: self.grants.of_code(authorization_code))
        if grant is None:
            return None
        return AuthorizationCode(
            code=authorization_code,
            scopes=list(grant.scopes),
            expires_at=grant.code_expires_at.timestamp(),
            client_id=grant.client_id,
            code_challenge=grant.code_challenge,
            redirect_uri=AnyUrl(grant.redirect_uri),
            redirect_uri_provided_explicitly=grant.redirect_uri_given,
            resource=grant.resource,
        )

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        """Its first tokens."""
        return _shown(await _away(lambda: self.grants.redeem(authorization_code.code)))

    async def load_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: str
    ) -> RefreshToken | None:
        """A refresh token that was not spent."""
        grant = await _away(lambda: self.grants.of_refresh(refresh_token))
        if grant is None:
            return None
        return RefreshToken(
            token=refresh_token,
            client_id=grant.client_id,
            scopes=list(grant.scopes),
            expires_at=_seconds(grant.refresh_expires_at),
            resource=grant.resource,
        )

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        """New tokens, as wide as the grant is."""
        return _shown(await _away(lambda: self.grants.refresh(refresh_token.token)))

    async def load_access_token(self, token: str) -> AccessToken | None:
        """An access token that is good now, of whichever connection."""
        grant = await _away(lambda: self.grants.of_access(token)) if token.startswith(ACCESS) else None
        return _access(token, grant) if grant else None

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        """The client gives up its grant, with either of its tokens."""
        grant = self.grants.of_access if isinstance(token, AccessToken) else self.grants.of_refresh
        found = await _away(lambda: grant(token.token))
        if found is not None:
            await _away(lambda: self.grants.revoke(found.id))


def client_name(metadata: str) -> str:
    """What a registered client calls itself: its own words, fit to show."""
    return _name(OAuthClientInformationFull.model_validate_json(metadata))


def _name(client: OAuthClientInformationFull) -> str:
    return clean(client.client_name or "", 60) or "An app that does not say its name"


def connection_of(token: AccessToken) -> str:
    """The connection that one of our tokens is for."""
    return str((token.claims or {})["connection"])


def granter_of(token: AccessToken) -> str | None:
    """The user of the pages who gave the client access; None: the owner."""
    return (token.claims or {}).get("granted_by")


def _access(token: str, grant: Grant) -> AccessToken:
    return AccessToken(
        token=token,
        client_id=grant.client_id,
        scopes=list(grant.scopes),
        expires_at=_seconds(grant.access_expires_at),
        resource=grant.resource,
        subject=grant.id,
        claims={"connection": grant.connection, "granted_by": grant.granted_by},
    )


def _shown(tokens: Tokens | None) -> OAuthToken:
    if tokens is None:
        raise TokenError("invalid_grant", "It was used already, or has expired.")
    return OAuthToken(
        access_token=tokens.access,
        expires_in=int(ACCESS_LIFE.total_seconds()),
        scope=" ".join(tokens.grant.scopes),
        refresh_token=tokens.refresh,
    )


def _seconds(at: datetime | None) -> int | None:
    return int(at.astimezone(UTC).timestamp()) if at else None


def _may_redirect(uri: str) -> bool:
    parts = urlsplit(uri)
    if parts.fragment or parts.scheme in HARMFUL:
        return False
    return parts.scheme != "http" or parts.hostname in LOOPBACK


def _place(uri: str) -> str:
    """Where an address leads, for a person: a host, this machine, or an app's scheme."""
    parts = urlsplit(uri)
    if parts.hostname in LOOPBACK:
        return "an app on this machine"
    return clean(parts.hostname or f"{parts.scheme}:", 100)


async def _away(work: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(work)
