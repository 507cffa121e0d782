"""How often, in words: `30m`, `2h`, `1d`, `1w`."""

from __future__ import annotations

import re
from datetime import timedelta

from freshbooks_hub.core.errors import HubError

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=31)
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(days=7)}


def parse_frequency(text: str) -> timedelta:
    """`30m`, `2h`, `1d`, `1w`; raises HubError."""
    match = re.fullmatch(r"(\d{1,5})\s*([mhdw])", text.strip().lower())
    frequency = int(match[1]) * UNITS[match[2]] if match else timedelta()
    if not SHORTEST <= frequency <= LONGEST:
        raise HubError(
            f"{text!r} is not a frequency. Write it as 30m, 2h, 1d or 1w; it must be between "
            f"{format_frequency(SHORTEST)} and {format_frequency(LONGEST)}."
        )
    return frequency


def format_frequency(frequency: timedelta) -> str:
    """As `parse_frequency` reads it."""
    unit = next(u for u in ("w", "d", "h", "m") if not frequency % UNITS[u] or u == "m")
    return f"{frequency // UNITS[unit]}{unit}"
