"""`/mcp` for the hub's web server: streamable HTTP behind a bearer token, host and origin checked."""

from __future__ import annotations

from collections.abc import Sequence

from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.applications import Starlette

from freshbooks_hub.agent.mcp.server import build_server
from freshbooks_hub.agent.mcp.token import same_token
from freshbooks_hub.core.home import Home

# A receipt comes as base64 within the request.
MAX_REQUEST_BYTES = 16 * 1024 * 1024


class OwnerToken:
    """Accepts one token: that of the person who runs the hub."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def verify_token(self, token: str) -> AccessToken | None:
        """The owner's access when `token` is right, else None."""
        return (
            AccessToken(token=token, client_id="owner", scopes=[]) if same_token(token, self._token) else None
        )


def mcp_app(
    home: Home, token: str, allowed_hosts: Sequence[str], approvals_url: str | None = None
) -> Starlette:
    """The MCP server of `home` as an ASGI app that answers at the path `/mcp`.

    `allowed_hosts` are Host headers with port (`127.0.0.1:8400`; `localhost:*` for any port); an Origin header
    must be one of them over http or https. `approvals_url` is the page where people approve actions.
    The app brings a lifespan. Under another Starlette app, route to it and enter its lifespan there:

        Route("/mcp", endpoint=mcp)                      # Mount would redirect /mcp to /mcp/
        async with mcp.router.lifespan_context(mcp): …   # in the outer app's lifespan
    """
    server = build_server(
        home,
        approvals_url=approvals_url,
        token_verifier=OwnerToken(token),
        # No OAuth server stands behind the token, so nothing is advertised; the SDK wants an issuer regardless.
        auth=AuthSettings(issuer_url=AnyHttpUrl("http://127.0.0.1"), resource_server_url=None),
    )
    return server.streamable_http_app(
        streamable_http_path="/mcp",
        max_request_body_size=MAX_REQUEST_BYTES,
        transport_security=TransportSecuritySettings(
            allowed_hosts=list(allowed_hosts),
            allowed_origins=[f"{scheme}://{host}" for scheme in ("http", "https") for host in allowed_hosts],
        ),
    )
