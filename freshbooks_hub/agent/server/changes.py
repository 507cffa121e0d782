"""Tells clients that the list of tools changed, soon after the owner turned a kind of write on or off."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ToolsListChanged

INTERVAL = 2.0


class ToolListChanges:
    """Watches `visible`, the set of tools on offer; the owner changes it from another process.

    Clients of 2026-07-28 listen on the bus. Earlier ones take a notification on their connection; the newest
    few connections are remembered, and a closed one drops what it is sent.
    """

    def __init__(self, visible: Callable[[], frozenset[str]], interval: float = INTERVAL) -> None:
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

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch for as long as the block runs."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch)
            yield
            tasks.cancel_scope.cancel()

    async def _watch(self) -> None:
        before = await anyio.to_thread.run_sync(self._visible)
        while True:
            await anyio.sleep(self._interval)
            now = await anyio.to_thread.run_sync(self._visible)
            if now != before:
                await self.bus.publish(ToolsListChanged())
                for session in list(self._sessions):
                    await session.send_tool_list_changed()
            before = now
