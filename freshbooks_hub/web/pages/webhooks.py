"""Settings → Webhooks: which other systems get events, as `freshbooks webhooks` manages them.

The secret of a webhook is shown once, when it is added.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.core.clock import utc_now
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.labels import plural
from freshbooks_hub.events.deliveries import deliver, send_test
from freshbooks_hub.events.endpoints import Endpoint, Endpoints
from freshbooks_hub.events.event import CODES
from freshbooks_hub.web.forms import Typed, action
from freshbooks_hub.web.request_context import context_of
from freshbooks_hub.web.views import back, render

PATH = "/settings/webhooks"
LABELS = {"url": "Address", "events": "Events", "since": "Again since"}


def page(
    request: Request, typed: Typed | None = None, status: int = 200, added: Endpoint | None = None
) -> Response:
    """The webhooks and a form for a new one; also the secret of the one just `added`."""
    return render(
        request,
        "webhooks.html",
        status=status,
        typed=typed or Typed(),
        endpoints=_endpoints(request).all(),
        codes={code: words for code, (words, _) in CODES.items()},
        labels=LABELS,
        added=added,
    )


def show(request: Request) -> Response:
    """`/settings/webhooks`"""
    return page(request)


@partial(action, labels=LABELS)
def add(request: Request, form: FormData) -> Response:
    """Add a webhook."""
    typed, home = Typed.of(form), context_of(request).home.ensure()
    codes = [code for code in CODES if f"event_{code}" in form]
    if not codes:
        typed.problems["events"] = f"{LABELS['events']}: choose at least one."
    else:
        with typed.problem_of("url", LABELS["url"]):
            return page(
                request, added=Endpoints(home).add(typed.get("url"), codes, "private" in form, utc_now())
            )
    return page(request, typed, 400)


@action
def test(request: Request, _: FormData) -> Response:
    """Send it an event of the type `test`, once."""
    try:
        endpoint = _endpoints(request).find(_id(request))
    except HubError as error:
        return back(request, PATH, str(error), good=False)
    answer = send_test(context_of(request).home, endpoint, utc_now())
    if answer.error:
        return back(request, PATH, f"{endpoint.host}: the test was not taken. {answer.error}", good=False)
    return back(request, PATH, f"{endpoint.host}: the test was taken, with the answer {answer.status}.")


@partial(action, labels=LABELS)
def replay(request: Request, form: FormData) -> Response:
    """Send again what was given up, or everything since a day (UTC)."""
    typed, since = Typed.of(form).get("since"), None
    try:
        if typed:
            since = datetime.combine(date.fromisoformat(typed), datetime.min.time(), UTC)
    except ValueError:
        return back(request, PATH, f"{LABELS['since']}: write a day as 2026-10-31.", good=False)
    endpoints = _endpoints(request)
    try:
        again = endpoints.replay(_id(request), since)
        deliver(context_of(request).home)
        left = endpoints.find(_id(request))
    except HubError as error:
        return back(request, PATH, str(error), good=False)
    text = f"{left.host}: {plural(again, 'event')} to send again; {left.waiting:,} waiting now."
    return back(request, PATH, f"{text} {left.last_error or ''}".strip(), good=not left.last_error)


@action
def remove(request: Request, _: FormData) -> Response:
    """Remove a webhook and its pending events."""
    try:
        waited = _endpoints(request).remove(_id(request), utc_now())
    except HubError as error:
        return back(request, PATH, str(error), good=False)
    lost = f" {plural(waited, 'event')} had not been delivered." if waited else ""
    return back(request, PATH, f"The webhook is removed.{lost}")


def _endpoints(request: Request) -> Endpoints:
    return Endpoints(context_of(request).home)


def _id(request: Request) -> str:
    return str(request.path_params["webhook"])


routes = [
    Route(PATH, show, methods=["GET"]),
    Route(PATH, add, methods=["POST"]),
    Route(f"{PATH}/{{webhook}}/test", test, methods=["POST"]),
    Route(f"{PATH}/{{webhook}}/replay", replay, methods=["POST"]),
    Route(f"{PATH}/{{webhook}}/remove", remove, methods=["POST"]),
]
