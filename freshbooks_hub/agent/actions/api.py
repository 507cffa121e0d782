"""FreshBooks over plain HTTP: reads may repeat, a write is sent once.

No library retries anything here and no redirect is followed (freshbooks-api.md 7.8). A write repeats after 401
and 429 only, for neither was processed. What is not a clear answer is `Lost`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from freshbooks_api.errors import error_of, missing_scopes
from freshbooks_hub.agent.actions.models import ActionRefused, Timing
from freshbooks_hub.connection.oauth import USER_AGENT, api_url
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import renewed_access_token, valid_access_token
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.errors import HubError

Json = dict[str, Any]
PER_PAGE = 100
MAX_PAGES = 1000
_FIELD = re.compile(r"[A-Za-z_]{1,40}")
_SCOPE = re.compile(r"user:[a-z_]+:[a-z]+")


class NeverSent(Exception):
    """No connection came about: FreshBooks cannot have seen the request."""


class Lost(Exception):
    """The request may have been served; its answer did not arrive, or says nothing."""


class Refused(Exception):
    """A clear refusal (4xx): nothing was written. The text holds our own words and codes only."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class _Bearer(AuthBase):
    """Sets the header itself, so that a .netrc of the user cannot replace it."""

    token: str = field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Api:
    """Calls with the connection's token. Paths are absolute under FRESHBOOKS_API_URL."""

    def __init__(self, store: ConnectionStore, clock: SystemClock, timing: Timing) -> None:
        self._store = store
        self._clock = clock
        self._timing = timing
        self._reading = _session()

    # -- reading

    def get(self, path: str, params: list[tuple[str, str]] | None = None) -> Json | None:
        """The answer's body, or None for 404. Raises ActionRefused when FreshBooks cannot be read."""
        for attempt in range(1, self._timing.attempts + 1):
            try:
                response = self._through(lambda token: self._get(token, path, params or []))
            except requests.RequestException:
                response = None
            except HubError as error:
                raise ActionRefused("not_connected", str(error)) from error
            if response is not None and response.status_code < 500:
                body = _json(response)
                if response.status_code == 404:
                    return None
                if 200 <= response.status_code < 300 and body is not None and error_of(body) is None:
                    return body
                if response.status_code >= 400 or body is not None:
                    raise _unreadable(path, response.status_code, body, response.text)
            if attempt < self._timing.attempts:
                self._clock.sleep(attempt)
        raise ActionRefused(
            "freshbooks_unavailable", "FreshBooks cannot be read at the moment. Try again in a minute."
        )

    def _get(self, token: str, path: str, params: list[tuple[str, str]]) -> requests.Response:
        return self._reading.get(
            api_url() + path,
            params=params,
            auth=_Bearer(token),
            timeout=(self._timing.connect_timeout, self._timing.read_timeout),
            allow_redirects=False,
        )

    def rows(self, path: str, key: str, params: list[tuple[str, str]] | None = None) -> list[Json]:
        """All rows of a list, each once, whatever its envelope (freshbooks-api.md 3.1, 3.2).

        Some lists send fewer rows a page than they were asked for and count their pages as if they did not: they are
        read on while more rows are counted than came, and once more by the size of their pages if that is not enough.
        """
        asked = params or []
        found, total, first = self._look(path, key, asked, PER_PAGE)
        if len(found) < total and 0 < first < PER_PAGE:
            found = self._look(path, key, asked, first)[0]
        return found

    def _look(
        self, path: str, key: str, params: list[tuple[str, str]], per_page: int
    ) -> tuple[list[Json], int, int]:
        """The rows of a list, how many it counts, and how many its first page had."""
        found: dict[Any, Json] = {}
        first = seen = 0
        for number in range(1, MAX_PAGES + 1):
            page = self._page(path, [*params, ("page", str(number)), ("per_page", str(per_page))])
            block = page.get("meta") or page
            rows = page.get(key) or []
            pages, total = int(block.get("pages") or 1), int(block.get("total") or 0)
            if number > pages and int(block.get("page") or number) != number:
                rows = []  # past its end a list may give its last page again
            first = first or len(rows)
            seen += len(rows)
            for row in rows:
                found[row.get("id", ("without an id", len(found)))] = row
            if not rows or (number >= pages and seen >= total):
                return list(found.values()), total, first
        raise ActionRefused(
            "freshbooks_refused", f"FreshBooks' list has more than {MAX_PAGES} pages. Nothing was written."
        )

    def _page(self, path: str, params: list[tuple[str, str]]) -> Json:
        body = self.get(path, params) or {}
        inner = body.get("response", body)
        # Team members come as a bare list under `response`, with `meta` beside it.
        page: Json = body if isinstance(inner, list) else inner.get("result", inner)
        return page

    # -- writing

    def send(self, method: str, path: str, body: str) -> Json:
        """Send exactly `body`; the answer's object. Raises NeverSent, Lost, Refused."""
        headers = {"Content-Type": "application/json"}
        return self._write(method, path, {"data": body.encode(), "headers": headers})

    def upload(self, path: str, name: str, media_type: str, content: bytes) -> Json:
        """Upload a file as `content` (freshbooks-api.md 7.5). Raises NeverSent, Lost, Refused."""
        return self._write("POST", path, {"files": {"content": (name, content, media_type)}})

    def _write(self, method: str, path: str, parts: dict[str, Any]) -> Json:
        def call(token: str) -> requests.Response:
            # A connection of its own: a kept one may die just as the request leaves.
            with _session() as session:
                return session.request(
                    method,
                    api_url() + path,
                    auth=_Bearer(token),
                    timeout=(self._timing.connect_timeout, self._timing.read_timeout),
                    allow_redirects=False,
                    **parts,
                )

        try:
            response = self._through(call)
        except HubError as error:
            raise NeverSent from error  # there is no token to send it with
        except requests.RequestException as error:
            if _never_sent(error):
                raise NeverSent from error
            raise Lost from error
        body = _json(response)
        status = response.status_code
        if 400 <= status < 500 and status != 408:
            raise Refused(status, _reason(status, body, response.text))
        # An error envelope under 200 is no proof either way, so it is looked up like a lost answer.
        if not 200 <= status < 300 or body is None or error_of(body) is not None:
            raise Lost
        return body

    def _through(self, call: Callable[[str], requests.Response]) -> requests.Response:
        """Make the call; once more after 401 with a fresh token, and a few times after 429."""
        token = valid_access_token(self._store)
        renewed = False
        for attempt in range(1, self._timing.attempts + 2):
            response = call(token)
            if response.status_code == 401 and not renewed:
                renewed = True
                try:
                    token = renewed_access_token(self._store, token)
                except HubError:
                    return response
            elif response.status_code == 429 and attempt < self._timing.attempts:
                self._clock.sleep(self._wait(response, attempt))
            else:
                return response
        return response

    def _wait(self, response: requests.Response, attempt: int) -> float:
        text = response.headers.get("Retry-After", "")
        asked = float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 2.0**attempt
        return min(asked, self._timing.longest_wait)


