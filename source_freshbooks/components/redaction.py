"""Credentials that FreshBooks puts into its answers; none of them may leave the connector.

Sources: freshbooks-api.md 2, 3.6, 3.10 (fasttrack_token; api_token, statement_token, direct_link_token, jwt,
publishable keys of gateways; download_token).
"""

from typing import Any

LEAKED_KEYS = frozenset(
    {
        "api_token",
        "direct_link_token",
        "direct_links",
        "download_token",
        "fasttrack_token",
        "jwt",
        "public_id",
        "publishable_key",
        "share_link",
        "statement_token",
        "stripe_publishable_key",
    }
)


def redact(value: Any) -> Any:
    """`value` without leaked keys at any depth."""
    if isinstance(value, dict):
        return {key: redact(inner) for key, inner in value.items() if key not in LEAKED_KEYS}
    if isinstance(value, list):
        return [redact(inner) for inner in value]
    return value
