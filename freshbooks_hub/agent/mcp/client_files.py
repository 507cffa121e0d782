"""The configuration files of MCP clients: our server is written into one, and removed again.

Everything else in such a file stays as it is. One that is not plain JSON (comments, say) is left alone.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freshbooks_hub.core.errors import HubError, disk_errors
from freshbooks_hub.core.files import write_private

_INDENTS: tuple[int | str, ...] = (2, 4, "\t")


class ClientFileRefused(HubError):
    """The file cannot be changed safely, or holds another entry of our name."""


@dataclass(frozen=True)
class ClientApp:
    """An MCP client. `files`: its configuration file, by `sys.platform`; its servers are under `key`, by name.

    `marked`: an entry says that it is a command.
    """

    name: str
    title: str
    files: dict[str, str]
    key: str = "mcpServers"
    marked: bool = False

    def path(self, home: Path) -> Path:
        """Its file under the user's own folder `home`, whether there or not."""
        return home / self.files.get(sys.platform, self.files["linux"])


def _everywhere(path: str) -> dict[str, str]:
    return {"linux": path}


_SUPPORT = "Library/Application Support"
CLIENTS = {
    app.name: app
    for app in (
        ClientApp(
            "claude",
            "Claude Desktop",
            {
                "linux": ".config/Claude/claude_desktop_config.json",
                "darwin": f"{_SUPPORT}/Claude/claude_desktop_config.json",
            },
        ),
        ClientApp("claude-code", "Claude Code", _everywhere(".claude.json"), marked=True),
        ClientApp("cursor", "Cursor", _everywhere(".cursor/mcp.json")),
        ClientApp(
            "vscode",
            "VS Code",
            {"linux": ".config/Code/User/mcp.json", "darwin": f"{_SUPPORT}/Code/User/mcp.json"},
            key="servers",
            marked=True,
        ),
        ClientApp("windsurf", "Windsurf", _everywhere(".codeium/windsurf/mcp_config.json")),
        ClientApp("gemini", "Gemini CLI", _everywhere(".gemini/settings.json")),
        ClientApp("lmstudio", "LM Studio", _everywhere(".lmstudio/mcp.json")),
    )
}


def server_entry(app: ClientApp, command: str, connection: str | None, home: str | None) -> dict[str, Any]:
    """How `app` starts the server: `connection` unless it is the default one, `home` unless it is the usual folder."""
    args = ["--connection", connection, "mcp"] if connection else ["mcp"]
    kind = {"type": "stdio"} if app.marked else {}
    return {**kind, "command": command, "args": args, "env": {"FRESHBOOKS_HOME": home} if home else {}}


def add_server(app: ClientApp, path: Path, name: str, entry: dict[str, Any]) -> bool:
    """Write the entry; False when it was there already. Raises ClientFileRefused, HomeError.

    Another entry of the same name is not replaced, for it could not be brought back.
    """
    text, content = _read(path)
    servers = _servers(app, path, content)
    if name in servers:
        if servers[name] == entry:
            return False
        raise ClientFileRefused(
            f"{path} already has a server {name!r}, which starts something else. Remove it there first: "
            f"`freshbooks mcp uninstall {app.name}`."
        )
    content[app.key] = {**servers, name: entry}
    _write(path, text, content)
    return True


def remove_server(app: ClientApp, path: Path, name: str) -> bool:
    """Remove the entry, and objects that are empty without it; False when there was none.

    Raises ClientFileRefused, HomeError.
    """
    text, content = _read(path)
    servers = _servers(app, path, content)
    if name not in servers:
        return False
    content[app.key] = {other: entry for other, entry in servers.items() if other != name}
    if not content[app.key]:
        del content[app.key]
    if content:
        _write(path, text, content)
    else:
        with disk_errors(path):
            path.unlink()
    return True


def installed(app: ClientApp, path: Path, name: str) -> bool:
    """Whether the file has an entry of this name; False for a file that cannot be read."""
    try:
        return name in _servers(app, path, _read(path)[1])
    except HubError:
        return False


def _servers(app: ClientApp, path: Path, content: dict[str, Any]) -> dict[str, Any]:
    servers = content.get(app.key, {})
    if not isinstance(servers, dict):
        raise ClientFileRefused(f"{path} has something else under {app.key!r}, so it was not changed.")
    return servers


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    """The text and what it says; nothing of a file that is not there, or empty."""
    with disk_errors(path):
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            text = ""
        except ValueError:
            text = "?"
    try:
        content = json.loads(text) if text.strip() else {}
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ClientFileRefused(
            f"{path} is not plain JSON (does it hold comments?), so it was not changed. `freshbooks help agents` has "
            "the lines to add by hand."
        )
    return text, content


def _write(path: Path, before: str, content: dict[str, Any]) -> None:
    """In the layout that it had; through links, and with the rights that it had."""
    real = path.resolve()
    last = "\n" if before.endswith("\n") or not before else ""
    old = json.loads(before) if before.strip() else {}
    indent = next((each for each in _INDENTS if _laid_out(old, each) == before.rstrip("\n")), 2)
    with disk_errors(path):
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o600
        real.parent.mkdir(parents=True, exist_ok=True)
        write_private(real, (_laid_out(content, indent) + last).encode())
        os.chmod(real, mode)  # noqa: PTH101


def _laid_out(content: dict[str, Any], indent: int | str) -> str:
    return json.dumps(content, indent=indent, ensure_ascii=False)
