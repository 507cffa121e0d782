"""The routes of the authorization server, with the SDK's own handlers: metadata, registration, codes, tokens."""

from __future__ import annotations

from mcp.server.auth.handlers.metadata import MetadataHandler
from mcp.server.auth.routes import (
    build_metadata,
    cors_middleware,
    create_auth_routes,
    create_protected_resource_routes,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from starlette.routing import Route

from freshbooks_hub.agent.mcp.oauth.provider import SCOPES, Authorization

_METADATA = "/.well-known/oauth-authorization-server"
_RESOURCE = "/.well-known/oauth-protected-resource"
_REGISTRATION = ClientRegistrationOptions(
    enabled=True, valid_scopes=list(SCOPES), default_scopes=list(SCOPES)
)
_REVOCATION = RevocationOptions(enabled=True)


def settings(authorization: Authorization) -> AuthSettings:
    """What the MCP server answers to a client without a token. Our verifier checks the address of tokens itself."""
    return AuthSettings.model_validate(
        {
            "issuer_url": authorization.address,
            "resource_server_url": authorization.resource,
            "validate_token_resource": False,
        }
    )


def oauth_routes(authorization: Authorization) -> list[Route]:
    """All routes, for the app that serves `authorization.address`."""
    urls = settings(authorization)
    assert urls.resource_server_url is not None
    metadata = build_metadata(urls.issuer_url, None, _REGISTRATION, _REVOCATION)
    # Our clients are public: the SDK does not ask.
    metadata.token_endpoint_auth_methods_supported = ["none"]
    metadata.revocation_endpoint_auth_methods_supported = ["none"]
    metadata.authorization_response_iss_parameter_supported = True
    described = cors_middleware(MetadataHandler(metadata).handle, ["GET", "OPTIONS"])
    made = create_auth_routes(
        authorization,
        urls.issuer_url,
        client_registration_options=_REGISTRATION,
        revocation_options=_REVOCATION,
    )
    [resource] = create_protected_resource_routes(
        urls.resource_server_url, [urls.issuer_url], list(SCOPES), "FreshBooks hub"
    )
    return [
        Route(_METADATA, endpoint=described, methods=["GET", "OPTIONS"]),
        *(route for route in made if route.path != _METADATA),
        resource,
        # Where clients look that were not given the address.
        Route(_RESOURCE, endpoint=resource.endpoint, methods=["GET", "OPTIONS"]),
    ]
