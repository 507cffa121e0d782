"""Settings → FreshBooks: register, log in, choose businesses; and the callback."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from freshbooks_api import scopes
from freshbooks_hub.connection import login, permissions
from freshbooks_hub.connection.callback import Result
from freshbooks_hub.connection.login import App
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.freshbooks_pages import DEVELOPER_PORTAL
from freshbooks_hub.web.forms import action
from freshbooks_hub.web.request_context import RequestContext, context_of, origin
from freshbooks_hub.web.views import back, render

ROOT = "/settings/freshbooks"
LABELS = {"redirect_uri": "Redirect URI", "client_id": "Client ID", "client_secret": "Client Secret"}


def page(request: Request) -> Response:
    """`/settings/freshbooks`: the form, and the connection if there is one."""
    return _form(request)


def _form(request: Request, typed: FormData | None = None, problem: str = "") -> Response:
    """With what was `typed`, but for the secret, where it is shown again for a `problem`."""
    here = context_of(request)
    connection = ConnectionStore(here.home.connection).find()
    app = login.stored_app(here.home)
    redirect_uri = _own_redirect(here) or (app.redirect_uri if app else login.default_redirect_uri())
    chosen_set = permissions.set_of(connection.asked if connection else None)
    asked_actions = bool(connection and permissions.asks_for_actions(connection.access_token))
    client_id = app.client_id if app else ""
    if typed is not None:
        client_id, redirect_uri = _text(typed, "client_id"), _text(typed, "redirect_uri")
        if _text(typed, "scopes") in set(scopes.ScopeSet):
            chosen_set = scopes.ScopeSet(_text(typed, "scopes"))
        asked_actions = "actions" in typed
    return render(
        request,
        "connect.html",
        problem=problem,
        client_id=client_id,
        connection=connection,
        chosen=connection.chosen if connection else set(),
        app=app,
        redirect_uri=redirect_uri,
        sets=[_ScopeSet(one) for one in reversed(scopes.ScopeSet)],
        chosen_set=chosen_set,
        chosen_scopes=", ".join(connection.asked) if connection and connection.asked else "",
        actions=scopes.ACTIONS,
        asked_actions=asked_actions,
        portal=DEVELOPER_PORTAL,
        registering=permissions.REGISTERING,
        unfinished=ConnectionStore(here.home.candidate).exists(),
    )


@partial(action, labels=LABELS)
def begin(request: Request, form: FormData) -> Response:
    """Start a log-in with the form's values; an empty secret means the stored one."""
    here = context_of(request)
    stored = login.stored_app(here.home)
    client_id, client_secret = _text(form, "client_id"), _text(form, "client_secret")
    if not client_secret and stored and stored.client_id == client_id:
        client_secret = stored.client_secret
    app = App(client_id, client_secret, _text(form, "redirect_uri"))
    try:
        choice = str(form.get("scopes") or scopes.ScopeSet.readable)
        listed = choice if choice in set(scopes.ScopeSet) else str(form.get("scope_list", ""))
        _begin(request, app, permissions.asked(listed, "actions" in form))
    except HubError as error:
        return _form(request, form, str(error))
    return back(request, f"{ROOT}/log-in")


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()


@action
def fewer(request: Request, _: FormData) -> Response:
    """Start the log-in again with the basic scopes: FreshBooks refused some of those asked for."""
    here = context_of(request)
    started = here.site.logins.started(here.home)
    if started is None:
        return back(request, ROOT)
    writes = bool(set(started.asked) & set(permissions.names(scopes.BASIC_ACTIONS)))
    try:
        _begin(request, started.app, permissions.asked(scopes.ScopeSet.basic, writes))
    except HubError as error:
        return back(request, ROOT, str(error), good=False)
    return back(request, f"{ROOT}/log-in")


