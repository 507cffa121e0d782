"""What a client may read without a question: the dictionary, how fresh the data is, the metrics."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError
from mcp.server.mcpserver.resources import FunctionResource
from pydantic_core import to_json

from freshbooks_hub.agent.mcp.threads import Threads
from freshbooks_hub.agent.sql import Limits, run_query
from freshbooks_hub.core.errors import HubError

_WHOLE = Limits(rows=5_000, bytes=2_000_000)
_RESOURCES = (
    ("dictionary", "Data dictionary", "Every mart and column: what it means, its unit, grain and time zone."),
    (
        "freshness",
        "Freshness",
        "Per business and stream: rows, the newest business day, when it was read last.",
    ),
    ("metrics", "Metrics", "Named figures: definition, expression, and what they must be grouped by."),
)


def add_resources(server: MCPServer[Any], marts: Path, threads: Threads) -> None:
    """Offer `freshbooks://dictionary`, `freshbooks://freshness` and `freshbooks://metrics`, as JSON."""
    for name, title, description in _RESOURCES:
        server.add_resource(
            FunctionResource(
                uri=f"freshbooks://{name}",
                name=name,
                title=title,
                description=description,
                mime_type="application/json",
                fn=partial(threads.run, partial(_rows, marts, f"fb_{name}")),
            )
        )


def _rows(marts: Path, mart: str) -> str:
    try:
        result = run_query(marts, f"from {mart}", _WHOLE)
    except HubError as error:
        raise ResourceError(str(error)) from error
    columns = [column.name for column in result.columns]
    rows = [
        {name: value for name, value in zip(columns, row, strict=True) if value is not None}
        for row in result.rows
    ]
    facts = {
        "as_of_date": result.as_of_date,
        "published_at": result.published_at,
        "truncated": result.truncated,
    }
    return to_json({**facts, "rows": rows}).decode()
