"""`freshbooks connect`: the log-in as a dialogue in a terminal, fed by typed lines and the callback listener."""

from __future__ import annotations

import os
import secrets
import select
import sys
import time
import webbrowser
from dataclasses import dataclass, field
from datetime import UTC, datetime
from getpass import getpass
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from rich.text import Text

from freshbooks_hub.connection import api, login, permissions
from freshbooks_hub.connection.callback import CallbackListener, Result
from freshbooks_hub.connection.certificate import Certificate
from freshbooks_hub.connection.login import App, Attempt, Candidate
from freshbooks_hub.connection.pending_logins import LoginRefused, NotAnAnswer
from freshbooks_hub.connection.profile import Business, NothingToSync
from freshbooks_hub.connection.store import check_redirect_uri
from freshbooks_hub.connection.tokens import request_window
from freshbooks_hub.core.errors import HubError, InvalidConfig
from freshbooks_hub.core.freshbooks_pages import DEVELOPER_PORTAL
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.terminal import shown

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Options:
    """What the command line gave; the rest is asked for, or taken from the earlier connection."""

    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    port: int | None = None
    public_url: str | None = None
    redirect_uri: str | None = None
    certificate: Certificate | None = None
    asked: tuple[str, ...] | None = None
    businesses: tuple[int, ...] = ()
    browser: bool = True


class Interactive:
    """One run of the command. Raises HubError."""

    def __init__(self, home: Home, options: Options, console: Console) -> None:
        self._home, self._options, self._console = home, options, console
        self._events = TerminalEvents()

    def run(self) -> None:
        """Connect, and say what comes next."""
        stored = login.stored_app(self._home)
        redirect_uri = self._redirect_uri(stored)
        check_redirect_uri(redirect_uri)
        asked = self._options.asked or login.asked_before(self._home) or permissions.asked("readable")
        # Before asking for the Client ID: a user without one registers the app with these.
        self._say_what_to_register(redirect_uri, asked)
        app = self._app(stored, redirect_uri)
        # The terminal is the one browser that may paste the answer.
        browser = secrets.token_urlsafe(32)
        attempt = login.begin(
            self._home, app.client_id, app.client_secret, app.redirect_uri, asked=asked, browser=browser
        )
        candidate = self._consent(attempt, browser)
        chosen = self._choose(candidate)
        self._probe(candidate, chosen)
        login.save(candidate, [business.id for business in chosen])
        names = ", ".join(business.name for business in chosen)
        self._say(f"Connected ✅ as {candidate.profile.name}: {names}\nNext: freshbooks sync")

    def _app(self, stored: App | None, redirect_uri: str) -> App:
        options = self._options
        client_id = options.client_id or (stored.client_id if stored else self._ask("Client ID: "))
        secret = options.client_secret
        if not secret and stored and stored.client_id == client_id:
            secret = stored.client_secret
        return App(client_id, secret or self._secret(), redirect_uri)

    def _secret(self) -> str:
        if not sys.stdin.isatty():
            raise InvalidConfig(
                "No Client Secret was given, and there is no terminal to ask for it. "
                "Set FRESHBOOKS_CLIENT_SECRET."
            )
        return getpass("Client Secret (not shown): ")

    def _redirect_uri(self, stored: App | None) -> str:
        options = self._options
        if options.redirect_uri is not None:
            return options.redirect_uri.strip()
        if options.public_url:
            return f"{options.public_url.rstrip('/')}/callback"
        if options.port is None and stored:
            return stored.redirect_uri
        return login.default_redirect_uri(options.port or login.DEFAULT_PORT)

    def _say_what_to_register(self, redirect_uri: str, asked: tuple[str, ...]) -> None:
        table = Table(title=f"Your app at {DEVELOPER_PORTAL} needs", title_justify="left", show_header=False)
        table.add_row("redirect URI", Text(shown(redirect_uri)))
        for scope in permissions.described(asked):
            table.add_row(scope.name, scope.purpose)
        self._console.print(table)
        self._say(permissions.REGISTERING_SHORT)
        if chosen := permissions.set_of(asked):
            self._say(f"These are the {chosen} scopes. {permissions.WORKS[chosen]}")
        self._say(permissions.if_refused(asked, "go on with fewer: freshbooks connect --scopes basic"))

    def _consent(self, attempt: Attempt, browser: str) -> Candidate:
        listener = self._listener(attempt.redirect_uri)
        try:
            if listener:
                self._say(
                    f"Open this address and log in to FreshBooks:\n  {attempt.start_url}\n"
                    "The browser warns about its certificate, which was made on this machine: choose Advanced, then "
                    "Proceed.\n"
                    "If that page does not open, open this address instead, and paste here the address that FreshBooks "
                    f"sends you to:\n  {attempt.authorize_url}"
                )
                if self._options.browser and _has_display():
                    webbrowser.open(attempt.start_url)
            else:
                self._say(
                    f"Open this address, log in to FreshBooks and allow access:\n  {attempt.authorize_url}\n"
                    f"FreshBooks then sends you to {attempt.redirect_uri}, where this program cannot receive the "
                    "answer. Copy the whole address from the address bar, even if that page fails to load, "
                    "and paste it here."
                )
            return self._wait(attempt, browser)
        finally:
            if listener:
                listener.stop()

    def _listener(self, redirect_uri: str) -> CallbackListener | None:
        """None if nothing here can be reached at the redirect URI: a public one needs a proxy that the user named."""
        options = self._options
        public = urlsplit(redirect_uri).hostname not in LOOPBACK
        if public and not (options.public_url or options.port):
            return None
        listener = CallbackListener(
            self._home,
            self._events.post,
            redirect_uri,
            port=(options.port or login.DEFAULT_PORT) if public else None,
            certificate=options.certificate,
            behind_proxy=public,
        )
        try:
            return listener.start()
        except InvalidConfig:
            raise
        except HubError as error:
            self._say(f"{error}\nYou can paste the answer instead.")
            return None

    def _wait(self, attempt: Attempt, browser: str) -> Candidate:
        while True:
            left = (attempt.expires_at - datetime.now(UTC)).total_seconds()
            event = self._events.next(left)
            if event is None:
                raise LoginRefused("No answer came within ten minutes. Run `freshbooks connect` again.")
            if isinstance(event, Result):
                if event.candidate:
                    return event.candidate
                assert event.error is not None
                foreign = isinstance(event.error, LoginRefused)
                if not foreign or isinstance(event.error, login.ConsentDenied):
                    raise event.error
                # It came from elsewhere; our own answer may still arrive.
                self._say(str(event.error))
            elif event:
                try:
                    return login.finish(self._home, event, browser)
                except NotAnAnswer as error:
                    self._say(str(error))

    def _choose(self, candidate: Candidate) -> list[Business]:
        profile = candidate.profile
        self._say(f"Logged in as {profile.name} {f'({profile.email})' if profile.email else ''}")
        self._warn(candidate)
        self._console.print(_businesses(candidate))
        possible = [business for business in profile.businesses if business.can_sync]
        if not possible:
            login.discard(self._home)
        if self._options.businesses or len(possible) <= 1:
            return profile.chosen(self._options.businesses or [b.id for b in possible])
        default = profile.default_choice() or [b.id for b in possible]
        while True:
            answer = self._ask(f"Which to sync? Their ids, or Enter for {', '.join(map(str, default))}: ")
            try:
                return profile.chosen([int(word) for word in answer.replace(",", " ").split()] or default)
            except ValueError:
                self._say("Ids are numbers, as in the first column.")
            except NothingToSync as error:
                self._say(str(error))

    def _warn(self, candidate: Candidate) -> None:
        for scope in candidate.missing:
            self._say(permissions.not_approved_text(scope))
        for name in candidate.shared_with:
            self._say(
                f"The connection {name} has the same user and app. FreshBooks keeps only the newest log-in, so it has "
                "just been cut off. Use another app for one of them."
            )

    def _probe(self, candidate: Candidate, chosen: list[Business]) -> None:
        try:
            token = candidate.access_token()
            window = request_window(self._home, candidate.store)
            found = api.probe(api.Api(token, window), chosen, api.allowed(token))
        except HubError as error:
            # The consent was given and would be lost; what can be read is shown later too.
            self._say(
                f"It could not be checked what can be read. {error} Check later with: freshbooks doctor"
            )
            return
        self._say(api.counted(found, len(chosen)))
        for sentence in api.refusal_texts(found, {business.id: business.name for business in chosen}):
            self._say(sentence)

    def _ask(self, question: str) -> str:
        self._console.print(shown(question), end="", markup=False, highlight=False)
        return self._events.line()

    def _say(self, text: str) -> None:
        # Addresses are copied from the terminal: never broken into lines.
        self._console.print(shown(text), markup=False, highlight=False, soft_wrap=True)


