"""Your account: who is signed in, what they may do, their password, and the AI clients they gave access."""

from __future__ import annotations

from functools import partial

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from freshbooks_hub.agent.actions.models import Channel
from freshbooks_hub.agent.mcp.oauth.access import Access, accesses
from freshbooks_hub.agent.mcp.oauth.grants import Grants
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.web import passwords, security, sessions
from freshbooks_hub.web.forms import Typed, action
from freshbooks_hub.web.request_context import context_of, person, title_of, visible
from freshbooks_hub.web.views import render

CURRENT, NEW, AGAIN = "Current password", "New password", "New password once more"
DONE = "The password is changed. Everywhere else you are signed out."


def page(request: Request, typed: Typed | None = None, status: int = 200) -> Response:
    """`/account`"""
    keys = context_of(request).site.keys
    return render(
        request,
        "account.html",
        status=status,
        typed=typed or Typed(),
        labels=(CURRENT, NEW, AGAIN),
        has_password=not person(request).is_owner or keys.password is not None,
        is_given=person(request).is_owner and keys.given,
        seen=[(title_of(home), home.name) for home in visible(request).values()],
        mine=_mine(request),
    )


def show(request: Request) -> Response:
    """The page as first shown."""
    return page(request)


@partial(action, labels={"current": CURRENT, "new": NEW, "again": AGAIN})
def change_password(request: Request, form: FormData) -> Response:
    """A new password in place of the current one; all other browsers of this person are signed out."""
    site, who = context_of(request).site, person(request)
    name = "" if who.is_owner else who.name
    kept = site.users.get(name).password if name else site.keys.password
    typed = Typed()
    if kept is not None:
        waits = site.throttle.admit(name)
        if waits:
            typed.problems["current"] = f"Too many wrong passwords. Wait {waits:.0f} seconds and try again."
        elif not passwords.accepts(kept, str(form.get("current", ""))):
            typed.problems["current"] = f"{CURRENT}: that is not it."
        else:
            site.throttle.accepted(name)
    new = str(form.get("new", ""))
    if new != str(form.get("again", "")):
        typed.problems["again"] = f"{AGAIN}: it differs from the one above."
    if not typed.problems:
        with typed.problem_of("new", NEW):
            if name:
                site.users.set_password(name, new, name, Channel.web)
            elif site.keys.given:
                raise HubError("it is given to `freshbooks serve` from outside, so change it there.")
            else:
                site.keys = sessions.change_password(site.home, site.keys, new)
    if typed.problems:
        return page(request, typed, 400)
    security.sign_in(request, name)  # its session ended with the others
    request.session["notice"] = {"text": DONE, "good": True}
    return RedirectResponse("/account", 303)


@action
def end_access(request: Request, form: FormData) -> Response:
    """End the access of an AI client that this person granted."""
    grant = str(form.get("id", ""))
    if grant not in {one.id for one in _mine(request)}:
        raise HTTPException(404, "You gave no client this access, or it has ended.")
    Grants(context_of(request).site.home).revoke(grant)
    request.session["notice"] = {"text": "Its access has ended.", "good": True}
    return RedirectResponse("/account", 303)


def _mine(request: Request) -> list[Access]:
    """What this user granted; the owner's grants are all under Settings."""
    who = person(request)
    return [one for one in accesses(context_of(request).site.home) if one.granted_by == who.name]


routes = [
    Route("/account", show, methods=["GET"]),
    Route("/account/password", change_password, methods=["POST"]),
    Route("/account/clients/end", end_access, methods=["POST"]),
]