def _begin(request: Request, app: App, asked: tuple[str, ...]) -> None:
    here = context_of(request)
    here.site.logins.begin(
        here.home,
        app,
        asked=asked,
        browser=request.session.setdefault("browser", secrets.token_urlsafe(32)),
        done_url=f"{origin(request)}{here.base}{ROOT}/done",
        served_here=app.redirect_uri == _own_redirect(here),
    )


def log_in(request: Request) -> Response:
    """On to FreshBooks, by a link: browsers would hold a form's redirect to form-action. Or paste the answer."""
    here = context_of(request)
    started = here.site.logins.started(here.home)
    if started is None:
        return back(request, ROOT)
    # A person who has come back has an answer to paste, or was refused: do not redirect again.
    first = here.site.logins.send_on(here.home)
    onward = first and not started.deaf and request.query_params.get("paste") is None
    basic = set(permissions.names(scopes.needed(scopes.ScopeSet.basic, actions=True)))
    return render(
        request,
        "log_in.html",
        started=started,
        onward=onward,
        says=permissions.FRESHBOOKS_SAYS,
        can_ask_less=not set(started.asked) <= basic,
    )


@partial(action, labels={"answer": "Address that FreshBooks sent you to"})
def paste(request: Request, form: FormData) -> Response:
    """Take the address that FreshBooks redirected to, as a person copied it."""
    here = context_of(request)
    try:
        browser = request.session.get("browser", "")
        found = login.finish(here.home, str(form.get("answer", "")), browser)
    except HubError as error:
        return back(request, f"{ROOT}/log-in?paste=1", str(error), good=False)
    here.site.logins.ended(here.home, Result(candidate=found))
    return back(request, f"{ROOT}/businesses")


def done(request: Request) -> Response:
    """Where the callback sends the browser: on to the businesses, or back with the reason."""
    here = context_of(request)
    result = here.site.logins.result(here.home)
    if result is None:
        return back(request, ROOT)
    if result.error is not None:
        return back(request, ROOT, str(result.error), good=False)
    return back(request, f"{ROOT}/businesses")


@dataclass(frozen=True)
class _ScopeSet:
    """A choice of the form."""

    name: scopes.ScopeSet

    @property
    def label(self) -> str:
        """What the form calls it."""
        match self.name:
            case scopes.ScopeSet.basic:
                return "Basic"
            case scopes.ScopeSet.readable:
                return "Everything readable"
            case _:
                return "Everything readable, with the scopes that few apps have"

    @property
    def works(self) -> str:
        """What works with it, and what does not."""
        return permissions.WORKS[self.name]

    @property
    def scopes(self) -> tuple[scopes.Scope, ...]:
        """The scopes that only read."""
        return scopes.needed(self.name)


class Served:
    """ASGI: the start and the callback of a log-in whose redirect URI is an address of these pages."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        here = context_of(request)
        redirect_uri = _own_redirect(here)
        if redirect_uri is None:
            await RedirectResponse(f"{here.base}{ROOT}", 303)(scope, receive, send)
            return
        done_url = f"{here.site.public_url}{here.base}{ROOT}/done"
        router = here.site.callbacks.setdefault(
            here.name, here.site.logins.callback(here.home, redirect_uri, done_url)
        )
        await router({**scope, "root_path": "", "path": scope["path"]}, receive, send)


def _own_redirect(here: RequestContext) -> str | None:
    """The callback under the pages' own https address, where they have one."""
    public = here.site.public_url
    return f"{public}{here.base}/callback" if public else None


routes = [
    Route(ROOT, page, methods=["GET"]),
    Route(ROOT, begin, methods=["POST"]),
    Route(f"{ROOT}/log-in", log_in, methods=["GET"]),
    Route(f"{ROOT}/log-in", paste, methods=["POST"]),
    Route(f"{ROOT}/log-in/fewer", fewer, methods=["POST"]),
    Route(f"{ROOT}/done", done, methods=["GET"]),
    Route("/start/{key}", Served()),
    Route("/callback", Served()),
]
