"""Reads of the FreshBooks API for the connection's own questions: who, which businesses, may it be read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from freshbooks_api.client import Client, FixedToken, Json, NoAnswer
from freshbooks_hub.connection.oauth import USER_AGENT, api_url
from freshbooks_hub.connection.profile import Profile
from freshbooks_hub.core.errors import HubError


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

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Json:
        """The JSON object of a good answer; a 429 is waited out once."""
        client = Client(api_url(), FixedToken(self.access_token), USER_AGENT, sleep=time.sleep)
        try:
            answer = client.get(path, params)
        except NoAnswer as error:
            raise ApiUnreachable(
                f"FreshBooks ({api_url()}) cannot be reached. Check the network and try again."
            ) from error
        if answer.status == 429 or answer.status >= 500 or answer.body is None:
            raise ApiUnreachable(
                f"FreshBooks failed to answer {path} ({answer.status}). Try again in a few minutes."
            )
        if answer.status < 400 and answer.error is None:
            return answer.body
        errno, said = (
            (answer.error.errno, answer.error.message[:200].rstrip(".")) if answer.error else (None, "")
        )
        raise ApiRefused(path, answer.status, errno, said, answer.missing_scopes or ())
