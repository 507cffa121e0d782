"""How values are written: rows, money and instants (which field has which form of instant: freshbooks-api.md 3.4)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Money = dict[str, str]  # {"amount": "12.30", "code": "USD"}
ZERO = Decimal("0.00")
_CENT = Decimal("0.01")
EASTERN = ZoneInfo("America/New_York")


def decimal(value: Any) -> Decimal:
    """A Decimal from text, an int, a Decimal or a money object; nothing counts as zero. ValueError."""
    if isinstance(value, dict):
        value = value.get("amount")
    if value is None or value == "":
        return ZERO
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"not a decimal number: {value!r}") from None


def cents(value: Decimal) -> Decimal:
    """Rounded half up to two places."""
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)


def money(value: Decimal | int | str, code: str) -> Money:
    return {"amount": str(cents(Decimal(value))), "code": code}


def plain(value: Decimal) -> str:
    """Shortest text without an exponent: 2.50 -> "2.5", 4.00 -> "4"."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def eastern(at: datetime) -> str:
    """`YYYY-MM-DD HH:MM:SS`, US/Eastern wall clock, no offset: most accounting stamps."""
    return at.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S")


def utc_plain(at: datetime) -> str:
    """The same text form, but in UTC: client `signup_date`, bills, bill vendors."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def utc_naive_iso(at: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SS`, UTC without Z: projects."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def utc_z(at: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, UTC: time entries, auth family."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_micro(at: datetime) -> str:
    """RFC 3339 with microseconds, UTC: ledger accounts."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local_iso(at: datetime, zone: str) -> str:
    """Wall clock of `zone` without offset: `local_started_at`."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")


def parse_instant(text: str) -> datetime:
    """ISO 8601 date or datetime to UTC; without an offset it is read as UTC. ValueError if neither."""
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def parse_eastern(text: str) -> datetime:
    """UTC of a stored Eastern stamp; in the hour that comes twice, its first time."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=EASTERN).astimezone(UTC)


def parse_day(text: str) -> date:
    """Exactly `YYYY-MM-DD`; ValueError otherwise (a time part is refused)."""
    if len(text) != 10:
        raise ValueError(f"not a YYYY-MM-DD date: {text!r}")
    return date.fromisoformat(text)


def words(text: str, separator: str | None = None) -> tuple[str, ...]:
    """`"a b"` -> `("a", "b")`."""
    return tuple(text.split(separator))
