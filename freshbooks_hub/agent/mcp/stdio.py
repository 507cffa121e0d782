"""Standard input whose every line gets an answer.

JSON can write half of a character (`"\\ud800"`). The SDK cannot read such a line and drops it without a word, so the
client waits for ever. Here the half becomes a mark that no text has, and the tool's call is refused in a sentence.
"""

from __future__ import annotations

import os
import re
from io import TextIOWrapper
from typing import Any

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.server.stdio import stdio_server

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.mcp.settle_loop import keep_settling

HALF = "\ufdd0"  # a noncharacter of Unicode
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)


def marked(line: str) -> str:
    """A line of JSON with `HALF` in the place of each lone surrogate."""
    return _ESCAPE.sub(lambda found: HALF if found["half"] else found[0], line)


class Lines(TextIOWrapper):
    """Lines of JSON as the SDK can read them."""

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        return marked(super().readline(size))


async def serve_stdio(server: MCPServer[Any], actions: ActionService) -> None:
    """Serve until the client closes the input; meanwhile settle `actions` whose answer was lost.

    Nothing that runs here or below reads from the client's own pipe.
    """
    wire, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    with os.fdopen(wire, "rb") as pipe:
        lines = anyio.wrap_file(Lines(pipe, encoding="utf-8", errors="replace"))
        async with anyio.create_task_group() as tasks, stdio_server(stdin=lines) as (read, write):
            tasks.start_soon(keep_settling, actions)
            lowlevel = server._lowlevel_server  # the SDK's own `run_stdio_async` takes no input
            await lowlevel.run(read, write, lowlevel.create_initialization_options())
            tasks.cancel_scope.cancel()
