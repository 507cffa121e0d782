"""The pages as an ASGI app."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from freshbooks_hub.agent.mcp.oauth.provider import Authorization
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.web import sessions
from freshbooks_hub.web.app_state import Site
from freshbooks_hub.web.lists import pages as lists
from freshbooks_hub.web.pages import (
    account,
    activity,
    agents,
    approvals,
    balances,
    bill,
    businesses,
    client,
    connect,
    expenses,
    invoice,
    login,
    money,
    notifications,
    overview,
    pack,
    permissions,
    project,
    settings,
    status,
    tax,
    time,
    users,
    webhooks,
)
from freshbooks_hub.web.pages import (
    home as home_page,
)
from freshbooks_hub.web.request_context import connections, context_of, visible
from freshbooks_hub.web.security import HEADERS, Guard
from freshbooks_hub.web.sessions import SESSION_LIFE, Sessions
from freshbooks_hub.web.users import Users
from freshbooks_hub.web.views import STATIC, render

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")  # as written in a Host header
KEPT = "public, max-age=31536000, immutable"
PAGES = (
    *(
        home_page,
        status,
        money,
        tax,
        balances,
        expenses,
        time,
        pack,
        lists,
        invoice,
        client,
        project,
        bill,
    ),
    *(approvals, activity),
    *(overview, account, settings, permissions, users, agents, notifications, webhooks, connect, businesses),
)


def create_app(
    home: Home,
    hosts: Sequence[str] = LOOPBACK,
    public_url: str | None = None,
    password: str | None = None,
    authorization: Authorization | None = None,
) -> Starlette:
    """The pages of `home` and of the other connections beside it.

    `hosts` are the names it may be asked for by; `public_url` is its https address, where it has one; `password`
    goes before the stored one; `authorization` asks on our page which AI clients to let in.
    Raises HomeError, WeakPassword.
    """
    keys = sessions.load(home, password)
    site = Site(home, keys, Sessions(home), Users(home), tuple(hosts), public_url, authorization)
    pages: list[BaseRoute] = [route for module in PAGES for route in module.routes]
    app = Starlette(
        routes=[
            *login.routes,
            Mount("/static", _Static(directory=STATIC)),
            Mount("/c/{connection}", routes=pages),
            *pages,
        ],
        middleware=[
            Middleware(
                SessionMiddleware,
                secret_key=site.keys.secret,
                session_cookie=cookie_name(home),
                max_age=int(SESSION_LIFE.total_seconds()),
                # Lax, not strict: the way back from FreshBooks must find the session.
                same_site="lax",
                https_only=public_url is not None,
            ),
            Middleware(Guard, hosts=site.hosts, refused=_may_not),
        ],
        exception_handlers={HTTPException: _refused, HubError: _trouble, Exception: _broken},
    )
    app.state.site = site
    return app


def cookie_name(home: Home) -> str:
    """One name per home: browsers do not separate servers of one machine by their port."""
    return f"freshbooks_hub_{hashlib.sha256(str(home.root).encode()).hexdigest()[:8]}"


class _Static(StaticFiles):
    """Static files that a browser may keep: their address changes with their content."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = KEPT
        return response


def _may_not(request: Request) -> Response:
    """A user asked for what the owner did not give them; the answer does not reveal whether it exists."""
    if request.method == "GET" and request.scope["path"] == "/":
        seen = list(visible(request))
        return RedirectResponse(f"/c/{seen[0]}/" if len(seen) == 1 else "/connections", 303)
    text = "The owner of these books has not given you the right to do this. Ask them if you need it."
    return _message(request, 403, "You may not do this", text)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        text = error.detail if error.detail != "Not Found" else "There is no such page."
        return _message(request, 404, "Not found", text)
    return _message(request, error.status_code, "That did not work", error.detail)


def _trouble(request: Request, error: Exception) -> Response:
    return _message(request, 503, "That did not work", str(error))


def _broken(_: Request, __: Exception) -> Response:
    """Outside of session and frame, so in plain words; the server logs the rest."""
    text = "This page failed. The output of freshbooks serve says why."
    return PlainTextResponse(text, 500, HEADERS | {"Cache-Control": "no-store"})


def _message(request: Request, status: int, title: str, text: str) -> Response:
    here = context_of(request)
    if here.name not in connections(here.site):
        request.scope["path_params"] = {}  # the frame is that of the default connection
    return render(request, "message.html", status=status, title=title, text=text)
