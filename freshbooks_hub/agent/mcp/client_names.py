"""What people call the AI clients that name themselves for programs."""

from __future__ import annotations

from freshbooks_hub.agent.text import clean

LIMIT = 60
# The beginning of a client's own name, the more special ones first.
NAMES = {
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
NOBODY = {"", "mcp", "mcp-client", "agent", "client"}


def called(title: str | None, name: str) -> str:
    """`Claude` for claude-ai; a client's title goes before its name, and is as untrusted. At most 60 characters."""
    own = clean(title or "", LIMIT) or clean(name, LIMIT)
    if own.lower() in NOBODY:
        return "an AI client"
    return next((known for start, known in NAMES.items() if own.lower().startswith(start)), own)
