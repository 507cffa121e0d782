"""What runs beside the requests: the tools' threads, the watch for changes to their list, and settling actions."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ToolsListChanged

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.sql.client import BUSY
from freshbooks_hub.core.errors import HubError

T = TypeVar("T")
QUERIES = 6  # two run, the others wait for their turn, and no longer than `Limits.wait`
CALLS = 24
WATCH_SECONDS = 2.0  # for a change of the list of tools
SETTLE_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Threads:
    """`at_once` threads of the agents' own: the pages of `freshbooks serve` find a free one, however slow a query is.

    Who comes when all are in use is refused at once, and asked to try again.
    """

    def __init__(self, at_once: int) -> None:
        self._limiter = anyio.CapacityLimiter(at_once)
        self._at_once = at_once
        self._used = 0

    async def run(self, work: Callable[[], T]) -> T:
        """The result of the blocking `work`; raises HubError when all threads are busy."""
        if self._used >= self._at_once:
            raise HubError(BUSY)
        self._used += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._used -= 1


class ToolListChanges:
    """Watches `visible`, the set of tools on offer; the owner changes it from another process.

    Clients of 2026-07-28 listen on the bus. Earlier ones take a notification on their connection; the newest
    few connections are remembered, and a closed one drops what it is sent.
    """

    def __init__(self, visible: Callable[[], frozenset[str]], interval: float = WATCH_SECONDS) -> None:
        self.bus = InMemorySubscriptionBus()
        self._visible = visible
        self._interval = interval
        self._sessions: deque[ServerSession] = deque(maxlen=32)

    async def middleware(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Declares the capability at the handshake of the earlier protocol, and remembers the connection."""
        result = await call_next(ctx)
        if ctx.method == "initialize" and isinstance(result, dict):
            result["capabilities"]["tools"]["listChanged"] = True
        elif ctx.method == "notifications/initialized":
            self._sessions.append(ctx.session)
        return result

    async def watch(self) -> None:
        """Look now and then, until cancelled."""
        before = await self._seen(None)
        while True:
            await anyio.sleep(self._interval)
            now = await self._seen(before)
            if now != before:
                await self.bus.publish(ToolsListChanged())
                for session in list(self._sessions):
                    await session.send_tool_list_changed()
            before = now

    async def _seen(self, before: frozenset[str] | None) -> frozenset[str] | None:
        try:
            return await anyio.to_thread.run_sync(self._visible)
        except HubError:  # the file is busy or missing for now; a call of a tool reports it
            return before


async def keep_settling(actions: ActionService, interval: float = SETTLE_SECONDS) -> None:
    """Look every `interval` seconds, until cancelled; FreshBooks is asked only when something is open."""
    while True:
        await anyio.to_thread.run_sync(_settle, actions, abandon_on_cancel=True)
        await anyio.sleep(interval)


def _settle(actions: ActionService) -> None:
    try:
        actions.settle_open()
    except HubError as error:
        logger.warning("Actions cannot be settled now: %s", error)
