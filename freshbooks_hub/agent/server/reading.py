"""The tools that read the marts."""

from __future__ import annotations

from mcp.server.mcpserver.tools import Tool


def read_tools() -> list[Tool]:
    """All of them."""
    return []
