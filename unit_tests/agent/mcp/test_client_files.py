"""Our server in the files of MCP clients: written, told, and taken out again without a trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from typer.testing import CliRunner

from freshbooks_hub.agent.mcp.client_files import (
    CLIENTS,
    ClientApp,
    ClientFileRefused,
    add_server,
    remove_server,
    server_entry,
)
from freshbooks_hub.cli.main import cli

OTHERS = {"theme": "dark", "mcpServers": {"files": {"command": "npx", "args": ["é"]}}, "servers": {"a": {}}}
BEFORE = {
    "none": None,
    "two spaces": json.dumps(OTHERS, indent=2, ensure_ascii=False) + "\n",
    "tabs": json.dumps(OTHERS, indent="\t", ensure_ascii=False),
    "no servers": json.dumps({"theme": "dark"}, indent=4),
}
ENTRY: dict[str, Any] = {"command": "/usr/bin/freshbooks", "args": ["mcp"], "env": {}}


@pytest.mark.parametrize("app", CLIENTS.values(), ids=lambda app: app.name)
@pytest.mark.parametrize("before", BEFORE)
def test_what_is_installed_is_taken_out_to_the_byte(app: ClientApp, before: str, tmp_path: Path) -> None:
    path, text = app.path(tmp_path), BEFORE[before]
    if text is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert add_server(app, path, "freshbooks", ENTRY)
    assert not add_server(app, path, "freshbooks", ENTRY)
    after = json.loads(path.read_text())
    assert after[app.key].pop("freshbooks") == ENTRY
    assert {key: value for key, value in after.items() if value} == (json.loads(text) if text else {})
    assert remove_server(app, path, "freshbooks")
    assert (path.read_text() if path.exists() else None) == text
    assert not remove_server(app, path, "freshbooks")


@pytest.mark.parametrize("text", ['{"a": 1, // comment\n}', "[1]", '{"mcpServers": []}', "\xff"])
def test_a_file_that_is_not_understood_stays_as_it_is(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_bytes(text.encode("latin-1"))
    for change in (
        lambda: add_server(CLIENTS["cursor"], path, "freshbooks", ENTRY),
        lambda: remove_server(CLIENTS["cursor"], path, "freshbooks"),
    ):
        with pytest.raises(ClientFileRefused, match="it was not changed"):
            change()
    assert path.read_bytes() == text.encode("latin-1")


def test_another_server_of_this_name_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    add_server(CLIENTS["cursor"], path, "freshbooks", ENTRY)
    with pytest.raises(ClientFileRefused, match="starts something else"):
        add_server(CLIENTS["cursor"], path, "freshbooks", ENTRY | {"args": ["other"]})


def test_a_link_stays_a_link_and_rights_stay(tmp_path: Path) -> None:
    real, path = tmp_path / "dotfiles.json", tmp_path / "mcp.json"
    real.write_text("{}\n")
    real.chmod(0o644)
    path.symlink_to(real)
    add_server(CLIENTS["cursor"], path, "freshbooks", ENTRY)
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o644
    assert "freshbooks" in json.loads(real.read_text())["mcpServers"]


def test_the_entry_says_connection_and_folder_where_they_are_not_the_usual_ones() -> None:
    entry = server_entry(CLIENTS["vscode"], "/bin/freshbooks", "bakery", "/srv/books")
    assert entry == {
        "type": "stdio",
        "command": "/bin/freshbooks",
        "args": ["--connection", "bakery", "mcp"],
        "env": {"FRESHBOOKS_HOME": "/srv/books"},
    }


def test_what_the_command_writes_starts_our_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FRESHBOOKS_HOME", str(tmp_path / "books"))
    run = CliRunner()
    told = run.invoke(cli, ["mcp", "install", "cursor"]).output
    path = tmp_path / ".cursor" / "mcp.json"
    assert str(path) in told
    assert "freshbooks mcp uninstall cursor" in told
    assert "installed" in run.invoke(cli, ["mcp", "install"]).output
    entry = json.loads(path.read_text())["mcpServers"]["freshbooks"]

    async def tools() -> set[str]:
        started = StdioServerParameters(command=entry["command"], args=entry["args"], env=entry["env"])
        async with Client(stdio_client(started)) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    assert "query_marts" in anyio.run(tools)
    assert "Removed 'freshbooks'" in run.invoke(cli, ["mcp", "uninstall", "cursor"]).output
    assert not path.exists()
    assert run.invoke(cli, ["mcp", "install", "netscape"]).exit_code == 2
