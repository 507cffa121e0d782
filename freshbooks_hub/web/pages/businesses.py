"""Settings → FreshBooks once access is allowed: choose businesses, see what can be read of them, and disconnect."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.connection import login, permissions
from freshbooks_hub.connection.api import Api, allowed, counted, probe, refusal_texts
from freshbooks_hub.connection.login import Candidate
from freshbooks_hub.connection.profile import Profile
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.connection.tokens import identify, request_window
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import webhooks
from freshbooks_hub.web.forms import action
from freshbooks_hub.web.pages.connect import ROOT
from freshbooks_hub.web.request_context import context_of
from freshbooks_hub.web.views import back, render


def page(request: Request) -> Response:
    """Choose which businesses are synced, of a new log-in or of the existing connection."""
    home = context_of(request).home
    try:
        candidate, profile, chosen = _choice(home)
    except HubError as error:
        return back(request, ROOT, str(error), good=False)
    return render(request, "businesses.html", candidate=candidate, profile=profile, chosen=chosen)


@action
def choose(request: Request, form: FormData) -> Response:
    """Probe the chosen businesses, and save."""
    here = context_of(request)
    sent = [str(value) for value in form.getlist("business")]
    ids = [int(value) for value in sent if value.isdecimal() and len(value) < 19]
    try:
        candidate, profile, _ = _choice(here.home)
        wanted = profile.chosen(ids)
        store = candidate.store if candidate else ConnectionStore(here.home.connection)
        token, _ = identify(here.home, store)
        api = Api(token, request_window(here.home, store))
        here.site.logins.probed(here.home, probe(api, wanted, allowed(token)))
        if candidate:
            login.save(candidate, ids)
        else:
            login.choose(here.home, ids)
    except HubError as error:
        return back(request, f"{ROOT}/businesses", str(error), good=False)
    return back(request, f"{ROOT}/connected")


def connected(request: Request) -> Response:
    """Connected: how much can be read, and what the rest costs."""
    here = context_of(request)
    connection = ConnectionStore(here.home.connection).find()
    if connection is None:
        return back(request, ROOT)
    access = here.site.logins.access(here.home)
    names = connection.business_names
    lacking = permissions.not_approved(connection.access_token, connection.asked)
    return render(
        request,
        "connected.html",
        connection=connection,
        businesses=[names.get(one, str(one)) for one in sorted(connection.chosen)],
        counted=counted(access, len({one.business_id for one in access})) if access else "",
        not_available=[*map(permissions.not_approved_text, lacking), *refusal_texts(access, names)],
    )


@action
def disconnect(request: Request, _: FormData) -> Response:
    """Revoke, and forget the tokens; what was synced stays."""
    try:
        webhooks.forget(context_of(request).home)
        outcome = login.disconnect(context_of(request).home)
    except HubError as error:
        return back(request, ROOT, str(error), good=False)
    if outcome.revoked:
        return back(request, ROOT, "Disconnected. FreshBooks has revoked the access; what was synced stays.")
    return back(
        request,
        ROOT,
        f"Disconnected here, but the access could not be revoked at FreshBooks: {outcome.why_not}",
        good=False,
    )


def _choice(home: Home) -> tuple[Candidate | None, Profile, set[int]]:
    """The consent that waits, else the connection itself with its businesses asked for again. Raises HubError."""
    if ConnectionStore(home.candidate).exists():
        candidate = login.candidate(home)
        stored = ConnectionStore(home.connection).find()
        before = set(stored.business_ids) if stored else set()
        known = {business.id for business in candidate.profile.businesses}
        return candidate, candidate.profile, (before & known) or set(candidate.profile.default_choice())
    profile = login.profile(home)
    return None, profile, ConnectionStore(home.connection).load().chosen


routes = [
    Route(f"{ROOT}/businesses", page, methods=["GET"]),
    Route(f"{ROOT}/businesses", choose, methods=["POST"]),
    Route(f"{ROOT}/connected", connected, methods=["GET"]),
    Route(f"{ROOT}/disconnect", disconnect, methods=["POST"]),
]
