"""How a function becomes a tool: short schemas, truthful hints, a sentence beside the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.mcp.schema import input_schema, output_schema
from freshbooks_hub.agent.mcp.threads import CALLS, QUERIES, Threads
from freshbooks_hub.core.home import Home


@dataclass(frozen=True)
class Books:
    """What the tools work on, and where: all that blocks runs on `calls`, SQL of agents on `queries`.

    The server's lifespan hands it to each request.
    """

    home: Home
    actions: ActionService
    approvals_url: str | None = None
    calls: Threads = field(default_factory=lambda: Threads(CALLS))
    queries: Threads = field(default_factory=lambda: Threads(QUERIES))


BooksContext = Context[Books, Any]


def books_of(ctx: BooksContext) -> Books:
    """The books behind a request."""
    return ctx.request_context.lifespan_context


def books_tool(fn: Callable[..., Any], title: str, answer: type[BaseModel], hints: ToolAnnotations) -> Tool:
    """The tool named like `fn`, described by its docstring, with answers of the model `answer`."""
    description = " ".join((fn.__doc__ or "").split())
    tool = Tool.from_function(fn, title=title, description=description, annotations=hints)
    tool.parameters = input_schema(tool.parameters)
    tool.fn_metadata.output_schema = output_schema(answer)
    return tool


def said(summary: str, answer: BaseModel) -> CallToolResult:
    """The answer as data and, for clients that read text only, as a sentence and the same data in JSON."""
    data = answer.model_dump(mode="json", exclude_none=True)
    text = [TextContent(text=summary), TextContent(text=answer.model_dump_json(exclude_none=True))]
    return CallToolResult(content=list(text), structured_content=data)
