"""Failures as a model needs them: `isError`, one sentence of ours, and details as data."""

from __future__ import annotations

import logging
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp_types import CallToolResult, TextContent
from pydantic import ValidationError
from pydantic_core import to_json

from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.reads import ReadRefused
from freshbooks_hub.agent.untrusted import clean
from freshbooks_hub.core.errors import HubError

MAX_MESSAGE = 600

logger = logging.getLogger(__name__)


def failure(message: str, **details: Any) -> CallToolResult:
    """An answer that says what went wrong. `details` may hold text from the books: it stays out of the sentence.

    Not as structured content: some clients hold that against the schema of good answers.
    """
    content = [TextContent(text=clean(message, MAX_MESSAGE))]
    if details:
        content.append(TextContent(text=to_json(details).decode()))
    return CallToolResult(content=list(content), is_error=True)


def failure_of(error: ToolError) -> CallToolResult:
    """What the model is told about an exception of a tool; what it isn't told is logged."""
    cause = error.__cause__
    if isinstance(cause, ActionRefused):
        return failure(str(cause), code=cause.code, **({"detail": cause.detail} if cause.detail else {}))
    if isinstance(cause, ReadRefused):
        candidates = [candidate.model_dump(exclude_none=True) for candidate in cause.candidates]
        return failure(str(cause), code=cause.code, **({"candidates": candidates} if candidates else {}))
    if isinstance(cause, HubError):
        return failure(str(cause))
    if isinstance(error, UnexpectedToolError):
        logger.error("A tool failed", exc_info=cause)
        return failure(
            "The hub failed on this call; its log says why. If it was a write, look with list_actions before you "
            "propose anything again."
        )
    if isinstance(cause, ValidationError):
        return failure(_wrong_arguments(cause))
    return failure(
        "The client's answer to the approval form could not be read, so nothing was approved. "
        "The proposal waits: list_actions shows it, and its owner can approve it in a terminal or on the hub's page."
    )


def _wrong_arguments(error: ValidationError) -> str:
    """Names the arguments, never their values: a value may have come from the books."""
    problems = [
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_context=False, include_url=False)
    ]
    return f"Wrong arguments. {'; '.join(problems)}."
