"""Installed without a checkout: the wheel and the source archive, in new environments, run the demo.

With the lowest versions that pyproject.toml allows, and with the newest that there are. Needs a package index.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOWEST = ROOT / "deploy" / "lowest" / "requirements.lock"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)(?: ; (.*?))?(?: \\)?$", re.MULTILINE)


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    """What the command prints; nothing of this checkout is in its way."""
    environment = {
        name: os.environ[name] for name in os.environ if not name.startswith(("PYTHON", "FRESHBOOKS"))
    }
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment | more, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel and a source archive of both distributions."""
    folder = tmp_path_factory.mktemp("archives")
    for project in (ROOT, ROOT / "sandbox"):
        run(sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=project)
    assert len(list(folder.iterdir())) == 4
    return folder


def constraints(folder: Path) -> Path:
    """The lowest versions, without the hashes: our own archives have none there."""
    found = PINNED.findall(LOWEST.read_text("utf-8"))
    assert len(found) > 100
    file = folder / "constraints.txt"
    file.write_text(
        "".join(f"{name}=={version}{' ; ' + when if when else ''}\n" for name, version, when in found)
    )
    return file


@pytest.mark.long
@pytest.mark.parametrize("versions", ["lowest", "newest"])
def test_the_demo_runs_from_what_is_installed(versions: str, archives: Path, tmp_path: Path) -> None:
    pattern, more = (
        ("*.whl", ["--constraint", constraints(tmp_path)]) if versions == "lowest" else ("*.tar.gz", [])
    )
    [program] = archives.glob(f"source_freshbooks-{pattern}")
    [sandbox] = archives.glob(f"freshbooks_sandbox-{pattern}")
    run(sys.executable, "-m", "venv", "--without-pip", "env", cwd=tmp_path)  # ours installs into it
    bin_folder = tmp_path / "env" / "bin"
    asked = [f"source-freshbooks[hub] @ {program.as_uri()}", f"freshbooks-sandbox @ {sandbox.as_uri()}"]
    pip = (sys.executable, "-m", "pip", "--python", bin_folder / "python")
    run(*pip, "install", "--quiet", "--no-compile", *more, *asked, cwd=tmp_path)

    home = {
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "FRESHBOOKS_HOME": str(tmp_path / "books"),
        "FRESHBOOKS_VERIFY": "never",
    }
    told = run(bin_folder / "freshbooks", "demo", cwd=tmp_path, **home)
    assert "outstanding_balances (8 of " in told
    # The wheel brings dbt's statements along (hatch_build.py); a source archive is built without dbt.
    assert any((tmp_path / "cache").rglob("*statements.json")) == (versions == "newest")
    home["FRESHBOOKS_HOME"] = str(tmp_path / "books" / "demo")
    asked = ["query", "select count(*) as n from invoices", "--format", "json"]
    rows = run(bin_folder / "freshbooks", *asked, cwd=tmp_path, **home)
    assert json.loads(rows)[0]["n"] > 300
    listed = run(bin_folder / "source-freshbooks", "spec", cwd=tmp_path, **home)
    assert '"SPEC"' in listed
    # Nothing of the checkout was used.
    at = run(
        bin_folder / "python", "-c", "import freshbooks_hub; print(freshbooks_hub.__file__)", cwd=tmp_path
    )
    assert at.startswith(str(tmp_path))
