"""Log-ins started on the pages: the listener that waits for FreshBooks' answer, and how each ended."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from starlette.routing import Router

from freshbooks_hub.connection import login
from freshbooks_hub.connection.api import Access
from freshbooks_hub.connection.callback import Callback, CallbackListener, Result
from freshbooks_hub.connection.login import Attempt
from freshbooks_hub.connection.pending_logins import LIFE
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Started:
    """A log-in in progress of `app`, asking for the scopes `asked`.

    `deaf`: why nobody listens for the answer, so that it must be pasted.
    """

    attempt: Attempt
    app: login.App
    asked: tuple[str, ...]
    deaf: str = ""


@dataclass
class Logins:
    """One at a time for each home. All calls are safe from any thread."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: dict[Path, Started] = field(default_factory=dict)
    _sent: set[Path] = field(default_factory=set)
    _results: dict[Path, Result] = field(default_factory=dict)
    _access: dict[Path, list[Access]] = field(default_factory=dict)
    _listener: CallbackListener | None = None
    _timer: threading.Timer | None = None

    def begin(
        self,
        home: Home,
        app: login.App,
        *,
        asked: tuple[str, ...],
        browser: str,
        done_url: str,
        served_here: bool,
    ) -> Started:
        """Start a log-in and wait for its answer for ten minutes.

        `served_here`: the redirect URI is an address of these pages; else one of this machine gets a listener.
        Raises InvalidConfig, HomeError.
        """
        attempt = login.begin(
            home, app.client_id, app.client_secret, app.redirect_uri, asked=asked, browser=browser
        )
        with self._lock:
            self._results.pop(home.root, None)
            self._sent.discard(home.root)
            deaf = "" if served_here else self._listen(home, attempt.redirect_uri, done_url)
            started = self._started[home.root] = Started(attempt, app, asked, deaf)
        return started

    def started(self, home: Home) -> Started | None:
        """The log-in that this home waits for."""
        return self._started.get(home.root)

    def send_on(self, home: Home) -> bool:
        """Whether the page is to redirect to FreshBooks: only once, so that a person who comes back can read it."""
        with self._lock:
            first = home.root not in self._sent
            self._sent.add(home.root)
        return first

    def ended(self, home: Home, result: Result) -> None:
        """An answer came, by the listener or pasted; a foreign one ends nothing and is shown to the waiting person."""
        with self._lock:
            if result.foreign:
                if home.root in self._started:
                    self._results[home.root] = result
                return
            self._results[home.root] = result
            self._started.pop(home.root, None)

    def result(self, home: Home) -> Result | None:
        """How the last log-in of this home ended."""
        return self._results.get(home.root)

    def probed(self, home: Home, access: list[Access]) -> None:
        """Store what may be read, to show it after saving."""
        self._access[home.root] = access

    def access(self, home: Home) -> list[Access]:
        """The result of the last probe; empty if there was none since the server started."""
        return self._access.get(home.root, [])

    def callback(self, home: Home, redirect_uri: str, done_url: str) -> Router:
        """The start and the callback, for a redirect URI that is an address of these pages."""
        return Router(
            Callback(home, redirect_uri, lambda result: self.ended(home, result), done_url).routes()
        )

    def stop(self) -> None:
        """Stop listening."""
        with self._lock:
            self._stop()

    def _listen(self, home: Home, redirect_uri: str, done_url: str) -> str:
        """Listen at the redirect URI's port; returns why not."""
        if urlsplit(redirect_uri).hostname not in LOOPBACK:
            return f"{redirect_uri} is not an address of this machine."
        self._stop()
        try:
            listener = CallbackListener(home, lambda result: self.ended(home, result), redirect_uri, done_url)
            self._listener = listener.start()
        except HubError as error:
            return str(error)
        self._timer = threading.Timer(LIFE.total_seconds() + 60, self.stop)
        self._timer.daemon = True
        self._timer.start()
        return ""

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._listener is not None:
            self._listener.stop()
        self._listener = self._timer = None
