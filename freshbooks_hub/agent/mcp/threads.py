"""Threads of the agents' own: in `freshbooks serve` the pages must find a free one, however slow a query is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from freshbooks_hub.agent.sql.client import BUSY
from freshbooks_hub.core.errors import HubError

T = TypeVar("T")
QUERIES = 6  # two run, the others wait for their turn, and no longer than `Limits.wait`
CALLS = 24


class Threads:
    """`at_once` threads. Who comes when all are in use is refused at once, and asked to try again."""

    def __init__(self, at_once: int) -> None:
        self._limiter = anyio.CapacityLimiter(at_once)
        self._at_once = at_once
        self._used = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What `work`, which blocks, gives; raises HubError when all threads are in use."""
        if self._used >= self._at_once:
            raise HubError(BUSY)
        self._used += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._used -= 1
