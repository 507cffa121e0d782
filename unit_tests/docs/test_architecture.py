"""ARCHITECTURE.md: each rule is in the file where the table says it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (?P<rule>[^|]+) \| `(?P<file>[^`|]+)` \| `(?P<word>[^`|]+)` \|$", re.MULTILINE)
RULES = ROW.findall((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))


def test_there_are_rules() -> None:
    assert len(RULES) >= 25


@pytest.mark.parametrize(("rule", "file", "word"), RULES, ids=[rule for rule, _, _ in RULES])
def test_a_rule_stands_where_the_table_says(rule: str, file: str, word: str) -> None:
    assert word in (ROOT / file).read_text(encoding="utf-8"), rule
