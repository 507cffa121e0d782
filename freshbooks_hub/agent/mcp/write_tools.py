"""The tools that propose actions. A person approves, in this client if it can ask, otherwise elsewhere.

Each kind of action is one tool, made from the kind's request: its fields are the arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from inspect import Parameter
from typing import Annotated, Any, Literal

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.elicitation import AcceptedElicitation, DeclinedElicitation, ElicitationResult
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ToolAnnotations
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from freshbooks_hub.agent.actions.action_kind import ActionKind, ActionRequest
from freshbooks_hub.agent.actions.kinds import KINDS, as_text
from freshbooks_hub.agent.actions.models import Action, Channel, Status
from freshbooks_hub.agent.mcp.action_tools import answer_of
from freshbooks_hub.agent.mcp.oauth.provider import granter_of
from freshbooks_hub.agent.mcp.tool import ToolContext, make_tool, state_of, tool_result
from freshbooks_hub.agent.text import clean

NAME_LIMIT = 60
# The beginning of a client's own name, the more special ones first.
CLIENT_NAMES = {
    "claude-code": "Claude Code",
    "claude": "Claude",
    "anthropic": "Claude",
    "openai": "ChatGPT",
    "chatgpt": "ChatGPT",
    "codex": "Codex",
    "cursor": "Cursor",
    "visual studio code": "VS Code",
    "vscode": "VS Code",
    "windsurf": "Windsurf",
    "gemini": "Gemini",
    "goose": "Goose",
    "mcp-inspector": "MCP Inspector",
}
# Names of libraries: they say nothing of who uses them.
NO_NAMES = {"", "mcp", "mcp-client", "agent", "client"}


class Decision(BaseModel):
    """The form that the person fills in."""

    decision: Literal["approve", "reject"] = Field(description="Nothing is written unless you approve.")


def write_tools() -> list[Tool]:
    """One tool for each kind of action; the server offers those that are turned on."""
    return [_tool(kind) for kind in KINDS.values()]


@cache
def _tool(kind: ActionKind) -> Tool:
    """The same for every server."""
    # Repeating a proposal returns the same one, and nothing is done twice.
    hints = ToolAnnotations(
        read_only_hint=False,
        destructive_hint=kind.sends_email,  # which cannot be undone
        idempotent_hint=True,
        open_world_hint=True,
    )
    return make_tool(_tool_function(kind), kind.title, hints)


def question(ctx: ToolContext, proposal: Action) -> Elicit[Decision] | None:
    """The preview as a form; None when there is nothing to decide, or the client cannot ask.

    The heading holds words of ours and amounts; text from the books stands below it, behind labels.
    """
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    # A capability without modes means forms: it is older than the modes.
    forms = elicitation is not None and (elicitation.form is not None or elicitation.url is None)
    return Elicit(as_text(proposal), Decision) if forms and proposal.status is Status.proposed else None


def _tool_function(kind: ActionKind) -> Callable[..., Any]:
    """The tool's function: `propose` makes the proposal, `ask` puts it before the person, the function settles it."""

    async def propose(ctx: ToolContext, **arguments: Any) -> Action:
        state = state_of(ctx)
        request = kind.request(**arguments)
        return await state.calls.run(lambda: state.actions.act(request, _client_name(ctx)))

    async def ask(ctx: ToolContext, proposal: Action) -> Elicit[Decision] | None:
        return question(ctx, proposal)

    async def tool(
        ctx: ToolContext, proposal: Action, decision: ElicitationResult[Decision], **_arguments: Any
    ) -> CallToolResult:
        return await _carry_out(ctx, proposal, decision)

    arguments = _parameters(kind.request)
    context = _parameter("ctx", ToolContext)
    proposal = _parameter("proposal", Annotated[Action, Resolve(propose)])
    decision = _parameter("decision", Annotated[ElicitationResult[Decision], Resolve(ask)])
    _sign(propose, [context, *arguments], Action)
    _sign(ask, [context, proposal], Elicit[Decision] | None)
    _sign(tool, [context, proposal, decision, *arguments], CallToolResult)
    tool.__name__ = kind.name
    tool.__doc__ = kind.description
    return tool


async def _carry_out(
    ctx: ToolContext, proposal: Action, decision: ElicitationResult[Decision]
) -> CallToolResult:
    """The answer to the agent, after carrying out what the person decided on `proposal`."""
    state = state_of(ctx)
    token = get_access_token()
    user = granter_of(token) if token else None
    who = f"{user}, in {_client_name(ctx)}" if user else f"user of {_client_name(ctx)}"

    def carry_out() -> Action:
        actions = state.actions
        match decision:
            case AcceptedElicitation(data=Decision(decision="approve")):
                actions.approve(proposal.id, proposal.payload_hash, who, Channel.elicitation)
                return actions.dispatch(proposal.id)
            case DeclinedElicitation() | AcceptedElicitation(data=Decision(decision="reject")):
                return actions.reject(proposal.id, who, Channel.elicitation)
            case _:  # cancelled, or this client cannot ask: the proposal waits for its owner
                return proposal

    answer = answer_of(await state.calls.run(carry_out), state.approvals_url)
    return tool_result(answer.next_step, answer)


def _client_name(ctx: ToolContext) -> str:
    """What people call the client, else what it calls itself; for the record only."""
    params = ctx.session.client_params
    return called(params.client_info.title, params.client_info.name) if params else "an AI client"


def called(title: str | None, name: str) -> str:
    """`Claude` for claude-ai. A client's title is preferred to its name; both are untrusted. At most 60 characters."""
    own = clean(title or "", NAME_LIMIT) or clean(name, NAME_LIMIT)
    if own.lower() in NO_NAMES:
        return "an AI client"
    return next((known for start, known in CLIENT_NAMES.items() if own.lower().startswith(start)), own)


def _parameters(request: type[ActionRequest]) -> list[Parameter]:
    """The fields of a request as parameters; the business, common to all, comes last and needs no description."""
    fields = sorted(request.model_fields.items(), key=lambda item: item[0] == "business_id")
    return [
        _parameter(
            name,
            Annotated[(info.annotation, *info.metadata, Field(description=_description(name, info)))],
            Parameter.empty if info.is_required() else info.default,
        )
        for name, info in fields
    ]


def _description(name: str, info: FieldInfo) -> str | None:
    return None if name == "business_id" else info.description


def _parameter(name: str, annotation: Any, default: Any = Parameter.empty) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _sign(function: Callable[..., Any], parameters: list[Parameter], answer: Any) -> None:
    """Give the function a signature of its own: the SDK makes the tool's schema, and calls resolvers, by it."""
    function.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": answer}
    setattr(function, "__signature__", inspect.Signature(parameters, return_annotation=answer))  # noqa: B010
