"""The tools that propose actions and look at them: a person approves, in this client if it can ask, else elsewhere.

Each kind of action is one tool, made from the kind's request: its fields are the arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
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
from freshbooks_hub.agent.actions.models import Action, ActionRefused, Channel, Status
from freshbooks_hub.agent.actions.timers import ShownTimer, timers_now
from freshbooks_hub.agent.mcp.client_names import called
from freshbooks_hub.agent.mcp.oauth.provider import granter_of
from freshbooks_hub.agent.mcp.tool import ToolContext, make_tool, state_of, tool_result
from freshbooks_hub.core.labels import plural

LISTED_AT_ONCE = 25


class Decision(BaseModel):
    """The form that the person fills in."""

    decision: Literal["approve", "reject"] = Field(description="Nothing is written unless you approve.")


def write_tools() -> list[Tool]:
    """One for each kind of action; the server offers those that are on."""
    # Repeating a proposal gives the same one, and what is done once is not done again.
    adds = ToolAnnotations(
        read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True
    )
    cannot_be_undone = adds.model_copy(update={"destructive_hint": True})
    return [
        make_tool(
            _tool_function(kind),
            kind.title,
            cannot_be_undone if kind.sends_email else adds,
        )
        for kind in KINDS.values()
    ]


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


def _parameters(request: type[ActionRequest]) -> list[Parameter]:
    """The fields of a request as parameters; the business, which all of them have, comes last and speaks for itself."""
    fields = sorted(request.model_fields.items(), key=lambda item: item[0] == "business_id")
    return [
        _parameter(
            name,
            Annotated[(info.annotation, *info.metadata, Field(description=_told(name, info)))],
            Parameter.empty if info.is_required() else info.default,
        )
        for name, info in fields
    ]


def _told(name: str, info: FieldInfo) -> str | None:
    return None if name == "business_id" else info.description


def _parameter(name: str, annotation: Any, default: Any = Parameter.empty) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _sign(function: Callable[..., Any], parameters: list[Parameter], answer: Any) -> None:
    """Give the function a signature of its own: the SDK makes the tool's schema, and calls resolvers, by it."""
    function.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": answer}
    setattr(function, "__signature__", inspect.Signature(parameters, return_annotation=answer))  # noqa: B010


class ActionAnswer(BaseModel):
    """One action. `preview`, with business, currency and total, is what a person approves; `result` how it ended."""

    id: str
    kind: str
    status: Status
    next_step: str
    expires_at: datetime
    preview: dict[str, Any]
    result: dict[str, Any] | None = None


class ActionSummary(BaseModel):
    """One action in a list."""

    id: str
    kind: str
    status: Status
    business_id: int
    currency: str
    total: str
    created_at: datetime
    record_id: int | None = None


class ActionPage(BaseModel):
    """Newest first."""

    actions: list[ActionSummary]
    next_cursor: str | None = None


class TimerAnswer(BaseModel):
    """The earliest first."""

    timers: list[ShownTimer]


def answer_of(action: Action, approvals_url: str | None) -> ActionAnswer:
    """The public shape of an action."""
    return ActionAnswer(
        id=action.id,
        kind=action.kind,
        status=action.status,
        next_step=next_step(action, approvals_url),
        expires_at=action.expires_at,
        preview=action.preview.model_dump(mode="json", exclude_none=True, exclude={"heading", "kind"}),
        result=action.result.model_dump(mode="json", exclude_none=True) if action.result else None,
    )


def next_step(action: Action, approvals_url: str | None) -> str:
    """What the agent should do now, and what it must not."""
    match action.status:
        case Status.proposed:
            where = f"at {approvals_url}" if approvals_url else "on the Approvals page of `freshbooks serve`"
            return (
                f"Waiting for approval; nothing is written yet. Ask the user to approve it {where}, or in a terminal: "
                f"`freshbooks approve {action.id}`. Then call get_action; don't propose it again."
            )
        case Status.approved:
            return "Approved, but not sent yet. Call get_action later."
        case Status.dispatching | Status.unknown:
            return (
                "Sent, but FreshBooks's answer did not arrive. The hub is checking whether it was done. "
                "Call get_action in a minute; don't propose it again."
            )
        case Status.confirmed if action.unattended:
            return (
                "Done without asking, as the owner's standing permission allows, and verified in FreshBooks. "
                f"{_result(action)} Tell the user so."
            )
        case Status.confirmed:
            return f"Done, and verified in FreshBooks. {_result(action)}"
        case Status.needs_person:
            return f"A person has to check this in FreshBooks. {_result(action)}"
        case Status.refused:
            return "Rejected; nothing was written. Ask the user what to change."
        case Status.expired:
            return "It expired without approval; nothing was written. Propose it again if it is still wanted."
        case Status.absent:
            return (
                "FreshBooks does not have it, so nothing was written. Propose it again if it is still wanted."
            )
        case Status.failed:
            return f"Not done; nothing was written. {_result(action)}"


async def list_actions(
    ctx: ToolContext,
    status: Status | None = None,
    cursor: str | None = None,
) -> CallToolResult:
    """Proposed actions and what became of them, newest first, with status and amount."""
    state = state_of(ctx)
    actions = await state.calls.run(lambda: state.actions.list(status))
    ids = [action.id for action in actions]
    if cursor is not None and cursor not in ids:
        raise ActionRefused(
            "unknown_cursor", "This cursor does not belong to this list. Start again without one."
        )
    start = ids.index(cursor) + 1 if cursor is not None else 0
    page = actions[start : start + LISTED_AT_ONCE]
    more = start + LISTED_AT_ONCE < len(actions)
    answer = ActionPage(
        actions=[_summary(action) for action in page],
        next_cursor=page[-1].id if more else None,
    )
    waiting = sum(action.status is Status.proposed for action in actions)
    return tool_result(
        f"{len(page)} of {plural(len(actions), 'action')}; {waiting} to approve."
        + (" More with next_cursor." if more else ""),
        answer,
    )


async def get_action(ctx: ToolContext, action_id: Annotated[str, Field(max_length=64)]) -> CallToolResult:
    """One action: its preview, whether it was approved, and how it ended."""
    state = state_of(ctx)
    action = await state.calls.run(lambda: state.actions.get(action_id))
    answer = answer_of(action, state.approvals_url)
    return tool_result(answer.next_step, answer)


async def get_timer(ctx: ToolContext, business_id: int | None = None) -> CallToolResult:
    """The connected user's timer, running or paused, asked of FreshBooks now: since when, how long, on what."""
    state = state_of(ctx)
    timers = await state.calls.run(lambda: timers_now(state.home, business_id))
    running = sum(timer.is_running for timer in timers)
    told = (
        f"{plural(len(timers), 'timer')}, {running} running." if timers else "No timer is running or paused."
    )
    return tool_result(told, TimerAnswer(timers=timers))


def action_tools() -> list[Tool]:
    """The tools that look at actions, and at what they may change."""
    local = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    return [
        make_tool(list_actions, "Actions", local),
        make_tool(get_action, "One action", local),
        make_tool(get_timer, "Timer", local.model_copy(update={"open_world_hint": True})),
    ]


def _summary(action: Action) -> ActionSummary:
    preview = action.preview
    return ActionSummary(
        id=action.id,
        kind=action.kind,
        status=action.status,
        business_id=action.business_id,
        currency=preview.currency,
        total=preview.total_amount,
        created_at=action.created_at,
        record_id=action.result.record_id if action.result else None,
    )


def _result(action: Action) -> str:
    return action.result.message if action.result else ""
