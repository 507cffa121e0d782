"""The AI clients that may use the hub: a person gives each access here and ends it; and the token for other clients."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.agent.mcp.oauth.grants import Grants
from freshbooks_hub.agent.mcp.oauth.provider import CONSENT_PATH, Authorization
from freshbooks_hub.agent.mcp.transports import renew_token
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import DEFAULT
from freshbooks_hub.web.access import Need
from freshbooks_hub.web.forms import action
from freshbooks_hub.web.request_context import context_of, person, title_of, visible
from freshbooks_hub.web.views import back, render

PAGE = "/settings/agents"
CLOSED = "This request has expired or was answered already. Start again in the app."


def consent(request: Request) -> Response:
    """`/agents/consent`: what a client asks for, and what it would get."""
    asked = _authorization(request).asked(_key(request))
    if asked is None:
        raise HTTPException(404, CLOSED)
    seen = visible(request)
    if not seen:
        raise HTTPException(403, "You may not see any books yet, so there is nothing to let an app into.")
    return render(
        request,
        "consent.html",
        asked=asked,
        key=_key(request),
        names={home.name: title_of(home) for home in seen.values()},
        can_act=any(person(request).may(Need.approve, home.name) for home in seen.values()),
    )


@action
def decide(request: Request, form: FormData) -> Response:
    """Give access, or not; then the browser returns to the app. It gets no more than this person has."""
    authorization, key, who = _authorization(request), str(form.get("request", "")), person(request)
    names = [home.name for home in visible(request).values()]
    connection = str(form.get("connection") or (names[0] if len(names) == 1 else DEFAULT))
    act = form.get("access") == "act"
    if form.get("decision") != "allow":
        onward = authorization.deny(key)
    elif connection not in names:
        raise HTTPException(404, "There is no connection of this name.")
    elif act and not who.may(Need.approve, connection):
        raise HTTPException(403, "In this connection you may only look. Go back and let the app only read.")
    else:
        by = None if who.is_owner else who.name
        onward = authorization.allow(key, connection, act=act, granted_by=by)
    if onward is None:
        raise HTTPException(404, CLOSED)
    # A page that leads on: browsers hold redirects of forms against form-action.
    return render(request, "onward.html", onward=onward)


@action
def revoke(request: Request, form: FormData) -> Response:
    """End a client's access."""
    try:
        done = Grants(context_of(request).site.home).revoke(str(form.get("id", "")))
    except HubError as error:
        return back(request, PAGE, str(error), good=False)
    text = "Its access has ended." if done else "Its access had ended already."
    return back(request, PAGE, text)


@action
def new_token(request: Request, _: FormData) -> Response:
    """A new token of this connection, shown only now; the one before it stops working."""
    return render(request, "token.html", secret=renew_token(context_of(request).home))


@action
def end_token(request: Request, _: FormData) -> Response:
    """Revoke the token; the one that replaces it is never shown."""
    renew_token(context_of(request).home)
    return back(request, PAGE, "The token is revoked. Programs that used it are refused.")


def _authorization(request: Request) -> Authorization:
    found = context_of(request).site.authorization
    if found is None:
        raise HTTPException(404, CLOSED)
    return found


def _key(request: Request) -> str:
    return request.query_params.get("request", "")


routes = [
    Route(CONSENT_PATH, consent, methods=["GET"]),
    Route(CONSENT_PATH, decide, methods=["POST"]),
    Route(f"{PAGE}/revoke", revoke, methods=["POST"]),
    Route("/settings/token/new", new_token, methods=["POST"]),
    Route("/settings/token/revoke", end_token, methods=["POST"]),
]
