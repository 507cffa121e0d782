"""Money as FreshBooks sends it: `{"amount": "12.30", "code": "USD"}`, amounts as decimal text."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

Money = dict[str, str]
ZERO = Decimal("0.00")
_CENT = Decimal("0.01")


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
