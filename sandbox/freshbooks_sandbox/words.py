"""Lists of names, written as one text."""

from __future__ import annotations


def words(text: str, separator: str | None = None) -> tuple[str, ...]:
    """`"a b"` -> `("a", "b")`."""
    return tuple(text.split(separator))
