"""Words that depend on a number."""

from __future__ import annotations


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 invoice`, `2 invoices`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
