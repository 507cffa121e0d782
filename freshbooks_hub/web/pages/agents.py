"""Which AI clients may use the hub: a person lets each of them in here, sees them, and ends it."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.agent.mcp.oauth.grants import Grants
from freshbooks_hub.agent.mcp.oauth.provider import CONSENT_PATH, Authorization
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import DEFAULT
from freshbooks_hub.web.security import action
from freshbooks_hub.web.views import back, connections, place, render

CLOSED = "This request has expired or was answered already. Start again in the app."


def consent(request: Request) -> Response:
    """`/agents/consent`: what a client asks for, and what it would get."""
    asked = _authorization(request).asked(_key(request))
    if asked is None:
        raise HTTPException(404, CLOSED)
    return render(request, "consent.html", asked=asked, key=_key(request), names=_names(request))


@action
def decide(request: Request, form: FormData) -> Response:
    """Let it in, or not; then the browser goes back to the app."""
    authorization, key = _authorization(request), str(form.get("request", ""))
    connection = str(form.get("connection", DEFAULT))
    if form.get("decision") != "allow":
        onward = authorization.deny(key)
    elif connection in _names(request):
        onward = authorization.allow(key, connection, act=form.get("access") == "act")
    else:
        raise HTTPException(404, "There is no connection of this name.")
    if onward is None:
        raise HTTPException(404, CLOSED)
    # A page that leads on: browsers hold redirects of forms against form-action.
    return render(request, "onward.html", onward=onward)


@action
def revoke(request: Request, form: FormData) -> Response:
    """End what a client was given."""
    try:
        done = Grants(place(request).site.home).revoke(str(form.get("id", "")))
    except HubError as error:
        return back(request, "/settings", str(error), good=False)
    text = "Its access has ended." if done else "Its access had ended already."
    return back(request, "/settings", text)


def _authorization(request: Request) -> Authorization:
    found = place(request).site.authorization
    if found is None:
        raise HTTPException(404, CLOSED)
    return found


def _key(request: Request) -> str:
    return request.query_params.get("request", "")


def _names(request: Request) -> list[str]:
    return [name or DEFAULT for name in connections(place(request).site)]


routes = [
    Route(CONSENT_PATH, consent, methods=["GET"]),
    Route(CONSENT_PATH, decide, methods=["POST"]),
    Route("/settings/agents/revoke", revoke, methods=["POST"]),
]
