"""When an access token counts as expired: one rule for all who refresh it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

# A token that ends sooner is refreshed before it is used.
MARGIN = timedelta(minutes=10)


def expiry(answer: Mapping[str, Any], now: datetime) -> datetime | None:
    """The end of the access token in a token answer, UTC; None where it is unknown.

    FreshBooks counts from `created_at` (freshbooks-api.md 1.4), which a refresh may leave at the first exchange's:
    a token just given does not end within `MARGIN`, so that end is not believed, and the token is used until
    FreshBooks answers 401.
    """
    try:
        until = datetime.fromtimestamp(int(answer["created_at"]) + int(answer["expires_in"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    return until if until - MARGIN > now else None
