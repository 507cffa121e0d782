"""What a table holds, as one hash: equal on two engines when every value is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any


def digest(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> str:
    """Hash of the rows in order of their text, columns by name."""
    order = sorted(range(len(names)), key=names.__getitem__)
    lines = sorted(repr([(names[i], row[i]) for i in order]) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
