"""Home: what an owner asks first, and what needs a person."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.sync.progress import read_progress
from freshbooks_hub.web.marts import opened
from freshbooks_hub.web.views import choose_business, place, render


def page(request: Request) -> Response:
    """`/`"""
    home = place(request).home
    with opened(home.marts) as marts:
        choice = choose_business(request, marts)
    return render(
        request,
        "home.html",
        zone=choice.zone,
        choice=choice,
        connected=ConnectionStore(home.connection).exists(),
        progress=read_progress(home),
    )


routes = [Route("/", page)]
