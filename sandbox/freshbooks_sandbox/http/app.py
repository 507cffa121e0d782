"""All routes of the API, the auth host and the sandbox's own control endpoints, on one address."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import Receive, Scope, Send

from freshbooks_sandbox import responses
from freshbooks_sandbox.api import (
    accounting,
    auth,
    callbacks,
    comments,
    ledger,
    manual_entries,
    oauth_pages,
    online_payments,
    projects,
    reports,
    retainers,
    timers,
    timetracking,
    uploads,
)
from freshbooks_sandbox.backend import Backend
from freshbooks_sandbox.http import control


def build_app(backend: Backend) -> Starlette:
    app = Starlette(
        routes=[*_api_routes(), Mount(control.ROOT, routes=control.routes(backend))],
        exception_handlers={404: _unknown_path, 405: _unknown_path},
    )
    app.router.redirect_slashes = False
    app.state.store, app.state.oauth, app.state.webhooks = backend.store, backend.oauth, backend.webhooks
    return app


@cache
def _api_routes() -> tuple[BaseRoute, ...]:
    """The same for every backend: what they ask, they find in the state of the app."""
    families = (
        *(oauth_pages, auth, accounting, reports, ledger, manual_entries, callbacks),
        *(projects, timetracking, comments, retainers, uploads),
        *(timers, online_payments),
    )
    routes = [route for family in families for route in family.routes()]
    return _KnownPaths(routes), *routes


class _KnownPaths(BaseRoute):
    """Which route a path was of when it last came: there are a hundred of them, and clients repeat their paths."""

    def __init__(self, routes: Sequence[Route]) -> None:
        @lru_cache(maxsize=1000)
        def find(method: str, path: str) -> Route | None:
            asked = {"type": "http", "method": method, "path": path}
            return next((route for route in routes if route.matches(asked)[0] is Match.FULL), None)

        self._find = find

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        route = self._find(scope["method"], scope["path"])
        if route is None:
            return Match.NONE, {}
        match, child = route.matches(scope)
        return match, {**child, "sandbox.route": route}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        route: Route = scope["sandbox.route"]
        await route.handle(scope, receive, send)


async def _unknown_path(request: Request, _error: Exception) -> Response:
    """A bare 404 in the manner of the family that the path seems to belong to."""
    path = request.url.path
    starts = {
        "/accounting/businesses/": "ledger",
        "/accounting/ledger_accounts/": "ledger",
        "/accounting/": "accounting",
        "/events/": "events",
    }
    family = next((family for start, family in starts.items() if path.startswith(start)), "other")
    return responses.family_not_found(family).answer(new_shape="x-api-version" in request.headers)
