"""The connector config: its shape, checked before it is stored."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from freshbooks_hub.core.errors import InvalidConfig

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
    try:
        check_redirect_uri(credentials["redirect_uri"])
    except InvalidConfig as error:
        raise InvalidConfig(f"credentials.redirect_uri: {error}") from error
    for field, value in (
        ("credentials.token_expiry_date", credentials.get("token_expiry_date")),
        ("start_date", config.get("start_date")),
    ):
        if value not in (None, ""):
            _check_instant(field, value)
    business_ids = config.get("business_ids", [])
    if not isinstance(business_ids, list) or not all(type(value) is int for value in business_ids):
        raise InvalidConfig("business_ids must be a list of business numbers, for example [439000].")
    return config


def check_redirect_uri(uri: str) -> None:
    """Raise InvalidConfig for one that FreshBooks would not take: HTTPS only, no query (freshbooks-api.md 1.3)."""
    if not uri.isascii() or any(letter <= " " or letter == "\x7f" for letter in uri):
        raise InvalidConfig(
            "The redirect URI holds a blank, a line break or a letter that no address has. Copy it again from your "
            "app at FreshBooks."
        )
    try:
        parts = urlsplit(uri)
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, brackets that do not close
        usable = False
    if not usable or "?" in uri or "#" in uri or "@" in uri:
        raise InvalidConfig(
            "The redirect URI must be the https address registered with your FreshBooks app, without a query string, "
            "for example https://localhost:8765/callback."
        )


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
