"""The connector config: its shape, checked before it is stored."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from freshbooks_hub.errors import InvalidConfig

REQUIRED = ("client_id", "client_secret", "redirect_uri", "refresh_token")
HINT = "See secrets.example.json for the shape."


def read_config(path: Path) -> dict[str, Any]:
    """Read and validate a connector config file; raises InvalidConfig."""
    try:
        config = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidConfig(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        # The parser's message holds a position only; the text itself may be a secret.
        raise InvalidConfig(f"{path} is not valid JSON. {HINT}") from error
    return validate(config)


def validate(config: object) -> dict[str, Any]:
    """Return `config` if it is a complete connector config; raises InvalidConfig naming the field."""
    if not isinstance(config, dict) or not isinstance(config.get("credentials"), dict):
        raise InvalidConfig(f'The config needs an object "credentials". {HINT}')
    credentials = config["credentials"]
    missing = [name for name in REQUIRED if not _text(credentials.get(name))]
    if missing:
        raise InvalidConfig(f"The config lacks credentials.{', credentials.'.join(missing)}. {HINT}")
    # freshbooks-api.md 1.3: HTTPS only, no query string.
    if not _is_https(credentials["redirect_uri"]):
        raise InvalidConfig(
            "credentials.redirect_uri must be the https address registered with your FreshBooks app, "
            "without a query string, for example https://localhost:8765/callback."
        )
    for field, value in (
        ("credentials.token_expiry_date", credentials.get("token_expiry_date")),
        ("start_date", config.get("start_date")),
    ):
        if value is not None:
            _check_instant(field, value)
    business_ids = config.get("business_ids", [])
    if not isinstance(business_ids, list) or not all(type(value) is int for value in business_ids):
        raise InvalidConfig("business_ids must be a list of business numbers, for example [439000].")
    return config


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:  # brackets without an IPv6 address
        return False
    return parts.scheme == "https" and bool(parts.netloc) and not parts.query


def parse_instant(text: str) -> datetime:
    """An RFC 3339 instant with its offset; raises ValueError when the offset is missing."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("no offset")
    return instant


def _check_instant(field: str, value: object) -> None:
    try:
        parse_instant(value if isinstance(value, str) else "")
    except ValueError as error:
        raise InvalidConfig(
            f"{field} must be a time with its zone, for example 2026-01-01T00:00:00Z."
        ) from error


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
