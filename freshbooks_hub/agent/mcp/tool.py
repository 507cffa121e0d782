"""Turning a function into a tool: a short schema, truthful hints, and a sentence beside the data.

Every client sends the schemas to its model with every conversation, so they are as short as they can be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.mcp.background import CALLS, QUERIES, Threads
from freshbooks_hub.core.home import Home

_REF = "#/$defs/"
_NULL = {"type": "null"}
# What means nothing to a model, or is shown elsewhere; the server still checks it.
_NOISE = {"title", "pattern", "minimum", "maximum", "maxLength", "$defs"}


@dataclass(frozen=True)
class ServerState:
    """What the tools work on, and where: all that blocks runs on `calls`, SQL of agents on `queries`.

    The server's lifespan hands it to each request.
    """

    home: Home
    actions: ActionService
    approvals_url: str | None = None
    calls: Threads = field(default_factory=lambda: Threads(CALLS))
    queries: Threads = field(default_factory=lambda: Threads(QUERIES))


ToolContext = Context[ServerState, Any]


def state_of(ctx: ToolContext) -> ServerState:
    """The books behind a request."""
    return ctx.request_context.lifespan_context


def make_tool(fn: Callable[..., Any], title: str, hints: ToolAnnotations) -> Tool:
    """The tool named like `fn`, described by its docstring.

    It has no schema of its answers, which was a quarter of the list: their fields have speaking names.
    """
    description = " ".join((fn.__doc__ or "").split())
    tool = Tool.from_function(fn, title=title, description=description, annotations=hints)
    tool.parameters = input_schema(tool.parameters)
    return tool


def tool_result(summary: str, answer: BaseModel) -> CallToolResult:
    """The answer as data and, for clients that read text only, as a sentence and the same data in JSON."""
    data = answer.model_dump(mode="json", exclude_none=True)
    text = [TextContent(text=summary), TextContent(text=answer.model_dump_json(exclude_none=True))]
    return CallToolResult(content=list(text), structured_content=data)


def input_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a tool's arguments. Optional arguments show neither null nor empty defaults."""
    short: dict[str, Any] = _short(schema, schema.get("$defs", {}))
    return {**short, "additionalProperties": False}


def _short(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_short(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    node = _without_null(_resolved(node, definitions), definitions)
    kept = {
        key: _short(value, definitions)
        for key, value in node.items()
        if key not in _NOISE | {"properties"} and not (key == "default" and not value)
    }
    if "properties" in node:  # apart, for an argument may be called like a keyword of the schema
        kept["properties"] = {name: _short(of, definitions) for name, of in node["properties"].items()}
    return kept


def _resolved(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    # A description beside the reference is of the field; the one behind it is the model's docstring.
    target = {
        key: value
        for key, value in definitions[node["$ref"].removeprefix(_REF)].items()
        if key != "description"
    }
    return {**target, **{key: value for key, value in node.items() if key != "$ref"}}


def _may_be_null(node: dict[str, Any]) -> bool:
    return _NULL in node.get("anyOf", [])


def _without_null(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if not _may_be_null(node):
        return node
    choices = [choice for choice in node["anyOf"] if choice != _NULL]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**_resolved(choices[0], definitions), **rest} if len(choices) == 1 else {"anyOf": choices, **rest}
