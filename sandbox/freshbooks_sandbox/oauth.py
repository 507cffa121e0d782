"""The OAuth server: one app, one person, single-use rotating refresh tokens (freshbooks-api.md 1.3, 1.4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from freshbooks_sandbox.behaviours import SCOPES, Behaviours
from freshbooks_sandbox.clock import Clock
from freshbooks_sandbox.values import Row

EXPIRES_IN = 43_200
CODE_LIFE = timedelta(minutes=5)
PROFILE = "user:profile:read"


class OAuthError(Exception):
    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(error)
        self.status, self.body = status, {"error": error, "error_description": description}


@dataclass
class Access:
    scopes: frozenset[str]
    scope: str
    expires_at: datetime


@dataclass
class _Code:
    scope: str
    redirect_uri: str
    challenge: str | None
    expires_at: datetime


class OAuth:
    """Codes, access tokens and the one living refresh token of the app and its user."""

    def __init__(self, clock: Clock, behaviours: Behaviours, redirect_uri: str) -> None:
        self._clock, self._behaviours = clock, behaviours
        self.client_id = secrets.token_hex(32)
        self.client_secret = secrets.token_hex(32)
        self.redirect_uris = [redirect_uri]
        self.refresh_token: str | None = None
        self._refresh_scope = ""
        self._first_created_at = 0
        self._codes: dict[str, _Code] = {}
        self.access: dict[str, Access] = {}

    def register_redirect(self, uri: str) -> None:
        """Add a redirect URI as the developer portal does: HTTPS only, without a query (1.3)."""
        if not uri.startswith("https://") or "?" in uri:
            raise ValueError(f"redirect URIs must be HTTPS and without a query: {uri}")
        self.redirect_uris.append(uri)

    def scope_problem(self, scope: str) -> bool:
        """Whether any scope does not exist or is not enabled on the app: the whole request fails (1.4)."""
        return any(s not in SCOPES or s not in self._behaviours.enabled_scopes for s in scope.split())

    def consent(self, scope: str | None, redirect_uri: str, challenge: str | None = None) -> str:
        """The person allowed it: a code for five minutes and one use."""
        code = secrets.token_hex(32)
        expires = self._clock.now() + CODE_LIFE
        self._codes[code] = _Code(self._full_scope(scope), redirect_uri, challenge, expires)
        return code

    def token(self, form: Row) -> Row:
        """The token endpoint; each failure is an OAuthError (1.4)."""
        self.check_client(form)
        kind = form.get("grant_type")
        if kind == "authorization_code":
            code = self._codes.pop(str(form.get("code")), None)
            valid = (
                code is not None
                and code.expires_at > self._clock.now()
                and code.redirect_uri == form.get("redirect_uri")
                and (code.challenge is None or _s256(str(form.get("code_verifier"))) == code.challenge)
            )
            if code is None or not valid:
                raise _invalid_grant()
            return self.issue(code.scope)
        if kind == "refresh_token":
            sent = form.get("refresh_token")
            if not sent or sent != self.refresh_token:
                raise _invalid_grant()
            if self._behaviours.refresh_kills_access_token:
                self.access.clear()
            return self._issue(self._refresh_scope, first=False)
        if kind is None:
            raise OAuthError(400, "invalid_request", "Missing required parameter: grant_type.")
        raise OAuthError(400, "unsupported_grant_type", "The authorization grant type is not supported.")

    def issue(self, scope: str | None = None) -> Row:
        """A new authorization by the person: it kills the pair before it (1.4)."""
        self.access.clear()
        return self._issue(self._full_scope(scope), first=True)

    def revoke(self, form: Row) -> None:
        """The token is dead at once; revoking a refresh token ends the grant."""
        self.check_client(form)
        token = form.get("token")
        self.access.pop(str(token), None)
        if token == self.refresh_token:
            self.refresh_token = None
            self.access.clear()

    def knows(self, token: str) -> bool:
        """Whether this is a living token or code of this app and user."""
        return token in self.access or token in self._codes or token == self.refresh_token

    def check(self, token: str) -> Access | None:
        """The living access token, or None."""
        access = self.access.get(token)
        return access if access is not None and access.expires_at > self._clock.now() else None

    def expire(self, token: str) -> None:
        self.access.pop(token, None)

    def revoke_grant(self) -> None:
        """The person removed the app: both tokens are dead."""
        self.access.clear()
        self.refresh_token = None

    def check_client(self, form: Row) -> None:
        if form.get("client_id") != self.client_id or form.get("client_secret") != self.client_secret:
            description = (
                "Client authentication failed due to unknown client, no client authentication included, "
                "or unsupported authentication method."
            )
            raise OAuthError(401, "invalid_client", description)

    def _full_scope(self, scope: str | None) -> str:
        asked = set((scope or "").split()) or set(self._behaviours.enabled_scopes)
        return " ".join(sorted(asked | {PROFILE}))

    def _issue(self, scope: str, *, first: bool) -> Row:
        created = int(self._clock.now().timestamp())
        if first or not self._behaviours.refresh_keeps_created_at:
            self._first_created_at = created
        created = self._first_created_at
        expires_at = datetime.fromtimestamp(created, self._clock.now().tzinfo) + timedelta(seconds=EXPIRES_IN)
        if expires_at <= self._clock.now():  # no token is given that is over already
            expires_at = self._clock.now() + timedelta(seconds=EXPIRES_IN)
        token = self._jwt(scope, created)
        self.access[token] = Access(frozenset(scope.split()), scope, expires_at)
        self.refresh_token, self._refresh_scope = secrets.token_hex(32), scope
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": EXPIRES_IN,
            "refresh_token": self.refresh_token,
            "scope": scope,
            "created_at": created,
            "direct_buy_tokens": {},
        }

    def _jwt(self, scope: str, created: int) -> str:
        claims = {
            "iss": "sandbox",
            "jti": secrets.token_hex(16),
            "iat": created,
            "exp": created + EXPIRES_IN,
            "client_id": self.client_id,
            "scope": scope,
        }
        head = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
        sign = hmac.new(self.client_secret.encode(), head.encode(), hashlib.sha256).digest()
        return f"{head}.{base64.urlsafe_b64encode(sign).decode().rstrip('=')}"


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _invalid_grant() -> OAuthError:
    description = (
        "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI "
        "used in the authorization request, or was issued to another client."
    )
    return OAuthError(400, "invalid_grant", description)
