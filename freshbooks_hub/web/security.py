"""What keeps strangers out of the pages: host names, origins, sessions, form tokens, headers."""

from __future__ import annotations

import functools
import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from freshbooks_hub.agent.mcp.oauth.provider import CONSENT_PATH
from freshbooks_hub.web import passwords
from freshbooks_hub.web.access import OWNER, Need, Person, needed

NO_LABELS: Mapping[str, str] = MappingProxyType({})
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
# A name or address, and a port. What else a Host header may hold only confuses who reads it.
HOST = re.compile(r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
# After five wrong passwords for one name half a minute's pause, after fifty in all for everyone.
FAILURES, FAILURES_OF_ALL, PAUSE = 5, 50, 30.0
MOST_FIELDS = 1000  # of a form: that of a user has one for each connection
NAMES = 1000  # of which failures are counted

Act = Callable[[Request, FormData], Response]


class Guard:
    """ASGI middleware of the pages: headers on every answer, our own host names only, no request from another site,
    nothing but the way in without a session, and nothing that `access` does not let this person do.

    `refused`: the answer to a person who may not.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str], refused: Callable[[Request], Response]) -> None:
        self.app = app
        self._refused = refused
        self._hosts = {host.lower() for host in hosts}

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
        path: str = scope["path"]  # as routed; `request.url` is put together from headers, too
        need, connection = needed(request.method, path)
        public = request.app.state.site.public_url
        if not self._is_ours(request.headers):
            answer = Response("This server has another name.", 400)
        elif request.method not in SAFE and _from_elsewhere(request.headers, public):
            answer = Response("This form was sent from another site.", 403)
        elif (person := self._person(request)) is None and need is not Need.nothing:
            if _is_page(request, path):
                request.session["onward"] = f"{path}?{request.url.query}" if request.url.query else path
            answer = RedirectResponse("/login", 303)
        elif person is not None and not person.may(need, connection):
            answer = self._refused(request)
        await answer(scope, receive, guarded)

    def _person(self, request: Request) -> Person | None:
        request.state.person = found = _find_person(request)
        return found

    def _is_ours(self, headers: Headers) -> bool:
        """Whether we are asked for by our name: a page of another one, bound to our address, must not read ours."""
        named = [HOST.fullmatch(host) for host in headers.getlist("host")]
        return len(named) == 1 and named[0] is not None and named[0]["name"].lower() in self._hosts


def _is_page(request: Request, path: str) -> bool:
    """Whether a person wants to look at this; who has to sign in first gets there afterwards."""
    # Not `//host/path`, which a browser takes for an address elsewhere.
    local = path.startswith("/") and path[1:2] not in {"/", "\\"}
    wanted = path == CONSENT_PATH or "text/html" in request.headers.get("accept", "")
    return request.method == "GET" and local and wanted


def _from_elsewhere(headers: Headers, public_url: str | None) -> bool:
    """Whether a browser says that another site sent this; no script can set these headers."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    # A proxy may have its own idea of our Host.
    return origin is not None and origin != public_url and origin.partition("://")[2] != headers.get("host")


def csrf_token(request: Request) -> str:
    """The token of this browser's session, made at the first form."""
    token: str = request.session.setdefault("csrf", secrets.token_urlsafe(32))
    return token


def action(
    act: Act, several_lines: Container[str] = (), labels: Mapping[str, str] = NO_LABELS
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that changes something: checks the form, and runs `act(request, form)` in a thread.

    The form holds this session's token, and no control characters: only fields of `several_lines` have line breaks.
    `labels`: of the fields in which a person writes, as the page has them.
    """

    @functools.wraps(act)
    async def endpoint(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
            sent, expected = form.get("csrf"), request.session.get("csrf")
            if not (isinstance(sent, str) and expected and same_text(sent, expected)):
                raise HTTPException(403, "The form was too old. Go back, reload the page and try again.")
            for name, value in form.multi_items():
                text = value.strip() if isinstance(value, str) else ""
                if name in several_lines:
                    text = text.replace("\r\n", "").replace("\n", "").replace("\t", "")
                if not isinstance(value, str) or UNPRINTABLE.search(name + text):
                    raise HTTPException(
                        400,
                        f"{labels.get(name, 'This form')}: it holds a line break or another control character. "
                        "Remove it.",
                    )
            return await run_in_threadpool(act, request, form)

    return endpoint


def same_text(one: str, other: str) -> bool:
    """Compare in a time that does not tell how much was right; any text can be compared."""
    return hmac.compare_digest(*(text.encode("utf-8", "surrogatepass") for text in (one, other)))


def person_of(request: Request) -> Person | None:
    """Who is signed in, as the guard found."""
    found: Person | None = request.state.person
    return found


def _find_person(request: Request) -> Person | None:
    """Whose session this browser has, if it lives and began with the password that its person has now."""
    site, cookie = request.app.state.site, request.session
    name = cookie.get("user", "")
    user = site.users.find(name) if name else None
    if name and user is None:
        return None
    kept = user.password if user else site.keys.password
    if cookie.get("signed_in") != passwords.fingerprint(kept):
        return None
    if not site.sessions.living(cookie.get("session", ""), name):
        return None
    return user.person if user else OWNER


def sign_in(request: Request, user: str = "") -> Response:
    """A new session of `user` ("": the owner) for this browser, on its way to where it was going.

    Nothing else of an earlier session is kept.
    """
    site = request.app.state.site
    onward = request.session.get("onward", "/")
    sign_out(request)
    kept = site.users.get(user).password if user else site.keys.password
    request.session["user"] = user
    request.session["signed_in"] = passwords.fingerprint(kept)
    request.session["session"] = site.sessions.begin(user)
    return RedirectResponse(onward, 303)


def sign_out(request: Request) -> None:
    """End the session, on the server as in the cookie."""
    if session := request.session.get("session"):
        request.app.state.site.sessions.end(session)
    request.session.clear()


@dataclass
class _Failures:
    """In a row, and the end of the pause after too many."""

    number: int = 0
    closed_until: float = 0.0


class LoginThrottle:
    """Slows down guessing: after some wrong passwords nobody gets in by that name for a while.

    By name, so that nobody guesses another's password between signings-in of their own; and all together.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_all = _Failures()
        self._of: OrderedDict[str, _Failures] = OrderedDict()

    def admit(self, name: str = "") -> float:
        """Reserve a try, which counts as a failure until it is accepted; else the seconds until the next one."""
        with self._lock:
            now = time.monotonic()
            own = self._of.setdefault(name, _Failures())
            self._of.move_to_end(name)
            while len(self._of) > NAMES:
                self._of.popitem(last=False)
            counts = ((own, FAILURES), (self._of_all, FAILURES_OF_ALL))
            waits = max(count.closed_until for count, _ in counts) - now
            if waits > 0:
                return waits
            for count, most in counts:
                count.number += 1
                if count.number >= most:
                    count.number, count.closed_until = 0, now + PAUSE
            return 0.0

    def accepted(self, name: str = "") -> None:
        """The password was right: the count of this name begins anew."""
        with self._lock:
            self._of.pop(name, None)
            self._of_all.number = max(0, self._of_all.number - 1)
