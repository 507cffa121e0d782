"""Sign in: by a link made in the owner's terminal, or with the password of the owner or a user."""

from __future__ import annotations

from functools import partial

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from freshbooks_hub.web import passwords, security
from freshbooks_hub.web.forms import action
from freshbooks_hub.web.security import person_of
from freshbooks_hub.web.users import TAKEN
from freshbooks_hub.web.views import render


def page(request: Request) -> Response:
    """How to sign in; a person who is signed in already is redirected."""
    if person_of(request):
        return RedirectResponse("/", 303)
    return _form(request)


def by_link(request: Request) -> Response:
    """The link that `freshbooks serve` or `freshbooks open` printed: the first browser to open it is signed in."""
    if request.method != "GET":  # who only looks whether a page is there uses up nothing
        raise HTTPException(405, "Open this link in a browser.")
    if request.app.state.site.sessions.redeem(request.query_params.get("key", "")):
        return security.sign_in(request)
    if not person_of(request):
        return _form(request, 403, "This link was used already, or is older than an hour.")
    return RedirectResponse("/", 303)


@partial(action, labels={"name": "Name", "password": "Password"})
def by_password(request: Request, form: FormData) -> Response:
    """Check the password; a new session for the signed-in browser."""
    site = request.app.state.site
    name = str(form.get("name", "")).strip().lower()
    name = "" if name in TAKEN else name
    waits = site.throttle.admit(name)
    if waits:
        return _form(request, 429, f"Too many wrong passwords. Wait {waits:.0f} seconds and try again.", name)
    user = site.users.find(name) if name else None
    kept = user and user.password if name else site.keys.password
    if not passwords.accepts(kept, str(form.get("password", ""))):
        wrong = "The name or the password is wrong." if _has_names(request) else "That is not the password."
        return _form(request, 403, wrong, name)
    site.throttle.accepted(name)
    return security.sign_in(request, name)


@action
def sign_out(request: Request, _: FormData) -> Response:
    """End this browser's session."""
    security.sign_out(request)
    return RedirectResponse("/login", 303)


def _form(request: Request, status: int = 200, problem: str | None = None, name: str = "") -> Response:
    return render(
        request,
        "login.html",
        status=status,
        problem=problem,
        name=name,
        with_names=_has_names(request),
        with_password=request.app.state.site.keys.password is not None,
    )


def _has_names(request: Request) -> bool:
    """Whether others than the owner may sign in."""
    exist: bool = request.app.state.site.users.exist()
    return exist


routes = [
    Route("/login", page, methods=["GET"]),
    Route("/login", by_password, methods=["POST"]),
    Route("/open", by_link, methods=["GET"]),
    Route("/logout", sign_out, methods=["POST"]),
]
