"""What keeps strangers out of the pages: headers, origins, form tokens, the password."""

from __future__ import annotations

import functools
import hmac
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No inline script or style, nothing from elsewhere, no frame around us. A form posts to us alone: going on to
# FreshBooks is a navigation of its own page, because browsers apply form-action to redirects too.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it a browser would send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
SAFE = {"GET", "HEAD"}
OPEN = ("/login", "/static/")
FAILURES, PAUSE = 5, 30.0  # after five wrong passwords, half a minute for everyone

Act = Callable[[Request, FormData], Response]


class Guard:
    """ASGI middleware of the pages: headers on every answer, no request from another site, sign-in first."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        request = Request(scope)
        answer: ASGIApp = self.app
        public = request.app.state.site.public_url
        if request.method not in SAFE and _from_elsewhere(request.headers, public):
            answer = Response("This form was sent from another site.", 403)
        elif not signed_in(request) and not request.url.path.startswith(OPEN):
            answer = RedirectResponse("/login", 303)
        await answer(scope, receive, guarded)


def _from_elsewhere(headers: Headers, public_url: str | None) -> bool:
    """Whether a browser says that another site sent this; no script can set these headers."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    # A proxy may have its own idea of our Host.
    return origin is not None and origin != public_url and urlsplit(origin).netloc != headers.get("host")


def csrf_token(request: Request) -> str:
    """The token of this browser's session, made at the first form."""
    token: str = request.session.setdefault("csrf", secrets.token_urlsafe(32))
    return token


def action(act: Act) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that changes something: checks the form's token, then runs `act(request, form)` in a thread."""

    @functools.wraps(act)
    async def endpoint(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=200) as form:
            sent, expected = form.get("csrf"), request.session.get("csrf")
            if not (isinstance(sent, str) and expected and hmac.compare_digest(sent, expected)):
                raise HTTPException(403, "The form was too old. Go back, reload the page and try again.")
            return await run_in_threadpool(act, request, form)

    return endpoint


def signed_in(request: Request) -> bool:
    """Whether this browser gave the password, or none is set."""
    keys = request.app.state.site.keys
    return keys.password is None or request.session.get("signed_in") == keys.fingerprint


class Doorman:
    """Slows down guessing: after some wrong passwords nobody gets in for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_until = 0.0

    def admit(self) -> float:
        """Reserve a try, which counts as a failure until it is accepted; else the seconds until the next one."""
        with self._lock:
            now = time.monotonic()
            if now < self._closed_until:
                return self._closed_until - now
            self._failures += 1
            if self._failures >= FAILURES:
                self._failures, self._closed_until = 0, now + PAUSE
            return 0.0

    def accepted(self) -> None:
        """The password was right: the count begins anew."""
        with self._lock:
            self._failures, self._closed_until = 0, 0.0
