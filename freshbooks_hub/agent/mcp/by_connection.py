"""The MCP servers of the further connections, in one process: each starts at the first request that may reach it.

They share nothing but the process: each has its own token, marts, actions and policy, those of its home. One whose
connection was removed ends by itself.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup, TaskStatus
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from freshbooks_hub.agent.mcp.oauth.provider import Authorization, connection_of
from freshbooks_hub.agent.mcp.transports import BearerTokens
from freshbooks_hub.core.errors import HomeError
from freshbooks_hub.core.home import DEFAULT, Home

logger = logging.getLogger(__name__)
PATH = "/c/{connection}/mcp"
LOOK_SECONDS = 5.0  # whether the connection is still there
_REFUSED = JSONResponse(
    {"error": "invalid_token", "error_description": "Authentication required"},
    401,
    {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="Authentication required"'},
)


class ConnectionServers:
    """An ASGI app for the route `PATH`. `make` gives the server of a home, which answers at its path.

    A name that does not exist gets the answer of a wrong token: whoever has none learns nothing.
    """

    def __init__(
        self, base: Home, make: Callable[[Home], Starlette], authorization: Authorization | None = None
    ) -> None:
        self._base, self._make, self._authorization = base, make, authorization
        self._running: dict[str, Starlette] = {}
        self._starting = anyio.Lock()
        self._tasks: TaskGroup | None = None

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Servers can start, and live, within this block."""
        async with anyio.create_task_group() as self._tasks:
            yield
            self._tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        home = self._home(scope["path_params"]["connection"])
        if home is None or not await self._may_ask(home, Headers(scope=scope)):
            await _REFUSED(scope, receive, send)
            return
        await (await self._server(home))(scope, receive, send)

    def _home(self, name: str) -> Home | None:
        try:
            home = self._base.named(name)
        except HomeError:
            return None
        return home if name != DEFAULT and home.root.is_dir() else None

    async def _server(self, home: Home) -> Starlette:
        async with self._starting:
            if home.name not in self._running:
                assert self._tasks is not None  # `run` is around every request
                self._running[home.name] = await self._tasks.start(self._serve, home)
            return self._running[home.name]

    async def _serve(self, home: Home, *, task_status: TaskStatus[Starlette]) -> None:
        started = False
        try:
            server = self._make(home)
            async with server.router.lifespan_context(server):
                task_status.started(server)
                started = True
                while home.root.is_dir():
                    await anyio.sleep(LOOK_SECONDS)
        except Exception:
            if not started:  # reported to the one who called
                raise
            # The next request starts another one; those of other connections go on.
            logger.exception("The agents' server of %s ended", home.name)
        finally:
            self._running.pop(home.name, None)

    async def _may_ask(self, home: Home, headers: Headers) -> bool:
        """The server itself checks again; here, so that strangers start none."""
        verify = BearerTokens(home, self._authorization).verify_token
        return await verify(_bearer(headers)) is not None


class ByGrant:
    """An ASGI app for `/mcp`: a token that a person gave leads to its connection, any other to the default one.

    `default` is the server of that one, `others` those of the further ones.
    """

    def __init__(self, authorization: Authorization, default: Starlette, others: ConnectionServers) -> None:
        self._authorization, self._default, self._others = authorization, default, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = await self._authorization.load_access_token(_bearer(Headers(scope=scope)))
        if given is None or (name := connection_of(given)) == DEFAULT:
            await self._default(scope, receive, send)
            return
        path = PATH.format(connection=name)
        there = {"path": path, "raw_path": path.encode(), "path_params": {"connection": name}}
        await self._others({**scope, **there}, receive, send)


def _bearer(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""
