"""Two distributions: what production installs holds no sandbox, and the sandbox nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from freshbooks_hub.cli.main import cli
from freshbooks_hub.core.errors import HubError

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SANDBOX = tomllib.loads((ROOT / "sandbox" / "pyproject.toml").read_text())["project"]


def contents(project: Path, folder: Path) -> set[str]:
    """The top-level names in the wheel of `project`, built without the network."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    subprocess.run([*command, "--wheel-dir", folder, project], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert not [name for name in names if "__pycache__" in name]
    return {top for name in names if not (top := name.partition("/")[0]).endswith(".dist-info")}


@pytest.mark.long
def test_the_wheel_that_production_installs_holds_no_sandbox(tmp_path: Path) -> None:
    assert contents(ROOT, tmp_path) == {
        "freshbooks_api",
        "source_freshbooks",
        "freshbooks_hub",
        "dbt_project",
    }


def test_the_wheel_of_the_sandbox_holds_the_sandbox_alone(tmp_path: Path) -> None:
    assert contents(ROOT / "sandbox", tmp_path) == {"freshbooks_sandbox"}


def test_the_extra_demo_is_the_sandbox_of_this_version() -> None:
    (demo,) = (Requirement(line) for line in PROJECT["optional-dependencies"]["demo"])
    assert demo.name == SANDBOX["name"]
    assert SANDBOX["version"] == PROJECT["version"]
    assert demo.specifier.contains(SANDBOX["version"])


@pytest.mark.parametrize("dockerfile", ["Dockerfile", "deploy/hub/Dockerfile"])
def test_an_image_gets_no_sandbox(dockerfile: str) -> None:
    ignore = {"Dockerfile": ".dockerignore"}.get(dockerfile, f"{dockerfile}.dockerignore")
    assert "sandbox" not in (ROOT / dockerfile).read_text()
    assert "sandbox" not in (ROOT / ignore).read_text()


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_without_the_extra_a_command_says_what_to_install(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FRESHBOOKS_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "freshbooks_sandbox", None)
    with pytest.raises(
        HubError, match=r"^The sandbox is not installed; `pip install 'source-freshbooks\[demo\]'` adds it.$"
    ):
        cli([command], standalone_mode=False)


def test_windows_is_told_in_one_sentence() -> None:
    code = "import sys; sys.platform = 'win32'; import freshbooks_hub.cli.main"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr == "freshbooks runs on Linux and macOS; on Windows, run it in WSL or in a container.\n"
