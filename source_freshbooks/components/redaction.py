"""Credentials that FreshBooks puts into its answers; none of them may leave the connector.

Sources: freshbooks-api.md 2, 3.6, 3.10 (fasttrack_token; api_token, statement_token, direct_link_token, jwt,
publishable keys of gateways; download_token).
"""

import re
from typing import Any

from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

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


# What looks like a credential or a person's address in the text of an error.
_SECRET = re.compile(
    r"\bBearer\s+\S+"
    r"|\beyJ[\w-]+(?:\.[\w-]*)*"  # a JWT, also one that is cut
    r"|\b\w*(?:token|secret|password|api_?key)[\"']?\s*[=:]\s*[\"']?[^\s\"',&}]+"
    r"|\b[0-9a-fA-F]{32,}\b"
    r"|[A-Za-z0-9_+=-]{40,}"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """`text` on one line, without the secrets of the config and without what looks like a secret or an e-mail address.

    Cut it afterwards: half a secret is not found.
    """
    return _SECRET.sub("****", filter_secrets(" ".join(text.split())))
