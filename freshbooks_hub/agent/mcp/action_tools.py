"""What agents are told of actions, and the tools that look at them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ToolAnnotations
from pydantic import BaseModel, Field

from freshbooks_hub.agent.actions.models import Action, ActionRefused, Kind, Status
from freshbooks_hub.agent.mcp.tool import BooksContext, books_of, books_tool, said

PAGE = 25


class ActionAnswer(BaseModel):
    """One action. `preview`, with business, currency and total, is what a person approves; `result` how it ended."""

    id: str
    kind: Kind
    status: Status
    next_step: str
    expires_at: datetime
    preview: dict[str, Any]
    result: dict[str, Any] | None = None


class ActionSummary(BaseModel):
    """One action in a list."""

    id: str
    kind: Kind
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
                f"Pending approval; nothing is written yet. Tell the user to approve {where}, or in a terminal with "
                f"`freshbooks approve {action.id}`. Then look with get_action; don't propose it again."
            )
        case Status.approved:
            return "Approved and not sent yet. Look again with get_action."
        case Status.dispatching | Status.unknown:
            return (
                "Sent, and FreshBooks's answer is missing: it is being checked whether it was done. "
                "Look again with get_action in a minute; don't propose it again."
            )
        case Status.confirmed:
            return f"Done and read back from FreshBooks. {_result(action)}"
        case Status.needs_person:
            return f"A person has to look at FreshBooks. {_result(action)}"
        case Status.refused:
            return "The person rejected it; nothing was written. Ask them what should be different."
        case Status.expired:
            return "Nobody approved it in time; nothing was written. Propose it again if it is still wanted."
        case Status.absent:
            return "FreshBooks does not have it: nothing was written. Propose it again if it is still wanted."
        case Status.failed:
            return f"Not done; nothing was written. {_result(action)}"


async def list_actions(
    ctx: BooksContext,
    status: Status | None = None,
    cursor: str | None = None,
) -> CallToolResult:
    """List actions that were proposed: waiting, sent or ended, newest first, with status and amount."""
    books = books_of(ctx)
    actions = await books.calls.run(lambda: books.actions.list(status))
    ids = [action.id for action in actions]
    if cursor is not None and cursor not in ids:
        raise ActionRefused("unknown_cursor", "This cursor is not of this list. Start again without one.")
    start = ids.index(cursor) + 1 if cursor is not None else 0
    page = actions[start : start + PAGE]
    more = start + PAGE < len(actions)
    answer = ActionPage(
        actions=[_summary(action) for action in page],
        next_cursor=page[-1].id if more else None,
    )
    waiting = sum(action.status is Status.proposed for action in actions)
    return said(
        f"{len(page)} of {len(actions)} actions; {waiting} wait for approval."
        + (" More with next_cursor." if more else ""),
        answer,
    )


async def get_action(ctx: BooksContext, action_id: Annotated[str, Field(max_length=64)]) -> CallToolResult:
    """Look at one action: its preview, whether it was approved, and how it ended."""
    books = books_of(ctx)
    action = await books.calls.run(lambda: books.actions.get(action_id))
    answer = answer_of(action, books.approvals_url)
    return said(answer.next_step, answer)


def action_tools() -> list[Tool]:
    """The tools that look at actions."""
    local = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
    return [
        books_tool(list_actions, "List actions", ActionPage, local),
        books_tool(get_action, "Look at an action", ActionAnswer, local),
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
