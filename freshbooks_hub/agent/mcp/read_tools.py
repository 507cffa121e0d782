"""The read-only tools: the functions of `agent.reads`."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, get_type_hints

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ToolAnnotations

from freshbooks_hub.agent.actions.models import Action
from freshbooks_hub.agent.mcp.sentences import summary
from freshbooks_hub.agent.mcp.tool import ServerState, ToolContext, make_tool, state_of, tool_result
from freshbooks_hub.agent.reads import READS, Answer, query_marts
from freshbooks_hub.core.labels import plural

TITLES = {
    "get_outstanding_balance": "Outstanding balances",
    "list_clients": "Clients",
    "get_client": "Client",
    "list_invoices": "Invoices",
    "get_invoice": "Invoice",
    "list_payments": "Payments",
    "revenue_summary": "Revenue",
    "profit_summary": "Profit and loss",
    "cash_forecast": "Cash forecast",
    "expense_summary": "Expenses by group",
    "list_expenses": "Expenses",
    "list_time": "Hours",
    "list_unbilled_time": "Unbilled time",
    "query_marts": "SQL query",
    "describe_marts": "Data dictionary",
}
# The marts are a local file; asking it changes nothing anywhere.
READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)


@cache
def read_tools() -> tuple[Tool, ...]:
    """All of them, the same for every server."""
    return tuple(make_tool(_on_marts(read), TITLES[read.__name__], READ_ONLY) for read in READS)


def _on_marts(read: Callable[..., Answer]) -> Callable[..., Awaitable[CallToolResult]]:
    """`read` as a tool: its name, description and arguments, but `marts`, which is the server's to know."""
    hints = get_type_hints(read, include_extras=True)
    arguments = [
        parameter.replace(annotation=hints[name])
        for name, parameter in inspect.signature(read).parameters.items()
        if name != "marts"
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=ToolContext)

    async def tool(ctx: ToolContext, **given: Any) -> CallToolResult:
        state = state_of(ctx)
        threads = state.queries if read is query_marts else state.calls
        return await threads.run(lambda: _answered(read, state, given))

    tool.__name__, tool.__doc__ = read.__name__, read.__doc__
    tool.__annotations__ = {parameter.name: parameter.annotation for parameter in [context, *arguments]}
    tool.__signature__ = inspect.Signature([context, *arguments], return_annotation=CallToolResult)  # type: ignore[attr-defined]
    return tool


def _answered(read: Callable[..., Answer], state: ServerState, given: dict[str, Any]) -> CallToolResult:
    answer = read(state.home.marts, **given)
    missing = state.actions.newer_than(answer.context.published_at)
    if missing:
        answer.context.notes.append(_note(missing))
    return tool_result(summary(answer), answer)


def _note(missing: list[Action]) -> str:
    ids = ", ".join(action.id for action in missing[:5]) + (", …" if len(missing) > 5 else "")
    return (
        f"{plural(len(missing), 'action is', 'actions are')} newer than these figures and not included yet ({ids}); "
        "see list_actions."
    )
