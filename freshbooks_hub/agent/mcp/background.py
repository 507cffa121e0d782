"""Tells clients that the list of tools changed, soon after the owner turned a kind of write on or off."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ToolsListChanged

from freshbooks_hub.core.errors import HubError

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
        except HubError:  # the file is busy or gone for now; whoever calls a tool is told
            return before
