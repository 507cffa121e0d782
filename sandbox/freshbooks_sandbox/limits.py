"""Fixed one-minute windows: 600 requests, and 250 accounting POSTs on their own (freshbooks-api.md 6.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

WINDOW = 60


@dataclass
class Limits:
    """`general` and `posts` a minute; None switches the refusal off (the headers stay)."""

    general: int | None = 600
    posts: int | None = 250
    _used: dict[str, tuple[int, int]] = field(default_factory=dict)  # counter -> (window, used)

    def count(self, method: str, path: str, now: datetime) -> tuple[bool, dict[str, str]]:
        """Whether the request passes, and the headers that every answer carries."""
        posting = method == "POST" and path.startswith("/accounting/")
        counter, allowed = ("posts", self.posts) if posting else ("general", self.general)
        window = int(now.timestamp()) // WINDOW
        known, used = self._used.get(counter, (window, 0))
        used = used + 1 if known == window else 1
        self._used[counter] = (window, used)
        limit = allowed if allowed is not None else 1_000_000
        reset = (window + 1) * WINDOW
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(limit - used, 0)),
            "X-RateLimit-Reset": str(reset),
            "Retry-After": str(max(reset - int(now.timestamp()), 1)),
        }
        return used <= limit, headers
