"""The sandbox as an object: the backend behind a real HTTP server on the loopback interface."""

from __future__ import annotations

import asyncio
import socket
import threading
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from freshbooks_sandbox.backend import REDIRECT_URI, Backend
from freshbooks_sandbox.clock import Clock
from freshbooks_sandbox.http.app import build_app
from freshbooks_sandbox.http.middleware import Middleware


class _Protocol(H11Protocol):
    """Lets a fault reach the connection, to cut it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope["sandbox.transport"] = self.transport
            await inner(scope, receive, send)

        self.app = with_transport


class _Server(uvicorn.Server):
    """Stops when told, instead of looking every tenth of a second and waiting for idle connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        assert self._stop is not None  # startup ran
        await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()

    def stop(self) -> None:
        """From any thread."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)


class Serving:
    """An ASGI app on 127.0.0.1, served by a background thread until `stop`; `url` is its address.

    `port`: 0 takes a free one. It answers once the constructor returns.
    """

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
        )
        server = self._server = _Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[sock])), name="freshbooks-sandbox", daemon=True
        )
        self._thread.start()
        while not server.started:
            if not self._thread.is_alive():
                raise RuntimeError(f"the sandbox could not start on {self.url}")
            threading.Event().wait(0.005)

    def stop(self) -> None:
        self._server.stop()
        self._thread.join()


class Sandbox(Backend):
    """A local FreshBooks. As a context manager it serves on 127.0.0.1 from a background thread.

    `port`: 0 takes a free one. The other arguments are those of `Backend`.
    """

    def __init__(
        self,
        seed: str = "demo",
        scale: int | None = None,
        port: int = 0,
        clock: Clock | datetime | None = None,
        *,
        rate_limit: int | None = 600,
        post_rate_limit: int | None = 250,
        redirect_uri: str = REDIRECT_URI,
    ) -> None:
        super().__init__(
            seed,
            scale,
            clock,
            rate_limit=rate_limit,
            post_rate_limit=post_rate_limit,
            redirect_uri=redirect_uri,
        )
        self._port = port
        self._serving: Serving | None = None

    def start(self) -> Self:
        """Serve in a background thread; returns once requests are answered."""
        app = Middleware(build_app(self), self.clock, self.limits, self.faults, self.oauth, self.requests)
        self._serving = Serving(app, self._port)
        self.url = self._serving.url
        return self

    def stop(self) -> None:
        if self._serving is not None:
            self._serving.stop()
        self.webhooks.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        self.stop()
