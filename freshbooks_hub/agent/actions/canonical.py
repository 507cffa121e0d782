"""One text and one hash for one value, so that nothing nested can change unnoticed."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces. Floats are refused: money and quantities are text."""
    _check(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """SHA-256 of the canonical text, as hexadecimal."""
    return digest_text(canonical(value))


def digest_text(text: str) -> str:
    """SHA-256 of a text, as hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _check(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no place in a payload")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check(item)
