"""What is installed is what was tested: hashes in every lock, bounds that were run, bases by digest."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = ("pyproject.toml", "sandbox/pyproject.toml")
LOCKS = [
    "requirements.lock",
    *sorted(str(lock.relative_to(ROOT)) for lock in (ROOT / "deploy").rglob("*.lock")),
]
LOWEST = ROOT / "deploy" / "lowest" / "requirements.lock"
PIN = re.compile(r"^([\w.-]+)(?:\[[\w, -]+\])?==(\S+)", re.MULTILINE)


def entries(lock: Path) -> list[str]:
    """A requirement with its hashes each."""
    lines = [line for line in lock.read_text().splitlines() if line and not line.lstrip().startswith("#")]
    return re.split(r"\n(?=\S)", "\n".join(lines))


def bounds() -> list[Requirement]:
    """What the two distributions, the extras that are locked and the developers ask for, each once."""
    content, sandbox = (tomllib.loads((ROOT / path).read_text()) for path in PROJECTS)
    optional = content["project"]["optional-dependencies"]
    names = (
        *content["project"]["dependencies"],
        *optional["hub"],
        *optional["postgres"],
        *sandbox["project"]["dependencies"],
        *content["dependency-groups"]["dev"],
    )
    return [Requirement(name) for name in dict.fromkeys(names)]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_package_by_hash_and_names_no_index(lock: str) -> None:
    found = entries(ROOT / lock)
    assert found
    for entry in found:
        assert PIN.match(entry), entry
        assert "--hash=sha256:" in entry, entry
    assert not re.search(r"^\s*--(?!hash)|://", (ROOT / lock).read_text(), re.MULTILINE)


@pytest.mark.parametrize("requirement", bounds(), ids=lambda requirement: requirement.name)
def test_a_lower_bound_is_the_version_that_the_lowest_tests_run_with(requirement: Requirement) -> None:
    pinned = {canonicalize_name(name): Version(version) for name, version in PIN.findall(LOWEST.read_text())}
    lowest = [one.version for one in requirement.specifier if one.operator == ">="]
    assert lowest, "no lower bound"
    for low in lowest:
        # To the digits given: the first file of a release may be a later one.
        tested = pinned[canonicalize_name(requirement.name)].release[: len(Version(low).release)]
        assert tested == Version(low).release


def test_no_starlette_that_reads_the_path_from_the_host_header() -> None:
    (starlette,) = [one for one in bounds() if one.name == "starlette"]
    assert "1.0.0" not in starlette.specifier


@pytest.mark.parametrize("dockerfile", ["Dockerfile", "deploy/hub/Dockerfile"])
def test_an_image_is_built_on_a_digest_of_packages_with_hashes(dockerfile: str) -> None:
    text = (ROOT / dockerfile).read_text()
    assert re.search(r"^ARG BASE=\S+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    installs = re.findall(r"pip (?:install|wheel) .*?(?=&&|\n[A-Z]|\n$)", text, re.DOTALL)
    assert len(installs) == 4
    assert all("--require-hashes" in one or "--no-deps" in one for one in installs)
