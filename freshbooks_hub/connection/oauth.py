"""Token calls to FreshBooks: one request each, never repeated.

A refresh token is single use (freshbooks-api.md 1.4). A request whose answer is lost may have spent it,
so nothing here retries, follows a redirect, or waits without an end.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from freshbooks_api.client import api_url, never_sent
from freshbooks_api.expiry import expiry
from freshbooks_hub.core.clock import Clock, utc_now
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.freshbooks_pages import DEVELOPER_PORTAL

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 30.0
USER_AGENT = "freshbooks-hub"


class OAuthError(HubError):
    """The token endpoint did not give a token."""


class ClientRefused(OAuthError):
    """invalid_client or unauthorized_client: the app's id or secret is wrong."""


class GrantRefused(OAuthError):
    """invalid_grant: the refresh token or the code is spent, revoked or unknown."""


class CodeRefused(OAuthError):
    """invalid_grant for an authorization code: spent, older than five minutes, or of another redirect URI."""


class Unreachable(OAuthError):
    """The request never reached FreshBooks; nothing was spent."""


class AnswerLost(OAuthError):
    """The request may have been served, but its answer did not arrive; the refresh token may be spent."""


@dataclass(frozen=True)
class Tokens:
    """A token pair; `expires_at` is UTC and belongs to the access token, None where that end is unknown."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime | None

    def as_credentials(self) -> dict[str, str | None]:
        """The three fields of the connector config that change with a refresh."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "token_expiry_date": self.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ") if self.expires_at else None,
        }


def auth_url() -> str:
    """Base address of the authorize page, without a trailing slash."""
    return os.environ.get("FRESHBOOKS_AUTH_URL", "https://auth.freshbooks.com").rstrip("/")


def challenge(verifier: str) -> dict[str, str]:
    """The challenge sent to the consent page, so that its code is valid only with `verifier` (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    encoded = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return {"code_challenge": encoded, "code_challenge_method": "S256"}


def exchange_code(credentials: dict[str, Any], code: str, verifier: str | None) -> Tokens:
    """Exchange an authorization code (single use, about five minutes) for tokens; raises OAuthError.

    `verifier`: that of the log-in's challenge, None where it had none.
    """
    grant = {"grant_type": "authorization_code", "code": code}
    if verifier:
        grant["code_verifier"] = verifier
    return _request(credentials, grant, previous=None)


def refresh(credentials: dict[str, Any], clock: Clock = utc_now) -> Tokens:
    """Spend the refresh token of `credentials` for a new pair; raises OAuthError."""
    token = credentials["refresh_token"]
    grant = {"grant_type": "refresh_token", "refresh_token": token}
    return _request(credentials, grant, previous=token, clock=clock)


def revoke(credentials: dict[str, Any]) -> None:
    """End the grant at FreshBooks, both tokens of it (freshbooks-api.md 1.4); raises OAuthError."""
    for name in ("refresh_token", "access_token"):
        if token := credentials.get(name):
            client = {key: credentials[key] for key in ("client_id", "client_secret")}
            response = _post("revoke", client | {"token": token})
            if response.status_code != 200:
                raise _refusal(response, GrantRefused)


def check_client(credentials: dict[str, Any]) -> None:
    """Ask whether FreshBooks knows the app, spending nothing; raises ClientRefused or another OAuthError.

    A code that nobody was given is exchanged: refused for the code means that the app was accepted.
    """
    try:
        exchange_code(credentials, "is-this-app-known", secrets.token_urlsafe(32))
    except CodeRefused:
        return


def _request(
    credentials: dict[str, Any], grant: dict[str, str], previous: str | None, clock: Clock = utc_now
) -> Tokens:
    client = {name: credentials[name] for name in ("client_id", "client_secret", "redirect_uri")}
    response = _post("token", client | grant)
    if response.status_code == 200:
        return _tokens(response, previous, clock())
    raise _refusal(response, GrantRefused if previous else CodeRefused)


def _post(endpoint: str, form: dict[str, str]) -> requests.Response:
    try:
        return requests.post(
            f"{api_url()}/auth/oauth/{endpoint}",
            data=form,
            headers={"Accept": "application/json", "User-Agent": USER_AGENT},
            timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            allow_redirects=False,
        )
    except requests.RequestException as error:
        if _never_sent(error):
            raise Unreachable(
                f"FreshBooks ({api_url()}) cannot be reached. Check the network and run the command again."
            ) from error
        raise AnswerLost(
            "FreshBooks did not finish its answer to the token request, so the answer was lost. "
            "Try again; if it is refused then, connect again with `freshbooks connect`."
        ) from error


def _never_sent(error: requests.RequestException) -> bool:
    """Whether the request failed before it could be sent: DNS, connect, TLS, proxy."""
    return never_sent(error) or isinstance(
        error, requests.exceptions.SSLError | requests.exceptions.ProxyError
    )


def _tokens(response: requests.Response, previous: str | None, now: datetime) -> Tokens:
    body = _json(response)
    access, new = body.get("access_token"), body.get("refresh_token") or previous
    if not isinstance(access, str) or not access or not isinstance(new, str):
        raise OAuthError("FreshBooks answered the token request without a token. Try again in a few minutes.")
    return Tokens(access, new, expiry(body, now))


def _refusal(response: requests.Response, invalid_grant: type[OAuthError]) -> OAuthError:
    code = _json(response).get("error")
    if code in {"invalid_client", "unauthorized_client"}:
        return ClientRefused(
            f"FreshBooks refused the app ({code}). Confirm that Client ID and Client Secret are right and the app is "
            f"active ({DEVELOPER_PORTAL}), then connect again with `freshbooks connect`."
        )
    if code == "invalid_grant" and invalid_grant is CodeRefused:
        return CodeRefused(
            "FreshBooks refused the log-in's code (invalid_grant): it was used already, is older than five "
            "minutes, or belongs to another redirect URI. Start again with `freshbooks connect`."
        )
    if code == "invalid_grant":
        return GrantRefused(
            "FreshBooks no longer accepts this connection (invalid_grant): its refresh token was used "
            "elsewhere, revoked, replaced by a newer log-in, or not used for 30 days. Connect again with "
            "`freshbooks connect`."
        )
    if response.status_code == 429:
        return Unreachable("FreshBooks asks to slow down (429). Wait a minute and run the command again.")
    if response.status_code >= 500:
        return AnswerLost(
            f"FreshBooks failed to answer the token request ({response.status_code}). "
            "Try again; if it is refused then, connect again with `freshbooks connect`."
        )
    detail = f"{response.status_code}, {code}" if isinstance(code, str) else str(response.status_code)
    return OAuthError(f"FreshBooks refused the token request ({detail}). Connect again or report this.")


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