def _has_display() -> bool:
    """Whether there may be a browser with a window; one without would take over this terminal."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _businesses(candidate: Candidate) -> Table:
    table = Table(title="Businesses", title_justify="left")
    for column in ("Id", "Name", "Role", "Can be synced"):
        table.add_column(column, overflow="fold")
    for business in candidate.profile.businesses:
        answer = business.why_not or (f"yes. {business.note}" if business.note else "yes")
        table.add_row(*(Text(shown(text)) for text in (business.id, business.name, business.role, answer)))
    return table


class TerminalEvents:
    """Lines of standard input and results of a callback listener, in order of arrival.

    It reads the descriptor itself: a thread blocked in `input()` could not be ended.
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._input: int | None = descriptor
        self._buffer = b""
        self._results: list[Result] = []
        self._woken, self._wake = os.pipe()

    def post(self, result: Result) -> None:
        """From any thread."""
        self._results.append(result)
        os.write(self._wake, b".")

    def next(self, seconds: float) -> str | Result | None:
        """The next line (without its end) or result; None when `seconds` passed with neither."""
        until = time.monotonic() + seconds
        while True:
            if self._results:
                os.read(self._woken, 1)
                return self._results.pop(0)
            if b"\n" in self._buffer:
                return self.line()
            watched = [self._woken, *([] if self._input is None else [self._input])]
            ready = select.select(watched, [], [], max(until - time.monotonic(), 0))[0]
            if not ready:
                return None
            if self._input in ready:
                self._read(self._input)

    def line(self) -> str:
        """The next line; empty at the end of the input."""
        while self._input is not None and b"\n" not in self._buffer:
            self._read(self._input)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode("utf-8", "replace").strip()

    def _read(self, descriptor: int | None) -> None:
        assert descriptor is not None
        chunk = os.read(descriptor, 65536)
        if not chunk:
            self._input = None
            if self._buffer:
                chunk = b"\n"
        self._buffer += chunk
