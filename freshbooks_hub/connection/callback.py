"""The callback that FreshBooks sends the browser to: routes for any Starlette app, and a listener that serves them.

The answer to the callback is a redirect to a page without parameters, so the code stays in no address bar, history
or referrer. Nothing here logs an address.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape
from typing import Self
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from freshbooks_hub.connection import login
from freshbooks_hub.connection.certificate import Certificate, for_loopback
from freshbooks_hub.connection.login import Candidate
from freshbooks_hub.connection.pending_logins import (
    LIFE,
    AlreadyAnswered,
    Attempts,
    ForeignAnswer,
    NotAnAnswer,
    authorize_url,
    start_root,
)
from freshbooks_hub.core.errors import HubError, InvalidConfig
from freshbooks_hub.core.home import Home

COOKIE = "__Host-freshbooks-login"
START_SECONDS = 10.0
SHOW_SECONDS = 5.0
_STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}"
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'",
}


@dataclass(frozen=True)
class Result:
    """How a log-in ended: a candidate, or the error to show."""

    candidate: Candidate | None = None
    error: HubError | None = None

    @property
    def foreign(self) -> bool:
        """Whether this answers no log-in of this browser: nothing ended, and a pending log-in keeps waiting."""
        return isinstance(self.error, ForeignAnswer | NotAnAnswer)


OnResult = Callable[[Result], None]


class Callback:
    """The start, the callback and the page after it, for one home and redirect URI.

    `done_url` is where the browser ends; by default a page of its own, that says what happened. `on_result` is
    called in a worker thread, once for each answer that is not a repetition.
    """

    def __init__(
        self, home: Home, redirect_uri: str, on_result: OnResult, done_url: str | None = None
    ) -> None:
        self._home = home
        self._on_result = on_result
        self._callback = urlsplit(redirect_uri).path or "/"
        self._start = urlsplit(start_root(redirect_uri)).path
        self._done = f"{self._start.removesuffix('start/')}done"
        self._done_url = done_url or self._done
        self._last: Result | None = None
        self._shown = threading.Event()
        self._shown.set()
        # A doubled callback waits for the first one, and then shows how that ended.
        self._one_at_a_time = asyncio.Lock()

    def wait_until_shown(self, seconds: float) -> None:
        """Give the browser time to fetch the page that says how the log-in ended, where that page is here."""
        self._shown.wait(seconds)

    def routes(self) -> list[Route]:
        """GET only: a HEAD, as a link checker sends it, must not consume a state."""
        return [
            _get(f"{self._start}{{key}}", self._begin),
            _get(self._callback, self._finish),
            _get(self._done, self._show),
        ]

    async def _begin(self, request: Request) -> Response:
        try:
            key, cookie = request.path_params["key"], request.cookies.get(COOKIE, "")
            record, browser = await run_in_threadpool(Attempts(self._home).start, key, cookie)
        except HubError as error:
            return _page("Not connected", str(error), 400)
        answer = RedirectResponse(
            authorize_url(record.client_id, record.redirect_uri, record.asked, record.state, record.verifier),
            302,
            HEADERS,
        )
        # Lax: the callback is a navigation that comes from FreshBooks' site.
        life = int(LIFE.total_seconds())
        answer.set_cookie(COOKIE, browser, life, path="/", secure=True, httponly=True, samesite="lax")
        return answer

    async def _finish(self, request: Request) -> Response:
        async with self._one_at_a_time:
            try:
                browser = request.cookies.get(COOKIE, "")
                answer = f"?{request.url.query}"
                candidate = await run_in_threadpool(login.finish, self._home, answer, browser)
                result = Result(candidate=candidate)
            except AlreadyAnswered:
                return RedirectResponse(self._done_url, 303, HEADERS)
            except HubError as error:
                result = Result(error=error)
            self._last = result
            if self._done_url == self._done:
                self._shown.clear()
            await run_in_threadpool(self._on_result, result)
        gone = RedirectResponse(self._done_url, 303, HEADERS)
        if not result.foreign:  # else the log-in waits still, for the browser with this cookie
            gone.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return gone

    async def _show(self, _: Request) -> Response:
        self._shown.set()
        if self._last is None:
            return _page("No log-in yet", "Start one with freshbooks connect, or on the hub's page.", 200)
        if self._last.error is not None:
            return _page("Not connected", str(self._last.error), 200)
        return _page("Access allowed ✅", "Go back to where you started, to choose businesses.", 200)


class CallbackListener:
    """Serves a `Callback` on the loopback interface (127.0.0.1 and ::1), at the port of the redirect URI.

    By HTTPS with `certificate`, by default the one made for this machine; by HTTP when `behind_proxy`, which is to
    end TLS for a public redirect URI and pass the path on to the local `port`.
    """

    def __init__(
        self,
        home: Home,
        on_result: OnResult,
        redirect_uri: str | None = None,
        done_url: str | None = None,
        *,
        port: int | None = None,
        certificate: Certificate | None = None,
        behind_proxy: bool = False,
    ) -> None:
        self.redirect_uri = redirect_uri or login.default_redirect_uri()
        parts = urlsplit(self.redirect_uri)
        self._port = port or parts.port or 443
        self._hosts = ["localhost", "127.0.0.1", parts.hostname or "localhost"]
        self._certificate = None if behind_proxy else certificate or for_loopback(home)
        self._callback = Callback(home, self.redirect_uri, on_result, done_url)
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=self._hosts, www_redirect=False)
        self.app = Starlette(routes=self._callback.routes(), middleware=[hosts])
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listen in a background thread; raises HubError when the port or the certificate cannot be used."""
        sockets = _sockets(self._port)
        files = self._certificate
        config = uvicorn.Config(
            self.app,
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=2,
            # A browser's idle connection would hold up the end of the listener.
            headers=[("Connection", "close")],
            ssl_certfile=files.certificate if files else None,
            ssl_keyfile=files.key if files else None,
        )
        try:
            config.load()
        except (ssl.SSLError, OSError) as error:
            for listening in sockets:
                listening.close()
            raise InvalidConfig("The certificate and its key do not match. Check both files.") from error
        self._server = server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=server.run, kwargs={"sockets": sockets}, name="freshbooks-callback", daemon=True
        )
        self._thread.start()
        waiting = threading.Event()
        for _ in range(int(START_SECONDS / 0.01)):
            if server.started:
                return self
            waiting.wait(0.01)
        self.stop()
        raise HubError(f"The listener on port {self._port} did not start. Run the command again.")

    def stop(self) -> None:
        """Stop listening; an answer that is being worked on is finished first, and its page shown."""
        if self._server is not None and self._thread is not None:
            self._callback.wait_until_shown(SHOW_SECONDS)
            self._server.should_exit = True
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _get(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    async def answer(request: Request) -> Response:
        if request.method != "GET":
            return PlainTextResponse("", 405, HEADERS | {"Allow": "GET"})
        return await endpoint(request)

    return Route(path, answer, methods=["GET"])


def _page(title: str, text: str, status: int) -> HTMLResponse:
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<main><h1>{escape(title)}</h1><p>{escape(text)}</p></main></html>"
    )
    return HTMLResponse(body, status, HEADERS)


def _sockets(port: int) -> list[socket.socket]:
    """127.0.0.1, and ::1 where the machine has it; a browser may try either for `localhost`."""
    made = []
    try:
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            try:
                listening = socket.socket(family, socket.SOCK_STREAM)
            except OSError:
                continue
            made.append(listening)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind((address, port))
            except OSError as error:
                if family == socket.AF_INET6 and error.errno == errno.EADDRNOTAVAIL:  # IPv6 is off
                    listening.close()
                    made.remove(listening)
                    continue
                raise
            listening.listen()
    except OSError as error:
        for listening in made:
            listening.close()
        raise HubError(
            f"Port {port} on this machine cannot be used ({error.strerror}). End what uses it, or register "
            "another redirect URI and name its port with --port."
        ) from error
    return made
