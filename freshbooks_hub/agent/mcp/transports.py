"""How clients reach the server: over stdio, or at `/mcp` over HTTP with a bearer token."""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import anyio
from filelock import FileLock
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.applications import Starlette

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.mcp.arguments import mark_halves
from freshbooks_hub.agent.mcp.background import keep_settling
from freshbooks_hub.agent.mcp.oauth.provider import SCOPES, Authorization, connection_of
from freshbooks_hub.agent.mcp.oauth.routes import settings
from freshbooks_hub.agent.mcp.server import build_server
from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home

# A receipt comes as base64 within the request.
MAX_REQUEST_BYTES = 16 * 1024 * 1024
PREFIX = "fbk_"  # so that scanners for leaked secrets find it


class BearerTokens:
    """Authenticates a bearer token at the server of one connection: who it was issued to, or nobody.

    Full access with the token of this connection as it is now, so one that was renewed or removed is refused; else what
    a person gave on the hub's page, if it is for this connection and this server.
    """

    def __init__(self, home: Home, authorization: Authorization | None = None) -> None:
        self._home, self._authorization = home, authorization

    async def verify_token(self, token: str) -> AccessToken | None:
        """The access that the token grants; None if it grants none here."""
        if self._is_own(token):
            return AccessToken(token=token, client_id="owner", scopes=list(SCOPES))
        given = await self._authorization.load_access_token(token) if self._authorization else None
        if self._authorization is None or given is None:
            return None
        here = given.resource == self._authorization.resource and connection_of(given) == self._home.name
        return given if here else None

    def _is_own(self, token: str) -> bool:
        try:
            expected = _path(self._home).read_text()
        except OSError:
            return False
        return bool(expected) and same_token(token, expected)


def mcp_app(
    home: Home,
    allowed_hosts: Sequence[str],
    approvals_url: str | None = None,
    path: str = "/mcp",
    authorization: Authorization | None = None,
) -> Starlette:
    """The MCP server of `home` as an ASGI app that answers at `path`, to bearer tokens of this connection alone.

    `allowed_hosts` are Host headers with port (`127.0.0.1:8400`; `localhost:*` for any port); an Origin header
    must be one of them over http or https. `approvals_url` is the page where people approve actions.
    The app brings a lifespan. Under another Starlette app, route to it and enter its lifespan there:

        Route("/mcp", endpoint=mcp)                      # Mount would redirect /mcp to /mcp/
        async with mcp.router.lifespan_context(mcp): …   # in the outer app's lifespan
    """
    server = build_server(
        home,
        approvals_url=approvals_url,
        token_verifier=BearerTokens(home, authorization),
        # Where no OAuth server is for this path, nothing is advertised; the SDK wants an issuer regardless.
        auth=settings(authorization)
        if authorization and authorization.resource == f"{authorization.address}{path}"
        else AuthSettings(issuer_url=AnyHttpUrl("http://127.0.0.1"), resource_server_url=None),
    )
    return server.streamable_http_app(
        streamable_http_path=path,
        max_request_body_size=MAX_REQUEST_BYTES,
        transport_security=TransportSecuritySettings(
            allowed_hosts=list(allowed_hosts),
            allowed_origins=[f"{scheme}://{host}" for scheme in ("http", "https") for host in allowed_hosts],
        ),
    )


def read_token(home: Home) -> str:
    """The token of this home, created on first use. Raises HomeError."""
    with _locked(home) as path:
        return path.read_text() if path.exists() else _make(path)


def renew_token(home: Home) -> str:
    """A new token that replaces the old one, which is refused from now on. Raises HomeError."""
    with _locked(home) as path:
        return _make(path)


def token_made_at(home: Home) -> datetime | None:
    """When the token was made (UTC); None if there is none yet."""
    try:
        return datetime.fromtimestamp(_path(home).stat().st_mtime, UTC)
    except OSError:
        return None


def same_token(presented: str, expected: str) -> bool:
    """Compare in a time that does not reveal how much of `presented` was right."""
    return hmac.compare_digest(presented.encode(), expected.encode())


def _make(path: Path) -> str:
    token = PREFIX + secrets.token_urlsafe(32)
    write_private(path, token.encode())
    return token


def _path(home: Home) -> Path:
    return home.root / "agent.token"


@contextmanager
def _locked(home: Home) -> Iterator[Path]:
    # Two servers that start together must agree on one token.
    path = _path(home.ensure())
    with disk_errors(home.root), FileLock(path.with_name(f"{path.name}.lock"), mode=0o600):
        yield path


class Lines(TextIOWrapper):
    """Lines of JSON as the SDK can read them."""

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        return mark_halves(super().readline(size))


async def serve_stdio(server: MCPServer[Any], actions: ActionService) -> None:
    """Serve until the client closes the input; meanwhile settle `actions` whose answer was lost.

    Nothing that runs here or below reads from the client's own pipe.
    """
    wire, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    with os.fdopen(wire, "rb") as pipe:
        lines = anyio.wrap_file(Lines(pipe, encoding="utf-8", errors="replace"))
        async with anyio.create_task_group() as tasks, stdio_server(stdin=lines) as (read, write):
            tasks.start_soon(keep_settling, actions)
            lowlevel = server._lowlevel_server  # the SDK's own `run_stdio_async` takes no input
            await lowlevel.run(read, write, lowlevel.create_initialization_options())
            tasks.cancel_scope.cancel()
