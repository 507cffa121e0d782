"""`freshbooks serve`: the pages, agents at /mcp, webhooks and the ticker in one process, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import socket
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from freshbooks_hub.agent.mcp import by_connection
from freshbooks_hub.agent.mcp.by_connection import ByGrant, ConnectionServers
from freshbooks_hub.agent.mcp.oauth.provider import Authorization
from freshbooks_hub.agent.mcp.oauth.routes import oauth_routes
from freshbooks_hub.agent.mcp.transports import mcp_app, read_token
from freshbooks_hub.agent.worker import settle, tell
from freshbooks_hub.core.errors import HubError, InvalidConfig
from freshbooks_hub.core.home import Home
from freshbooks_hub.notifications.notify import notify
from freshbooks_hub.sync import ticker, webhook_receiver
from freshbooks_hub.sync.warm_syncs import WarmSyncs
from freshbooks_hub.web import sessions
from freshbooks_hub.web.app import LOOPBACK, create_app
from freshbooks_hub.web.app_state import Site
from freshbooks_hub.web.request_context import connections

GRACE = 5  # seconds for running requests at the end


@dataclass(frozen=True)
class Options:
    """Where to listen, and the other names and address by which the server is reached."""

    host: str = "127.0.0.1"
    port: int = 8766
    names: tuple[str, ...] = ()
    public_url: str | None = None
    open_browser: bool = False
    password: str | None = field(default=None, repr=False)


class PasswordNeeded(HubError):
    """Others could reach the books, and nothing would protect them."""


def serve(home: Home, options: Options) -> None:
    """Serve until interrupted. Raises PasswordNeeded, InvalidConfig, HomeError, HubError for a port in use."""
    home.ensure()
    check(home, options)
    listening = listen(options.host, options.port)
    port = listening.getsockname()[1]
    app = whole_app(home, options, port)
    address = options.public_url or f"http://{_reachable(options.host)}:{port}"
    site: Site = app.state.site
    site.sessions.serve(address)
    print(f"FreshBooks hub: {address}   (stop with Ctrl-C)", flush=True)
    # If a password is set, others may read the output, for example in the machine's log.
    if site.keys.password is None:
        sessions.tell(home, site.sessions.link(), browser=options.open_browser)
    elif options.open_browser:
        webbrowser.open(address)
    config = uvicorn.Config(
        app,
        log_level="warning",
        # Addresses hold codes and names; nothing of a request is logged.
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=GRACE,
    )
    # uvicorn shuts down cleanly at Ctrl-C, and may or may not raise it again afterwards.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
    print("Stopped.")


def check(home: Home, options: Options) -> None:
    """Refuse to be reached by others without a password. Raises PasswordNeeded, InvalidConfig."""
    public = options.public_url
    if public and (
        urlsplit(public).scheme != "https" or not urlsplit(public).hostname or urlsplit(public).path
    ):
        raise InvalidConfig(
            "--public-url is an https address without a path, for example https://books.example.com."
        )
    private = bracketed(options.host) in LOOPBACK and public is None
    if not private and sessions.load(home, options.password).password is None:
        raise PasswordNeeded(
            f"{public or options.host} can be reached by others, so the pages need a password first. Set one with "
            f"`freshbooks serve --set-password`, or give it by --password-file or in {sessions.PASSWORD_VARIABLE}."
        )


def whole_app(home: Home, options: Options, port: int) -> Starlette:
    """Pages, `/mcp` and webhooks as one app; its lifespan runs the ticker."""
    public = options.public_url
    hosts = [*LOOPBACK, *options.names]
    if options.host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        hosts.append(bracketed(options.host))
    hosts = list(dict.fromkeys(hosts))
    if public:
        hosts.append(str(urlsplit(public).hostname))
    address = public or f"http://{_reachable(options.host)}:{port}"
    # OAuth needs https, or this machine.
    private = urlsplit(address).scheme == "https" or bracketed(urlsplit(address).hostname or "") in LOOPBACK
    authorization = Authorization(home, address) if private else None
    pages = create_app(home, hosts, public, options.password, authorization)
    warm = WarmSyncs()
    pages.state.site.syncs.start_sync = warm.start
    at = [f"{host}:{port}" for host in hosts] + ([urlsplit(public).netloc] if public else [])
    read_token(home)  # create the token, so that there is one to show
    agents = mcp_app(home, at, f"{address}/approvals", authorization=authorization)

    def agents_of(named: Home) -> Starlette:
        pages_at = f"/c/{named.name}"
        return mcp_app(named, at, f"{address}{pages_at}/approvals", f"{pages_at}/mcp", authorization)

    def homes() -> list[Home]:
        return list(connections(pages.state.site).values())

    def notify_of(one: Home) -> None:
        notify(one, f"{address}{one.pages_path}")

    others = ConnectionServers(home, agents_of, authorization)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ticking = ticker.start(homes, settle, tell, warm.start, notify_of)
        app.state.wake = ticking.wake
        try:
            async with agents.router.lifespan_context(agents), others.run():
                yield
        finally:
            pages.state.site.logins.stop()
            # Side by side: each may have to wait for a sync to end.
            stops = (pages.state.site.syncs.stop, ticking.stop)
            await asyncio.gather(*(run_in_threadpool(stop) for stop in stops))
            warm.close()
            # Here, because a signal that ends the process does not let it get further.
            pages.state.site.sessions.serve(None)

    app = Starlette(
        routes=[
            Route("/mcp", endpoint=ByGrant(authorization, agents, others) if authorization else agents),
            *(oauth_routes(authorization) if authorization else ()),
            Route(by_connection.PATH, endpoint=others),
            # No session, no form token: what counts is FreshBooks' signature.
            Route("/webhooks/freshbooks", webhook, methods=["POST"]),
            Route("/c/{connection}/webhooks/freshbooks", webhook, methods=["POST"]),
            Mount("/", pages),
        ],
        lifespan=lifespan,
    )
    app.state.site = pages.state.site
    app.state.wake = None  # without a lifespan nothing ticks
    return app


async def webhook(request: Request) -> Response:
    """A delivery of FreshBooks: it makes something due sooner, and the ticker look when it is."""
    site = request.app.state.site
    home = connections(site).get(request.path_params.get("connection", ""))
    if home is None:
        return PlainTextResponse("", 404)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > webhook_receiver.MAX_BODY:
            break
    try:
        receipt = await run_in_threadpool(webhook_receiver.receive, home, request.headers, body)
    except HubError:
        return PlainTextResponse("", 503)
    if receipt.due and request.app.state.wake:
        await run_in_threadpool(request.app.state.wake, receipt.due)
    # The caller learns nothing: it may not be FreshBooks.
    return PlainTextResponse("", receipt.status)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises HubError when the address cannot be used."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise HubError(f"{host}:{port} cannot be used: {why}. Choose another --port.") from error


def _reachable(host: str) -> str:
    """A name for the address in a browser of this machine."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return bracketed(host)


def bracketed(host: str) -> str:
    """The address as written in a URL and in a Host header: IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
