"""The time, as something that can be handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """An instant as hub.sqlite keeps it: UTC, to the second, in an order that text keeps."""
    return at.astimezone(UTC).isoformat(timespec="seconds")
