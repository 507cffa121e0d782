"""docs/BEHAVIOR.md: each test that it names is there, so that what it says is held by something."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("unit_tests", "integration_tests")
NAME = re.compile(r"`(test_\w+)(?:\[\w+\])?`")
FILE = re.compile(r"`((?:unit_tests|integration_tests)/[\w/]+\.py)`")
OF_DBT = re.compile(r"`(\w+)`\s\(`(\w+\.yml)`\)")  # a unit test of dbt, and the file that has it


def behavior() -> str:
    return (ROOT / "docs" / "BEHAVIOR.md").read_text("utf-8")


@cache
def defined() -> frozenset[str]:
    """The names of all test functions."""
    texts = (path.read_text("utf-8") for folder in TESTS for path in (ROOT / folder).rglob("*.py"))
    return frozenset(name for text in texts for name in re.findall(r"def (test_\w+)\(", text))


def test_every_test_that_is_named_is_there() -> None:
    named = set(NAME.findall(behavior()))
    assert len(named) > 70
    assert sorted(named - defined()) == []


def test_every_file_that_is_named_is_there() -> None:
    named = set(FILE.findall(behavior()))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_every_unit_test_of_dbt_that_is_named_is_there() -> None:
    named = OF_DBT.findall(behavior())
    assert named
    for name, file in named:
        [path] = (ROOT / "dbt_project" / "models").rglob(file)
        assert f"- name: {name}\n" in path.read_text("utf-8")


def test_every_claim_names_what_holds_it() -> None:
    """A claim is a paragraph that begins in bold, with what follows it."""
    held = (NAME, FILE, OF_DBT)
    claims = re.split(r"\n\n(?=\*\*)", behavior())[1:]
    assert len(claims) > 30
    bare = [claim.split("**")[1] for claim in claims if not any(kind.search(claim) for kind in held)]
    assert bare == []
