"""What keeps strangers out of the pages: host names, origins, sessions, headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from freshbooks_hub.agent.mcp.oauth.provider import CONSENT_PATH
from freshbooks_hub.web import passwords
from freshbooks_hub.web.access import OWNER, Need, Person, needed

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
# A name or address, and a port. Anything else in a Host header only confuses its readers.
HOST = re.compile(r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)


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
    if not site.sessions.is_active(cookie.get("session", ""), name):
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
