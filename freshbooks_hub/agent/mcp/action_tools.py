"""The tools that list actions and what agents may write, and what an agent learns about an action."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Any

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ToolAnnotations
from pydantic import BaseModel, Field

from freshbooks_hub.agent.actions.models import Action, ActionRefused, Status
from freshbooks_hub.agent.actions.timers import ShownTimer, timers_now
from freshbooks_hub.agent.mcp.tool import ToolContext, make_tool, state_of, tool_result
from freshbooks_hub.core.labels import plural

LISTED_AT_ONCE = 25


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
    text = (
        f"{plural(len(timers), 'timer')}, {running} running." if timers else "No timer is running or paused."
    )
    return tool_result(text, TimerAnswer(timers=timers))


@cache
def action_tools() -> tuple[Tool, ...]:
    """The tools that look at actions, and at what they may change; the same for every server."""
    local = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    return (
        make_tool(list_actions, "Actions", local),
        make_tool(get_action, "One action", local),
        make_tool(get_timer, "Timer", local.model_copy(update={"open_world_hint": True})),
    )


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
