"""Sign in with the password, where one is set."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from freshbooks_hub.web.security import action, signed_in
from freshbooks_hub.web.views import render


def page(request: Request) -> Response:
    """The form; whoever is in already goes on."""
    if signed_in(request):
        return RedirectResponse("/", 303)
    return render(request, "login.html", problem=None)


@action
def sign_in(request: Request, form: FormData) -> Response:
    """Check the password; a new session for the signed-in browser."""
    site = request.app.state.site
    waits = site.doorman.admit()
    if waits:
        text = f"Too many wrong passwords. Wait {waits:.0f} seconds and try again."
        return render(request, "login.html", status=429, problem=text)
    if not site.keys.accepts(str(form.get("password", ""))):
        return render(request, "login.html", status=403, problem="That is not the password.")
    site.doorman.accepted()
    request.session.clear()
    request.session["signed_in"] = site.keys.fingerprint
    return RedirectResponse("/", 303)


@action
def sign_out(request: Request, _: FormData) -> Response:
    """Forget this browser."""
    request.session.clear()
    return RedirectResponse("/login", 303)


routes = [
    Route("/login", page, methods=["GET"]),
    Route("/login", sign_in, methods=["POST"]),
    Route("/logout", sign_out, methods=["POST"]),
]
