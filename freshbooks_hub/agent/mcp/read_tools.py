"""The tools that read: the functions of `agent.reads` as they are, with what the marts don't show yet."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, get_type_hints

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ToolAnnotations

from freshbooks_hub.agent.actions.models import Action
from freshbooks_hub.agent.mcp.summaries import summary
from freshbooks_hub.agent.mcp.tool import Books, BooksContext, books_of, books_tool, said
from freshbooks_hub.agent.reads import READS, Answer, query_marts

TITLES = {
    "get_outstanding_balance": "Outstanding balances",
    "list_clients": "Clients",
    "get_client": "One client",
    "list_invoices": "Invoices",
    "get_invoice": "One invoice",
    "list_unbilled_time": "Unbilled time",
    "expense_summary": "Expenses",
    "query_marts": "SQL on the marts",
    "describe_marts": "What the marts hold",
}
# The marts are a local file; asking it changes nothing anywhere.
READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)


def read_tools() -> list[Tool]:
    """All of them."""
    return [
        books_tool(_on_marts(read), TITLES[read.__name__], get_type_hints(read)["return"], READ_ONLY)
        for read in READS
    ]


def _on_marts(read: Callable[..., Answer]) -> Callable[..., Awaitable[CallToolResult]]:
    """`read` as a tool: its name, description and arguments, but `marts`, which is the server's to know."""
    hints = get_type_hints(read, include_extras=True)
    arguments = [
        parameter.replace(annotation=hints[name])
        for name, parameter in inspect.signature(read).parameters.items()
        if name != "marts"
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=BooksContext)

    async def tool(ctx: BooksContext, **given: Any) -> CallToolResult:
        books = books_of(ctx)
        threads = books.queries if read is query_marts else books.calls
        return await threads.run(lambda: _answered(read, books, given))

    tool.__name__, tool.__doc__ = read.__name__, read.__doc__
    tool.__annotations__ = {parameter.name: parameter.annotation for parameter in [context, *arguments]}
    tool.__signature__ = inspect.Signature([context, *arguments], return_annotation=CallToolResult)  # type: ignore[attr-defined]
    return tool


def _answered(read: Callable[..., Answer], books: Books, given: dict[str, Any]) -> CallToolResult:
    answer = read(books.home.marts, **given)
    missing = books.actions.newer_than(answer.context.published_at)
    if missing:
        answer.context.notes.append(_note(missing))
    return said(summary(answer), answer)


def _note(missing: list[Action]) -> str:
    ids = ", ".join(action.id for action in missing[:5]) + (", …" if len(missing) > 5 else "")
    return (
        f"{len(missing)} actions are newer than these figures and not in them yet ({ids}); see list_actions."
    )
