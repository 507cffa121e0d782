"""The MCP bundle: `python -m deploy.mcp.bundle OUT` writes `freshbooks.mcpb` into the folder OUT.

Its manifest is of version 0.4 of the bundle format, whose server type `uv` leaves Python and packages to the client.
"""

from __future__ import annotations

import json
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.mcp.action_tools import action_tools
from freshbooks_hub.agent.mcp.read_tools import read_tools
from freshbooks_hub.agent.mcp.write_tools import write_tools

ROOT = Path(__file__).parents[2]
NAME = "freshbooks.mcpb"
# The same bundle from the same sources, to the byte.
WRITTEN = (2026, 1, 1, 0, 0, 0)
SERVER = """\
\"\"\"Starts the hub's MCP server over standard input and output.\"\"\"

import sys

from freshbooks_hub.cli.main import app

sys.argv[1:] = ["mcp"]
app()
"""


def manifest(project: dict[str, Any]) -> dict[str, Any]:
    """What the client reads of the bundle; `project` is that of pyproject.toml."""
    tools = [*read_tools(), *action_tools(), *write_tools()]
    return {
        "manifest_version": "0.4",
        "name": "freshbooks",
        "display_name": "FreshBooks hub",
        "version": project["version"],
        "description": "Ask your FreshBooks data, and have invoices and expenses proposed that you approve.",
        "author": {"name": "FreshBooks ELT"},
        "license": project["license"],
        "server": {
            "type": "uv",
            "entry_point": "server.py",
            "mcp_config": {
                "command": "uv",
                "args": ["run", "--directory", "${__dirname}", "server.py"],
                "env": {"FRESHBOOKS_HOME": "${user_config.home}"},
            },
        },
        # Those that write are off until the owner turns them on.
        "tools": [
            {"name": tool.name, "description": tool.description} for tool in tools if tool.name not in KINDS
        ],
        "tools_generated": True,
        "compatibility": {
            "platforms": ["darwin", "linux"],
            "runtimes": {"python": project["requires-python"]},
        },
        "user_config": {
            "home": {
                "type": "directory",
                "title": "The hub's folder",
                "description": "Where `freshbooks connect` and `freshbooks sync` keep the books.",
                "default": "${HOME}/.freshbooks",
                "required": False,
            }
        },
    }


def files(project: dict[str, Any]) -> dict[str, str]:
    """Name to text of what is in the bundle."""
    depends = f"{project['name']}[hub]=={project['version']}"
    own = (
        f'[project]\nname = "freshbooks-mcp-bundle"\nversion = "{project["version"]}"\n'
        f'requires-python = "{project["requires-python"]}"\ndependencies = ["{depends}"]\n'
    )
    return {
        "manifest.json": json.dumps(manifest(project), indent=2, ensure_ascii=False) + "\n",
        "pyproject.toml": own,
        "server.py": SERVER,
    }


def build(folder: Path) -> Path:
    """Write the bundle into `folder`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    path = folder / NAME
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in files(project).items():
            bundle.writestr(zipfile.ZipInfo(name, WRITTEN), text, zipfile.ZIP_DEFLATED)
    return path


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
