"""Reads of the FreshBooks API for the connection's own questions: who, which businesses, may it be read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from freshbooks_api.errors import error_of, missing_scopes
from freshbooks_hub.connection.oauth import USER_AGENT, api_url
from freshbooks_hub.connection.profile import Profile
from freshbooks_hub.core.errors import HubError

TIMEOUT = (10.0, 30.0)
LONGEST_WAIT = 60.0


class ApiRefused(HubError):
    """An answer that is no success. `scopes` are those the answer itself names as required."""

    def __init__(self, path: str, status: int, errno: int | None, said: str, scopes: tuple[str, ...]) -> None:
        number = f", error {errno}" if errno else ""
        why = f"the authorization lacks {', '.join(scopes)}" if scopes else said or "no reason given"
        super().__init__(f"FreshBooks refused {path} (status {status}{number}): {why}.")
        self.status, self.errno, self.said, self.scopes = status, errno, said, scopes


class ApiUnreachable(HubError):
    """No answer, or none that is FreshBooks' own."""


@dataclass(frozen=True)
class Api:
    """GET requests with one access token. Raises ApiRefused and ApiUnreachable."""

    access_token: str = field(repr=False)

    def me(self) -> Profile:
        """The user and the businesses (`users/me`)."""
        body = self.get("/auth/api/v1/users/me")
        return Profile.of(body.get("response") or {})

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The JSON object of a good answer; a 429 is waited out once."""
        response = self._send(path, params)
        if response.status_code == 429:
            time.sleep(min(_seconds(response.headers.get("Retry-After")), LONGEST_WAIT))
            response = self._send(path, params)
        body = _object(response)
        error = error_of(body)
        if response.status_code < 400 and error is None and body is not None:
            return body
        if response.status_code == 429 or response.status_code >= 500 or body is None:
            raise ApiUnreachable(
                f"FreshBooks failed to answer {path} ({response.status_code}). Try again in a few minutes."
            )
        errno, said = (error.errno, error.message[:200].rstrip(".")) if error else (None, "")
        raise ApiRefused(path, response.status_code, errno, said, missing_scopes(response.text) or ())

    def _send(self, path: str, params: Mapping[str, Any] | None) -> requests.Response:
        # No Content-Type: projects and time tracking do not want one on a GET (freshbooks-api.md 1.2).
        headers = {
            "Authorization": f"Bearer {self.access_token}",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
        }
        try:
            return requests.get(
                api_url() + path, params=params, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise ApiUnreachable(
                f"FreshBooks ({api_url()}) cannot be reached. Check the network and try again."
            ) from error


def _object(response: requests.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _seconds(text: str | None) -> float:
    try:
        return max(float(text or 1), 0.0)
    except ValueError:
        return 1.0
