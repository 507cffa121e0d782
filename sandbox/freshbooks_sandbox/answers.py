"""JSON answers."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

Row = dict[str, Any]


class Answer(Response):
    """A JSON answer; `media_type` differs by family and nobody should depend on it (1.2)."""

    media_type = "application/json"

    def __init__(self, content: Any, status: int = 200, media_type: str | None = None) -> None:
        super().__init__(orjson.dumps(content), status, media_type=media_type)


def result(content: Any, status: int = 200) -> Answer:
    """The accounting envelope."""
    return Answer({"response": {"result": content}}, status)


def vnd(content: Any, status: int = 200) -> Answer:
    """Projects, time tracking, comments and payments answer this content type."""
    return Answer(content, status, "application/vnd.api+json")
