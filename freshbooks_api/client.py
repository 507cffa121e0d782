"""The client of the FreshBooks API: a read may be repeated, a write is sent once.

Nothing here follows a redirect (freshbooks-api.md 7.8), so the token goes to the given host alone, and no library
retries anything. A 401 is answered with one fresh token, a 429 waited out a few times: neither was processed. With a
`RequestWindow` each request takes its place among those of all others of the app.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from freshbooks_api.errors import AnswerError, error_of, missing_scopes
from freshbooks_api.request_window import RequestWindow

Json = dict[str, Any]
Params = Mapping[str, Any] | list[tuple[str, str]]
# Bytes of an answer; more than any page of a list has.
MAX_BODY = 64 * 2**20


def api_url() -> str:
    """Base address of the API, without a trailing slash; FRESHBOOKS_API_URL names another, as the sandbox's."""
    return os.environ.get("FRESHBOOKS_API_URL", "https://api.freshbooks.com").rstrip("/")


class NoAnswer(Exception):
    """FreshBooks did not answer."""


class NeverSent(NoAnswer):
    """No connection came about: FreshBooks cannot have seen the request."""


class Lost(NoAnswer):
    """The request may have been served; its answer did not arrive, or says nothing."""


class Refused(Exception):
    """A clear refusal of a write (4xx): nothing was written. The text is its status and codes."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.codes)
        self.answer = answer


class Token(Protocol):
    """Where the access token comes from. Its exceptions pass through the client."""

    def current(self) -> str:
        """The token to send."""

    def renewed(self, refused: str) -> str | None:
        """Another one than `refused`, which FreshBooks answered with 401; None if there is none."""


@dataclass(frozen=True)
class FixedToken:
    """One that is never renewed."""

    token: str = field(repr=False)

    def current(self) -> str:
        return self.token

    def renewed(self, refused: str) -> str | None:  # noqa: ARG002
        return None


@dataclass(frozen=True)
class Limits:
    """Seconds of one request, how often a read is tried, and how often and how long a 429 is waited out."""

    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    reads: int = 1
    waits: int = 1
    longest_wait: float = 60.0


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; numbers with a decimal point are Decimal. `body` is None if it is not a JSON object."""

    status: int
    content: bytes = field(repr=False)
    retry_after: str = ""

    @cached_property
    def body(self) -> Json | None:
        try:
            body = json.loads(self.content, parse_float=Decimal)
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None

    @cached_property
    def error(self) -> AnswerError | None:
        """What FreshBooks says is wrong; it may come with status 200."""
        return error_of(self.body)

    @property
    def missing_scopes(self) -> tuple[str, ...] | None:
        """The scopes that it asks for, empty where it names none; None if it is about something else."""
        return missing_scopes(self.content.decode("utf-8", "replace"))

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300 and self.body is not None and self.error is None

    @property
    def unclear(self) -> bool:
        """Neither the requested answer nor a refusal: FreshBooks failed, or something else answered."""
        return self.status >= 500 or (self.status < 400 and self.body is None)

    @property
    def codes(self) -> str:
        """Status, errno and field, without a word of FreshBooks' message, which may quote what strangers wrote."""
        parts = [str(self.status)]
        if self.error and self.error.errno is not None:
            parts.append(f"errno {self.error.errno}")
        if self.error and re.fullmatch("[A-Za-z_]{1,40}", self.error.field or ""):
            parts.append(f"field {self.error.field}")
        return ", ".join(parts)


