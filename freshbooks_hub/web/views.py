"""The frame of every page: navigation, notices, and the addresses of other pages."""

from __future__ import annotations

import hashlib
from datetime import UTC, tzinfo
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from freshbooks_hub.agent.actions.waiting import waiting
from freshbooks_hub.core.home import DEFAULT
from freshbooks_hub.web import formatting
from freshbooks_hub.web.access import Need, Person, needed
from freshbooks_hub.web.forms import csrf_token
from freshbooks_hub.web.request_context import context_of, origin, titles_of, visible, zone_of
from freshbooks_hub.web.security import person_of

STATIC = Path(__file__).with_name("static")
# The navigation: heading of a group, and its pages (address, name, key of template and icon). One page a line.
PAGES = (
    (
        "",
        (("/", "Home", "home"),),
    ),
    (
        "Reports",
        (
            ("/money", "Money", "money"),
            ("/tax", "Tax", "tax"),
            ("/balances", "Balances", "balances"),
            ("/ledger", "Ledger", "ledger"),
            ("/pack", "Accountant's pack", "pack"),
        ),
    ),
    (
        "Sales",
        (
            ("/invoices", "Invoices", "invoices"),
            ("/clients", "Clients", "clients"),
            ("/payments", "Payments", "payments"),
        ),
    ),
    (
        "Purchases",
        (
            ("/bills", "Bills", "bills"),
            ("/expenses", "Expenses", "expenses"),
        ),
    ),
    (
        "Work",
        (
            ("/projects", "Projects", "projects"),
            ("/time", "Time", "time"),
        ),
    ),
    (
        "Agents",
        (
            ("/approvals", "Approvals", "approvals"),
            ("/activity", "Activity", "activity"),
        ),
    ),
    (
        "System",
        (
            ("/status", "Status", "status"),
            ("/connections", "Connections", "connections"),
            ("/settings", "Settings", "settings"),
        ),
    ),
)


def render(
    request: Request, template: str, *, status: int = 200, zone: tzinfo | None = None, **context: Any
) -> Response:
    """The page `template` in its frame. Times are in `zone`, by default that of the first business."""
    here = context_of(request)
    name = here.name or DEFAULT
    found = person_of(request)
    # Nothing of a connection is shown to a person who may not see it, error pages included.
    seen = found is not None and found.may(Need.look, name)
    connections_seen = visible(request)
    frame = {
        "request": request,
        "here": here,
        "base": here.base,
        "pages": _offered(found, here.base, several=len(connections_seen) > 1),
        "connections": titles_of(connections_seen) if len(connections_seen) > 1 else {},
        "signed_in": seen,
        "person": found,
        "may_approve": found is not None and found.may(Need.approve, name),
        "csrf": csrf_token(request),
        "notice": request.session.pop("notice", None),
        "origin": origin(request),
        "syncing": seen and here.site.syncs.running(here.home),
        "waiting": waiting(here.home) if seen else 0,
        "zone": zone or (zone_of(here.home) if seen else UTC),
        "asset": _asset,
    }
    return HTMLResponse(_templates().get_template(template).render(frame | context), status)


def _offered(
    person: Person | None, base: str, *, several: bool
) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The navigation of who is signed in: groups that have a page for them. `several`: they see more connections."""

    def leads_on(path: str) -> bool:
        may = person is not None and person.may(*needed("GET", base + path))
        return may and (several or path != "/connections")

    groups = [(heading, [page for page in pages if leads_on(page[0])]) for heading, pages in PAGES]
    return [(heading, pages) for heading, pages in groups if pages]


def back(request: Request, path: str, notice: str = "", *, good: bool = True) -> Response:
    """After a form: to `path` of the same connection, where `notice` is shown once."""
    if notice:
        request.session["notice"] = {"text": notice, "good": good}
    return RedirectResponse(context_of(request).base + path, 303)


def link(request: Request, path: str, **query: Any) -> str:
    """The address of another page of this connection, about the same business unless `query` names one."""
    asked = {"business": request.query_params.get("business")} | query
    given = urlencode({name: value for name, value in asked.items() if value not in (None, "")})
    return f"{context_of(request).base}{path}{'?' if given else ''}{given}"


def address(request: Request, **changed: Any) -> str:
    """This page's address with some parameters changed, None to leave one out."""
    kept = dict(request.query_params) | changed
    query = urlencode({name: value for name, value in kept.items() if value is not None})
    return f"{request.url.path}?{query}" if query else request.url.path


@cache
def _templates() -> Environment:
    environment = Environment(
        # The folder of a kind of action may hold its own page for its preview.
        loader=ChoiceLoader(
            [PackageLoader("freshbooks_hub.web"), PackageLoader("freshbooks_hub.agent.actions", "kinds")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(formatting.FILTERS)
    environment.globals.update(address=address, link=link)
    return environment


@cache
def _asset(name: str) -> Markup:
    """The address of a static file; it changes with the content, so that browsers may cache it forever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return Markup("/static/{}?{}").format(name, digest)
