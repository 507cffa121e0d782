"""Every column and macro says what it is, in one place each (descriptions.py)."""

from __future__ import annotations

import re

import pytest

from unit_tests.dbt.builds import Build
from unit_tests.dbt.descriptions import LAYERS, MACROS, blocks, built_columns, described, macros, macros_yml

REFERENCE = re.compile(r"\{\{ doc\('(\w+)'\) \}\}")
HOW = "python -m unit_tests.dbt.descriptions adds what is missing"


@pytest.mark.parametrize("layer", LAYERS)
def test_every_column_of_every_model_is_described(build: Build, layer: str) -> None:
    found = built_columns(build, layer)
    told = {model: list(columns) for model, columns in described(layer).items()}
    assert told == found, HOW


@pytest.mark.parametrize("layer", LAYERS)
def test_a_column_refers_to_its_doc_block_and_repeats_nothing(layer: str) -> None:
    known = blocks()
    for model, columns in described(layer).items():
        for name, text in columns.items():
            reference = REFERENCE.fullmatch(text)
            assert reference, f"{model}.{name}: {text}"
            assert reference[1] in known, f"{model}.{name} has no block in models/columns.md"
            assert reference[1].partition("__")[0] == name, f"{model}.{name} is described by {reference[1]}"


def test_every_doc_block_is_a_sentence_and_used() -> None:
    used = {
        REFERENCE.findall(text)[0]
        for layer in LAYERS
        for columns in described(layer).values()
        for text in columns.values()
    }
    assert used == blocks().keys()
    assert [name for name, text in blocks().items() if not re.fullmatch(r"\S.{8,}[.]", text)] == []
    assert list(blocks()) == sorted(blocks())


def test_every_macro_says_what_it_does() -> None:
    silent = [macro.name for macro in macros() if not macro.is_implementation and len(macro.text) < 15]
    assert silent == [], "a comment right above it"
    assert len(list(macros())) > 150


def test_the_yaml_of_the_macros_is_what_stands_above_them() -> None:
    assert MACROS.read_text() == macros_yml(), HOW
