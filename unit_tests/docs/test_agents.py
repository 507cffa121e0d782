"""docs/agents.md lists the tools as they are; `python -m unit_tests.docs.test_agents` writes its table anew."""

from __future__ import annotations

import re
from pathlib import Path

from mcp.server.mcpserver.tools import Tool

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.mcp.action_tools import action_tools
from freshbooks_hub.agent.mcp.read_tools import read_tools
from freshbooks_hub.agent.mcp.write_tools import write_tools

PAGE = Path(__file__).parents[2] / "docs" / "agents.md"
HEAD = "| tool | what it does | needs |\n|---|---|---|\n"


def row(tool: Tool) -> str:
    kind = KINDS.get(tool.name)
    needs = f"`freshbooks actions allow {kind.write}`, approval" if kind else ""
    return f"| `{tool.name}` | {tool.description.replace('|', '/').rstrip('.')} | {needs} |\n"


def documented() -> str:
    """The page as it should be."""
    before, _, rest = PAGE.read_text("utf-8").partition(HEAD)
    after = rest[re.match(r"(\|.*\n)*", rest).end() :]  # type: ignore[union-attr]
    tools = [*read_tools(), *action_tools(), *write_tools()]
    return before + HEAD + "".join(map(row, tools)) + after


def test_the_table_lists_the_tools() -> None:
    assert PAGE.read_text("utf-8") == documented(), "run `python -m unit_tests.docs.test_agents`"


if __name__ == "__main__":
    PAGE.write_text(documented(), "utf-8")
