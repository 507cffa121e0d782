"""One budget of requests for all streams of a connection (freshbooks-api.md 6.3).

It starts at what was seen live, 600 a minute, and then follows what each answer says: the limit, how much of the
window is left, and after 429 how long to wait. Whoever else uses the same counter is thereby respected too.
"""

import threading
import time
from collections import deque
from typing import Any

import requests
from airbyte_cdk.sources.streams.call_rate import AbstractCallRatePolicy, APIBudget

WINDOW = 60.0  # seconds
LIMIT = 600
RESERVE = 0.02  # of the limit, left for pages in flight
LONGEST_WAIT = 120.0


class RateBudget(APIBudget):
    def __init__(self, limit: int = LIMIT) -> None:
        super().__init__(policies=[])
        self._limit = limit
        self._sent: deque[float] = deque()
        self._resume_at = 0.0
        self._lock = threading.Lock()

    def acquire_call(self, request: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002
        """Wait until a request may be sent."""
        while (wait := self._reserve()) > 0:
            time.sleep(wait)

    def update_from_response(self, request: Any, response: Any) -> None:  # noqa: ARG002
        """Learn from the headers; they stand on good answers too, so only their numbers count."""
        if not isinstance(response, requests.Response):
            return
        wait = _number(response, "Retry-After", WINDOW)
        with self._lock:
            self._limit = max(int(_number(response, "X-RateLimit-Limit", self._limit)), 1)
            remaining = _number(response, "X-RateLimit-Remaining", self._limit)
            if response.status_code == 429 or remaining <= self._limit * RESERVE:
                self._resume_at = max(self._resume_at, time.monotonic() + min(wait, LONGEST_WAIT))

    def get_matching_policy(self, request: Any) -> AbstractCallRatePolicy | None:  # noqa: ARG002
        return None

    def _reserve(self) -> float:
        """0 and the request is counted, or the seconds to wait."""
        with self._lock:
            now = time.monotonic()
            if now < self._resume_at:
                return self._resume_at - now
            while self._sent and self._sent[0] <= now - WINDOW:
                self._sent.popleft()
            if len(self._sent) >= self._limit:
                return self._sent[0] + WINDOW - now
            self._sent.append(now)
            return 0.0


def _number(response: requests.Response, header: str, default: float) -> float:
    try:
        return float(response.headers[header])
    except (KeyError, ValueError):
        return default
