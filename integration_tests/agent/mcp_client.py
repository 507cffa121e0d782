"""The SDK's client as tests use it: in either protocol era, with a person who answers forms, or with none."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from mcp import Client
from mcp_types import CallToolResult, ElicitRequestFormParams, ElicitResult

from freshbooks_hub.agent.mcp.server import BooksServer

# `mode` of the SDK client, by the protocol version that it comes to with us.
ERAS = {"2026-07-28": "auto", "2025-11-25": "legacy"}
Answer = Callable[[Any, Any], Awaitable[ElicitResult]]


@dataclass
class Person:
    """Answers every form in the same way and remembers what was asked."""

    action: str = "accept"
    content: dict[str, Any] | None = None
    asked: list[str] = field(default_factory=list)

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        self.asked.append(params.message)
        return ElicitResult(action=self.action, content=self.content)  # type: ignore[arg-type]


def approving() -> Person:
    return Person(content={"decision": "approve"})


def refusing() -> Person:
    return Person(content={"decision": "reject"})


def client(server: BooksServer, era: str, person: Answer | None = None) -> Client:
    return Client(server, mode=ERAS[era], elicitation_callback=person)


def sentence(result: CallToolResult) -> str:
    """What an answer says in words."""
    return result.content[0].text  # type: ignore[union-attr]


def data(result: CallToolResult) -> dict[str, Any]:
    """A good answer's data, which is the same as structured content and as text."""
    assert not result.is_error, sentence(result)
    assert result.structured_content is not None
    assert json.loads(result.content[1].text) == result.structured_content  # type: ignore[union-attr]
    return result.structured_content


def error(result: CallToolResult) -> str:
    """The one sentence of a failure."""
    assert result.is_error
    assert result.structured_content is None
    return sentence(result)
