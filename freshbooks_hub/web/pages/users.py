"""Settings → Users: who else may sign in, and what each may do in which connection. The owner's page."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.agent.actions.models import Channel
from freshbooks_hub.core.home import DEFAULT
from freshbooks_hub.web.access import Right
from freshbooks_hub.web.forms import Typed, action
from freshbooks_hub.web.logins import LOOPBACK
from freshbooks_hub.web.passwords import WeakPassword
from freshbooks_hub.web.request_context import connections, context_of, origin, person, title_of
from freshbooks_hub.web.users import NameRefused, NoSuchUser, RightsRefused, User, Users
from freshbooks_hub.web.views import back, render

ROOT = "/settings/users"
NEW_USER = {"name": "Name", "password": "Password", "rights": "What they may do"}
NEW_PASSWORD = "New password"  # noqa: S105 - a label
CHOICES = (("", "may not see it"), *((right.value, right.label) for right in Right))


def page(request: Request, typed: Typed | None = None, status: int = 200) -> Response:
    """The users, and a form for a new one."""
    titles = _titles(request)
    return render(
        request,
        "users.html",
        status=status,
        typed=typed or Typed(),
        users=_users(request).all(),
        titles=titles,
        choices=CHOICES,
        only_here=urlsplit(origin(request)).hostname in LOOPBACK,
    )


def show(request: Request) -> Response:
    """`/settings/users`"""
    return page(request)


@partial(action, labels=NEW_USER)
def add(request: Request, form: FormData) -> Response:
    """A new user."""
    typed = Typed.of(form)
    name = typed.get("name").lower()
    try:
        _users(request).add(
            name, str(form.get("password", "")), _rights(request, form), person(request).name, Channel.web
        )
    except (NameRefused, WeakPassword, RightsRefused) as error:
        field = {NameRefused: "name", WeakPassword: "password"}.get(type(error), "rights")
        typed.problems[field] = f"{NEW_USER[field]}: {error}"
    if typed.problems:
        return page(request, typed, 400)
    return back(request, ROOT, f"{name} can sign in now. Tell them the address, their name and the password.")


def one(request: Request, typed: Typed | None = None, status: int = 200) -> Response:
    """`/settings/users/{name}`"""
    return render(
        request,
        "user.html",
        status=status,
        user=_user(request),
        typed=typed or Typed(),
        titles=_titles(request),
        choices=CHOICES,
    )


def show_one(request: Request) -> Response:
    """What one user may do, and what the owner can change."""
    return one(request)


@action
def share(request: Request, form: FormData) -> Response:
    """Set what the user may do."""
    user, typed = _user(request), Typed.of(form)
    with typed.problem_of("rights", NEW_USER["rights"]):
        _users(request).share(user.name, _rights(request, form), person(request).name, Channel.web)
    return one(request, typed, 400) if typed.problems else back(request, ROOT, f"Saved for {user.name}.")


@partial(action, labels={"password": NEW_PASSWORD})
def set_password(request: Request, form: FormData) -> Response:
    """A new password for a user who forgot theirs."""
    user, typed = _user(request), Typed()
    with typed.problem_of("password", NEW_PASSWORD):
        _users(request).set_password(
            user.name, str(form.get("password", "")), person(request).name, Channel.web
        )
    if typed.problems:
        return one(request, typed, 400)
    return back(request, ROOT, f"{user.name} has a new password, and is signed out everywhere.")


@action
def remove(request: Request, _: FormData) -> Response:
    """The user gets in no more."""
    user = _user(request)
    _users(request).remove(user.name, person(request).name, Channel.web)
    return back(request, ROOT, f"{user.name} is removed, and signed out everywhere.")


def _users(request: Request) -> Users:
    return context_of(request).site.users


def _user(request: Request) -> User:
    try:
        return _users(request).get(str(request.path_params["name"]))
    except NoSuchUser as error:
        raise HTTPException(404, str(error)) from error


def _titles(request: Request) -> dict[str, str]:
    """Every connection, by name, with the names of its businesses."""
    return {home.name: title_of(home) for home in connections(context_of(request).site).values()}


def _rights(request: Request, form: FormData) -> dict[str, Right]:
    """The rights that the form gives in each existing connection."""
    names = (name or DEFAULT for name in connections(context_of(request).site))
    sent = {name: str(form.get(f"right.{name}", "")) for name in names}
    return {name: Right(text) for name, text in sent.items() if text in set(Right)}


routes = [
    Route(ROOT, show, methods=["GET"]),
    Route(ROOT, add, methods=["POST"]),
    Route(f"{ROOT}/{{name}}", show_one, methods=["GET"]),
    Route(f"{ROOT}/{{name}}", share, methods=["POST"]),
    Route(f"{ROOT}/{{name}}/password", set_password, methods=["POST"]),
    Route(f"{ROOT}/{{name}}/remove", remove, methods=["POST"]),
]
