"""The API for actions: reads that raise ActionRefused, and writes that are sent once (`freshbooks_api.client`)."""

from __future__ import annotations

import re
from typing import Any

from freshbooks_api.client import Answer, Client, Json, Limits, NeverSent, NoAnswer, api_url
from freshbooks_api.request_window import RequestWindow
from freshbooks_hub.agent.actions.models import ActionRefused, Timing
from freshbooks_hub.connection.oauth import USER_AGENT
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import StoredToken, request_window
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home

PER_PAGE = 100
MAX_PAGES = 1000
_SCOPE = re.compile(r"user:[a-z_]+:[a-z]+")


class Api:
    """Calls with the connection's token, in the budget of `window`. Paths are absolute under FRESHBOOKS_API_URL."""

    def __init__(
        self, store: ConnectionStore, clock: SystemClock, timing: Timing, window: RequestWindow | None
    ) -> None:
        limits = Limits(
            timing.connect_timeout,
            timing.read_timeout,
            reads=timing.attempts,
            waits=timing.attempts - 1,
            longest_wait=timing.longest_wait,
        )
        self._client = Client(api_url(), StoredToken(store), USER_AGENT, limits, clock.sleep, window)

    @classmethod
    def of(cls, home: Home, clock: SystemClock, timing: Timing) -> Api:
        """With the token of the home's connection; without a connection each call raises ActionRefused."""
        store = ConnectionStore(home.connection)
        window = request_window(home, store) if store.exists() else None
        return cls(store, clock, timing, window)

    # -- reading

    def get(self, path: str, params: list[tuple[str, str]] | None = None) -> Json | None:
        """The answer's body, or None for 404. Raises ActionRefused when FreshBooks cannot be read."""
        try:
            answer = self._client.get(path, params)
        except NoAnswer:
            answer = None
        except HubError as error:
            raise ActionRefused("not_connected", str(error)) from error
        if answer is None or answer.unclear:
            raise ActionRefused(
                "freshbooks_unavailable", "FreshBooks cannot be read at the moment. Try again in a minute."
            )
        if answer.status == 404:
            return None
        if answer.good:
            return answer.body
        raise _unreadable(path, answer)

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
        return self._write(method, path, data=body.encode())

    def upload(self, path: str, name: str, media_type: str, content: bytes) -> Json:
        """Upload a file as `content` (freshbooks-api.md 7.5). Raises NeverSent, Lost, Refused."""
        return self._write("POST", path, files={"content": (name, content, media_type)})

    def _write(self, method: str, path: str, **parts: Any) -> Json:
        try:
            return self._client.send(method, path, **parts).body or {}
        except HubError as error:
            raise NeverSent from error  # there is no token to send it with


def reason(answer: Answer) -> str:
    """Why FreshBooks refused, in our words: its own message may quote what strangers wrote."""
    required = answer.missing_scopes
    if required is not None:
        scopes = ", ".join(scope for scope in required if _SCOPE.fullmatch(scope))
        return (
            f"the connection lacks {f'the scope {scopes}' if scopes else 'a scope'}. To go on, tick it in the "
            "FreshBooks app and run `freshbooks connect`"
        )
    if answer.status == 401:
        return "FreshBooks does not accept the connection; run `freshbooks doctor`"
    if answer.status == 429:
        return "FreshBooks asks to slow down; try again in a few minutes"
    return answer.codes


def _unreadable(path: str, answer: Answer) -> ActionRefused:
    why = reason(answer)
    if answer.status == 403 and answer.missing_scopes is None:
        why = f"the role of the connected user or the plan of the business does not allow it ({why})"
    return ActionRefused(
        "freshbooks_refused",
        f"FreshBooks does not let {_resource(path)} be read: {why}. Nothing was written.",
    )


def _resource(path: str) -> str:
    """What is at a path, in words: its last part that is no id."""
    named = [part for part in path.split("/") if re.fullmatch("[a-z_]+", part)]
    return "the connected user" if path.endswith("/users/me") else (named or ["this"])[-1].replace("_", " ")