def single(body: Json, name: str) -> Json | None:
    """The object `name` of an answer, whichever envelope it has."""
    inner = body.get("response", body)
    if isinstance(inner, dict):
        found = inner.get("result", inner)
        value = found.get(name) if isinstance(found, dict) else None
        return value if isinstance(value, dict) else None
    return None


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=0))
    session.headers["User-Agent"] = USER_AGENT
    return session


def _never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _json(response: requests.Response) -> Json | None:
    try:
        body = json.loads(response.content, parse_float=Decimal)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _reason(status: int, body: Json | None, text: str) -> str:
    """What was wrong, in our words: FreshBooks's own message may quote what strangers wrote."""
    required = missing_scopes(text)
    if required is not None:
        scopes = ", ".join(scope for scope in required if _SCOPE.fullmatch(scope))
        return (
            f"the connection lacks {f'the scope {scopes}' if scopes else 'a scope'}. To go on, tick it in the "
            "FreshBooks app and run `freshbooks connect`"
        )
    if status == 401:
        return "FreshBooks does not accept the connection; run `freshbooks doctor`"
    if status == 429:
        return "FreshBooks asks to slow down; try again in a few minutes"
    parts = [str(status)]
    error = error_of(body)
    if error and error.errno is not None:
        parts.append(f"errno {error.errno}")
    if error and _FIELD.fullmatch(error.field or ""):
        parts.append(f"field {error.field}")
    return ", ".join(parts)


def _unreadable(path: str, status: int, body: Json | None, text: str) -> ActionRefused:
    reason = _reason(status, body, text)
    if status == 403 and missing_scopes(text) is None:
        reason = f"the role of the connected user or the plan of the business does not allow it ({reason})"
    return ActionRefused(
        "freshbooks_refused",
        f"FreshBooks does not let {_resource(path)} be read: {reason}. Nothing was written.",
    )


def _resource(path: str) -> str:
    """What is at a path, in words: its last part that is no id."""
    named = [part for part in path.split("/") if re.fullmatch("[a-z_]+", part)]
    return "the connected user" if path.endswith("/users/me") else (named or ["this"])[-1].replace("_", " ")
