"""The sandbox as an object: seeded books behind a real HTTP server on the loopback interface."""

from __future__ import annotations

import asyncio
import socket
import threading
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from freshbooks_sandbox import desk
from freshbooks_sandbox.answers import Row
from freshbooks_sandbox.app import build_app
from freshbooks_sandbox.clock import Clock
from freshbooks_sandbox.domain import invoices, settlement
from freshbooks_sandbox.faults import Faults
from freshbooks_sandbox.gate import Gate, RequestLog
from freshbooks_sandbox.limits import Limits
from freshbooks_sandbox.oauth import OAuth
from freshbooks_sandbox.resource import Resource
from freshbooks_sandbox.resources import BY_NAME
from freshbooks_sandbox.seed import fill
from freshbooks_sandbox.store import Books, Store
from freshbooks_sandbox.switches import Switches

REDIRECT_URI = "https://localhost:8765/callback"


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


class Sandbox:
    """A local FreshBooks. As a context manager it serves on 127.0.0.1 from a background thread.

    `seed`: "demo" (two synced businesses and two others) or "empty" (the businesses with their team,
    categories, taxes, items and services, but no client or document). `scale`: that
    many invoices of four lines in the first business, instead of the demo's records. `clock`: a `Clock`, or a
    start instant. `rate_limit`, `post_rate_limit`: requests a minute, None for no limit.
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
        self.clock = clock if isinstance(clock, Clock) else Clock(clock)
        self.switches = Switches()
        self.store = Store(self.clock, self.switches)
        self.faults = Faults()
        self.limits = Limits(rate_limit, post_rate_limit)
        self.requests = RequestLog()
        self.oauth = OAuth(self.clock, self.switches, redirect_uri)
        self.redirect_uri = redirect_uri
        fill(self.store, seed, scale)
        self.webhooks = self.store.webhooks
        self.webhooks.identity_id = self.store.identity["identity_id"]
        for books in self.store.businesses.values():
            books.listener = self.webhooks.heard
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.url = ""

    # -- serving

    def start(self) -> Self:
        """Serve in a background thread; returns once requests are answered."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", self._port))
        self.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        app = Gate(build_app(self), self.clock, self.limits, self.faults, self.oauth, self.requests)
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
        self._server = _Server(config)
        server = self._server
        self._thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[sock])), name="freshbooks-sandbox", daemon=True
        )
        self._thread.start()
        while not server.started:
            if not self._thread.is_alive():
                raise RuntimeError(f"the sandbox could not start on {self.url}")
            threading.Event().wait(0.005)
        return self

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join()
        self.webhooks.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        self.stop()

    # -- the app and its user

    @property
    def client_id(self) -> str:
        return self.oauth.client_id

    @property
    def client_secret(self) -> str:
        return self.oauth.client_secret

    @property
    def outbox(self) -> list[Row]:
        """Mails that were sent: `{at, business_id, resource, id, recipients, subject, body, pdf}`."""
        return self.store.outbox

    def grant(self, scopes: list[str] | None = None) -> Row:
        """The token answer as if the person had just consented (it kills an earlier grant)."""
        with self.store.lock:
            return self.oauth.issue(" ".join(scopes) if scopes else None)

    # -- the books, as a person in the web app

    def books(self, business_id: int) -> Books:
        return self.store.businesses[business_id]

    def create(self, resource: str, business_id: int, **fields: Any) -> Row:
        """A new record with everything that follows from it; the row."""
        with self.store.lock:
            return desk.create(BY_NAME[resource], self.books(business_id), fields, self.clock.now())

    def edit(self, resource: str, business_id: int, id: Any, **fields: Any) -> Row:
        """Change fields, recompute what follows, move the update stamp if anything changed; the row."""
        if resource == "businesses":
            business = self.books(business_id).business
            business.update(fields)
            return business
        with self.store.lock:
            found, books, row = self._row(resource, business_id, id)
            unknown = fields.keys() - row.keys()
            if unknown:
                raise KeyError(f"{resource} have no field {', '.join(sorted(unknown))}")
            desk.edit(found, books, row, fields, self.clock.now())
            return row

    def befall(self, business_id: int, id: int, trouble: str) -> Row:
        """An invoice is disputed, or its payment declined, pending, retried or failed; the row (4.1)."""
        with self.store.lock:
            found, books, row = self._row("invoices", business_id, id)
            settlement.befall(row, trouble)
            desk.touch(found, books, row, self.clock.now())
            books.tell("invoices", "update", id)
            return row

    def reprice(self, business_id: int) -> int:
        """Total the invoices without payments anew, under `tax_rounding` as it is now; how many moved."""
        with self.store.lock:
            books = self.books(business_id)
            paid = {payment["invoiceid"] for payment in books["payments"].values()}
            rows = [row for row in books["invoices"].values() if row["id"] not in paid]
            before = [row["amount"] for row in rows]
            for row in rows:
                invoices.change(books, row, {}, self.clock.now())
            books.table("invoices").changed()
            return sum(row["amount"] != amount for row, amount in zip(rows, before, strict=True))

    def archive(self, resource: str, business_id: int, id: Any) -> Row:
        return self._visibility(resource, business_id, id, desk.ARCHIVED)

    def delete(self, resource: str, business_id: int, id: Any) -> Row:
        """Delete; a resource without a deletion flag (taxes, rates) loses the row."""
        with self.store.lock:
            found, books, row = self._row(resource, business_id, id)
            if found.soft_delete is None and found.change is not None:
                books.table(resource).remove(id)
                books.tell(resource, "delete", id)
                return row
        return self._visibility(resource, business_id, id, desk.DELETED)

    def undelete(self, resource: str, business_id: int, id: Any) -> Row:
        """Back to active, from deleted or archived."""
        return self._visibility(resource, business_id, id, desk.ACTIVE)

    def _visibility(self, resource: str, business_id: int, id: Any, state: int) -> Row:
        with self.store.lock:
            found, books, row = self._row(resource, business_id, id)
            desk.set_visibility(found, books, row, state, self.clock.now())
            return row

    def _row(self, resource: str, business_id: int, id: Any) -> tuple[Resource, Books, Row]:
        books = self.books(business_id)
        return BY_NAME[resource], books, books[resource][id]