class Client:
    """Calls with one token. Paths are absolute under `url`; reads may come from several threads."""

    def __init__(
        self,
        url: str,
        token: Token,
        user_agent: str,
        limits: Limits = Limits(),
        sleep: Callable[[float], None] = time.sleep,
        window: RequestWindow | None = None,
    ) -> None:
        self._url, self._token, self._limits, self._sleep = url, token, limits, sleep
        self._window = window
        self._headers = {"Accept": "application/json", "User-Agent": user_agent}
        self._reading = _session(url)

    def get(
        self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Whatever the answer is; one that is unclear only after `Limits.reads`. Raises NoAnswer."""
        # No Content-Type: projects and time tracking do not want one on a GET (freshbooks-api.md 1.2).
        for attempt in range(1, self._limits.reads):
            with suppress(NoAnswer):
                answer = self._call(self._reading, "GET", path, headers, params=params)
                if not answer.unclear:
                    return answer
            self._sleep(attempt)
        return self._call(self._reading, "GET", path, headers, params=params)

    def send(
        self,
        method: str,
        path: str,
        *,
        data: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send exactly `data`, which is JSON, or upload `files`. Raises NeverSent, Lost, Refused.

        Success is proven by a body without an error; of a DELETE by its status too.
        """
        content = {} if data is None else {"Content-Type": "application/json"}
        # A connection of its own: a kept one may die just as the request leaves.
        with _session(self._url) as session:
            answer = self._call(session, method, path, {**content, **(headers or {})}, data=data, files=files)
        if 400 <= answer.status < 500 and answer.status != 408:
            raise Refused(answer)
        deleted = method == "DELETE" and 200 <= answer.status < 300 and not answer.content
        # An error envelope under 200 is no proof either way, so it counts as a lost answer.
        if not (answer.good or deleted):
            raise Lost
        return answer

    def _call(
        self,
        session: requests.Session,
        method: str,
        path: str,
        headers: Mapping[str, str] | None,
        **parts: Any,
    ) -> Answer:
        """One call; once more after 401 with a fresh token, and a few times after 429."""
        token = self._token.current()
        renewed, waited = False, 0
        while True:
            self._take_place(wait=not waited)  # it has just waited as long as FreshBooks asked
            answer = self._request(session, method, path, token, {**self._headers, **(headers or {})}, parts)
            if answer.status == 401 and not renewed:
                renewed = True
                fresh = self._token.renewed(token)
                if fresh is None:
                    return answer
                token = fresh
            elif answer.status == 429 and waited < self._limits.waits:
                waited += 1
                seconds = re.fullmatch(r"\d+(\.\d+)?", answer.retry_after)
                self._sleep(min(float(seconds[0]) if seconds else 2.0**waited, self._limits.longest_wait))
            else:
                return answer

    def _take_place(self, wait: bool) -> None:
        seconds = self._window.take() - time.monotonic() if self._window else 0.0
        if wait and seconds > 0:
            self._sleep(min(seconds, self._limits.longest_wait))

    def _request(
        self,
        session: requests.Session,
        method: str,
        path: str,
        token: str,
        headers: dict[str, str],
        parts: dict[str, Any],
    ) -> Answer:
        try:
            with session.request(
                method,
                self._url + path,
                headers=headers,
                auth=_Bearer(token),
                timeout=(self._limits.connect_timeout, self._limits.read_timeout),
                allow_redirects=False,
                stream=True,
                **parts,
            ) as response:
                content = bytearray()
                for chunk in response.iter_content(2**16):
                    content += chunk
                    if len(content) > MAX_BODY:
                        raise Lost
                if self._window:
                    self._window.learn(response.status_code, response.headers)
                return Answer(response.status_code, bytes(content), response.headers.get("Retry-After") or "")
        except requests.RequestException as error:
            raise (NeverSent if never_sent(error) else Lost) from error


def single(body: Json, name: str) -> Json | None:
    """The object `name` of an answer, whichever envelope it has."""
    inner = body.get("response", body)
    found = inner.get("result", inner) if isinstance(inner, dict) else None
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, dict) else None


def never_sent(error: requests.RequestException) -> bool:
    """Whether no connection was made, so that the request cannot have been sent."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


@dataclass(frozen=True)
class _Bearer(AuthBase):
    """Sets the header itself, so that a .netrc of the user cannot replace it."""

    token: str = field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def read_environment(session: requests.Session, url: str) -> None:
    """What it says of proxies and certificates for `url`; requests reads it for each request, a third of its cost."""
    environment = session.merge_environment_settings(url, {}, None, None, None)
    session.proxies, session.verify = environment["proxies"], environment["verify"]
    session.trust_env = False


def _session(url: str) -> requests.Session:
    session = requests.Session()
    read_environment(session, url)
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=0))
    return session
