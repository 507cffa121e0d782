"""Settings, Notifications: who is notified of problems, approvals and the week; a test. Secrets are not shown again."""

from __future__ import annotations

from datetime import UTC
from functools import partial
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.notifications.channels import TOPICS, Channels
from freshbooks_hub.notifications.notify import failing, send_test
from freshbooks_hub.notifications.sending import SECURITY, check, email_url
from freshbooks_hub.notifications.weekly import zone_of
from freshbooks_hub.web.forms import action
from freshbooks_hub.web.request_context import context_of, origin
from freshbooks_hub.web.views import back, render

PATH = "/settings/notifications"
EMAIL = {
    "to": "To",
    "server": "Mail server",
    "port": "Port",
    "user": "User name",
    "password": "Password",
    "sender": "From",
}
SERVICE = {"url": "Address", "name": "Name"}
LABELS = {
    "starttls": "STARTTLS (most servers)",
    "ssl": "TLS",
    "insecure": "none, for a server of your own network",
}


def page(request: Request) -> Response:
    """`/settings/notifications`"""
    return _render(request)


@partial(action, labels=EMAIL)
def add_email(request: Request, form: FormData) -> Response:
    """Add an email address, reached through a mail server."""
    typed = _typed(form, "to", "server", "port", "security", "user", "sender")
    try:
        if typed["port"] and not (typed["port"].isdecimal() and 0 < int(typed["port"]) < 65536):
            raise HubError("Port: enter a number such as 587, or leave it empty.")
        url = email_url(
            typed["to"],
            typed["server"],
            int(typed["port"]) if typed["port"] else None,
            typed["security"],
            typed["user"],
            str(form.get("password", "")),
            typed["sender"],
        )
        return _added(request, form, url)
    except HubError as error:
        return _render(request, 400, email=typed, problem=str(error))


@partial(action, labels=SERVICE)
def add_url(request: Request, form: FormData) -> Response:
    """Add an address in apprise's form."""
    try:
        return _added(request, form, str(form.get("url", "")).strip())
    except HubError as error:
        return _render(request, 400, named=str(form.get("name", "")), problem=f"{SERVICE['url']}: {error}")


@action
def choose(request: Request, form: FormData) -> Response:
    """Choose what this channel is notified of from now on."""
    try:
        channel = _channels(request).choose(_id(request), _topics(form))
    except HubError as error:
        return back(request, PATH, str(error), good=False)
    return back(request, PATH, f"Saved: {channel.name}.")


@action
def test(request: Request, _: FormData) -> Response:
    """Send a test now."""
    try:
        channel = _channels(request).get(_id(request))
        why = send_test(context_of(request).home, channel, origin(request) + context_of(request).base)
    except HubError as error:
        return back(request, PATH, str(error), good=False)
    if why:
        return back(request, PATH, f"The test was not sent to {channel.name}: {why}.", good=False)
    return back(request, PATH, f"A test was sent to {channel.name}.")


@action
def remove(request: Request, _: FormData) -> Response:
    """Remove the channel and forget its address."""
    try:
        channel = _channels(request).remove(_id(request))
    except HubError as error:
        return back(request, PATH, str(error), good=False)
    return back(request, PATH, f"Removed: {channel.name}.")


def _added(request: Request, form: FormData, url: str) -> Response:
    """Add it. Raises HubError if it is not an address."""
    found = check(url)
    name = clean(str(form.get("name", "")), 100) or found
    channel = _channels(request).add(url, name, _topics(form))
    return back(request, PATH, f"Added: {channel.name}. Send a test to see that it arrives.")


def _render(request: Request, status: int = 200, **typed: Any) -> Response:
    home = context_of(request).home
    context = {"email": {"security": "starttls"}, "named": "", "problem": ""} | typed
    return render(
        request,
        "notifications.html",
        status=status,
        zone=zone_of(home) if home.marts.exists() else UTC,
        channels=_channels(request).all(),
        failing=failing(home),
        topics=TOPICS,
        securities={name: (LABELS[name], port) for name, port in SECURITY.items()},
        **context,
    )


def _channels(request: Request) -> Channels:
    return Channels(context_of(request).home)


def _id(request: Request) -> str:
    return str(request.path_params.get("channel"))


def _topics(form: FormData) -> list[str]:
    return [topic for topic in TOPICS if form.get(f"topic_{topic}")]


def _typed(form: FormData, *names: str) -> dict[str, str]:
    return {name: str(form.get(name, "")).strip() for name in names}


routes = [
    Route(PATH, page, methods=["GET"]),
    Route(f"{PATH}/email", add_email, methods=["POST"]),
    Route(f"{PATH}/url", add_url, methods=["POST"]),
    Route(f"{PATH}/{{channel}}/topics", choose, methods=["POST"]),
    Route(f"{PATH}/{{channel}}/test", test, methods=["POST"]),
    Route(f"{PATH}/{{channel}}/remove", remove, methods=["POST"]),
]
