"""OAuth with single-use refresh tokens that are never lost (freshbooks-api.md 1.4).

Each refresh kills the token it used, so: one refresher at a time; the new pair is on its way to durable
storage (Airbyte's control message) before anything uses it; a request whose answer was lost is not sent
again, since FreshBooks may have rotated already; a refused grant is posted once, whatever asks for it.
"""

import sys
import threading
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import requests
from airbyte_cdk.config_observation import emit_configuration_as_airbyte_control_message
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from requests.auth import AuthBase

from freshbooks_api.errors import RATE_LIMITED
from freshbooks_api.expiry import MARGIN, expiry
from source_freshbooks.components.errors import ConfigError, TransientError
from source_freshbooks.components.http import harden
from source_freshbooks.components.redaction import clean
from source_freshbooks.components.timestamps import format_utc, parse_utc

TIMEOUT = (10, 20)  # seconds to connect, seconds to answer

_AGAIN = "Authorize this connection again in FreshBooks."
_REFUSED = {
    "invalid_client": "FreshBooks does not know this Client ID with this Client Secret. "
    "Copy both again from your app in the FreshBooks developer portal.",
    "invalid_grant": "FreshBooks refused the refresh token: it was used before, revoked, not used for 30 days, or "
    f"replaced by another authorization of the same app and user. {_AGAIN}",
    "unauthorized_client": "FreshBooks does not let this app sign in. "
    "Confirm that Client ID and Client Secret are right and the app is active.",
}


class FreshbooksAuthenticator(AuthBase):
    """Adds the access token to requests; refreshes it when less than `MARGIN` is left, or on demand."""

    _lock = threading.RLock()  # of the class: two connections in one process may hold the same grant

    def __init__(self, config: MutableMapping[str, Any], token_url: str) -> None:
        self._config = config
        self._token_url = token_url
        self._failure: AirbyteTracedException | None = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self.get_auth_header())
        return request

    def get_auth_header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._valid_access_token()}"}

    def never_refresh(self, reason: str) -> None:
        """Raise ConfigError with `reason` in place of the next refresh, which would disconnect others."""
        self._failure = ConfigError(reason)

    def refresh_and_set_access_token(self) -> None:
        """Refresh now (after a 401), unless another thread did so since the caller looked."""
        before = self._credentials.get("access_token")
        with self._lock:
            if self._credentials.get("access_token") == before:
                self._refresh()

    @property
    def _credentials(self) -> MutableMapping[str, Any]:
        credentials: MutableMapping[str, Any] = self._config["credentials"]
        return credentials

    def _valid_access_token(self) -> str:
        if self._expired():
            with self._lock:
                if self._expired():
                    self._refresh()
        return str(self._credentials["access_token"])

    def _expired(self) -> bool:
        if not self._credentials.get("access_token"):
            return True
        expiry = self._credentials.get("token_expiry_date")
        if not expiry:
            return False  # unknown: use it until FreshBooks says 401
        try:
            until = parse_utc(str(expiry))
        except ValueError:
            return False
        return datetime.now(UTC) >= (until if until.tzinfo else until.replace(tzinfo=UTC)) - MARGIN

    def _refresh(self) -> None:
        if self._failure:
            raise self._failure
        try:
            tokens = self._post()
        except AirbyteTracedException as failure:
            self._failure = failure
            raise
        add_to_secrets(tokens["access_token"])
        credentials = self._credentials
        credentials["access_token"] = tokens["access_token"]
        if tokens.get("refresh_token"):
            add_to_secrets(tokens["refresh_token"])
            credentials["refresh_token"] = tokens["refresh_token"]
        until = expiry(tokens, datetime.now(UTC))
        credentials["token_expiry_date"] = format_utc(until) if until else None
        emit_configuration_as_airbyte_control_message(self._config)
        sys.stdout.flush()

    def _post(self) -> dict[str, Any]:
        credentials = self._credentials
        form = {"grant_type": "refresh_token"} | {
            key: credentials[key] for key in ("client_id", "client_secret", "refresh_token")
        }
        # Not needed (freshbooks-api.md 1.4), and a platform may keep it to itself.
        if credentials.get("redirect_uri"):
            form["redirect_uri"] = credentials["redirect_uri"]
        try:
            with requests.Session() as session:
                harden(session)
                response = session.post(self._token_url, data=form, timeout=TIMEOUT, allow_redirects=False)
        except requests.exceptions.ConnectTimeout:
            raise _transient(
                "FreshBooks could not be reached for a new access token (no connection)"
            ) from None
        except requests.exceptions.ConnectionError as error:
            if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
                raise _transient(
                    "FreshBooks could not be reached for a new access token (no connection)"
                ) from None
            raise _lost() from None
        except requests.exceptions.RequestException:
            raise _lost() from None
        return _tokens(response)


def _tokens(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.status_code in (400, 401) and isinstance(body, dict) and body.get("error"):
        code = str(body["error"])
        text = _REFUSED.get(
            code, f"FreshBooks refused to refresh the authorization ({clean(code)[:60]}). {_AGAIN}"
        )
        raise ConfigError(text)
    if response.status_code == 429:
        raise _transient("FreshBooks asked to slow down before giving a new access token", RATE_LIMITED)
    if not response.ok or not isinstance(body, dict) or not body.get("access_token"):
        raise _lost(f"status {response.status_code}")
    return body


def _transient(what: str, code: str | None = None) -> TransientError:
    return TransientError(f"{what}. Nothing was changed; check the network and run again.", code)


def _lost(detail: str = "no answer") -> TransientError:
    return TransientError(
        f"FreshBooks did not give a usable answer to the token refresh ({detail}), so the new refresh token "
        "may be lost. Run again; if the token is then refused, authorize this connection again in FreshBooks."
    )
