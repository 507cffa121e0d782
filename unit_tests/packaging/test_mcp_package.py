"""The bundle for MCP clients and the entry for the MCP registry: built, of this version, and what they say is so."""

from __future__ import annotations

import json
import re
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from packaging.requirements import Requirement

from deploy.mcp.bundle import build

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = f"{PROJECT['name']}[hub]=={PROJECT['version']}"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked, as a client has it."""
    folder = tmp_path_factory.mktemp("bundle")
    with zipfile.ZipFile(build(folder)) as packed:
        packed.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.fixture(scope="module")
def manifest(bundle: Path) -> dict[str, Any]:
    return json.loads((bundle / "manifest.json").read_text())


def test_the_manifest_is_whole_and_of_this_version(bundle: Path, manifest: dict[str, Any]) -> None:
    assert manifest["manifest_version"] == "0.4"  # the first with servers of type uv
    assert manifest["version"] == PROJECT["version"]
    assert {"name", "description", "author", "server"} <= manifest.keys()
    assert manifest["server"]["type"] == "uv"
    assert (bundle / manifest["server"]["entry_point"]).exists()
    named = set(re.findall(r"\$\{user_config\.(\w+)\}", json.dumps(manifest["server"])))
    assert named == manifest["user_config"].keys()
    for setting in manifest["user_config"].values():
        assert {"type", "title", "description"} <= setting.keys()


def test_the_bundle_asks_for_this_version_of_the_package(bundle: Path) -> None:
    own = tomllib.loads((bundle / "pyproject.toml").read_text())["project"]
    assert own["dependencies"] == [WANTED]
    assert own["requires-python"] == PROJECT["requires-python"]


def test_the_bundle_is_the_same_each_time(tmp_path: Path) -> None:
    first = build(tmp_path).read_bytes()
    assert build(tmp_path).read_bytes() == first


def test_its_server_offers_the_tools_that_the_manifest_names(
    bundle: Path, manifest: dict[str, Any], tmp_path: Path
) -> None:
    async def tools() -> dict[str, str | None]:
        started = StdioServerParameters(
            command=sys.executable,
            args=[str(bundle / "server.py")],
            env={"FRESHBOOKS_HOME": str(tmp_path / "home")},
        )
        async with Client(stdio_client(started)) as client:
            return {tool.name: tool.description for tool in (await client.list_tools()).tools}

    assert anyio.run(tools) == {tool["name"]: tool["description"] for tool in manifest["tools"]}


def test_the_registrys_entry_starts_this_version_of_the_package() -> None:
    entry = json.loads((ROOT / "deploy" / "mcp" / "server.json").read_text())
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", entry["name"])
    assert f"mcp-name: {entry['name']} " in (ROOT / "README.md").read_text()
    assert len(entry["description"]) <= 100  # as the registry has it
    [package] = entry["packages"]
    assert entry["version"] == package["version"] == PROJECT["version"]
    assert (package["registryType"], package["identifier"]) == ("pypi", PROJECT["name"])
    [source] = package["runtimeArguments"]
    assert source["value"] == str(Requirement(WANTED))
    program, *arguments = (argument["value"] for argument in package["packageArguments"])
    assert program in PROJECT["scripts"]
    assert arguments == ["mcp"]
