"""Every citation of the API sheet names a section that it has: `freshbooks-api.md 3.4`, `freshbooks-api.md 3.1-3.6`."""

import io
import os
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHEET = ROOT / "docs" / "freshbooks-api.md"
CITING = {".py", ".sql", ".yml", ".yaml", ".md"}
MADE = {"build", "dbt_packages", "dist", "logs", "node_modules", "secrets", "target"}

_GAP = r"(?:\s|#|--)"  # a citation may run over the end of a comment's line
_NUMBER = r"\d{1,2}(?:\.\d{1,2})?"
_LIST = rf"{_NUMBER}(?:(?:,{_GAP}+|{_GAP}+(?:and|to){_GAP}+|[-–]){_NUMBER})*"
CITATION = re.compile(rf"freshbooks-api\.md`?{_GAP}+({_LIST})(?![\d%])")
NAMED = re.compile(r"freshbooks-api\.md")
LINK = re.compile(r"\[[^\]]*\]\([^)]*freshbooks-api\.md\)")
BRACKETS = re.compile(rf"\(({_LIST})\)")


def sections() -> set[str]:
    return set(re.findall(r"^#{2,3} (\d{1,2}(?:\.\d{1,2})?) \S", SHEET.read_text(), re.MULTILINE))


def unknown(text: str, pattern: re.Pattern[str]) -> list[str]:
    """The citations in `text` that name a section which the sheet lacks."""
    known = sections()
    return [found[0] for found in pattern.finditer(text) if not set(re.findall(_NUMBER, found[1])) <= known]


def without_section(text: str) -> int:
    """How often `text` names the sheet and neither cites a section nor links to it."""
    return len(NAMED.findall(CITATION.sub("", LINK.sub("", text))))


def citing_files() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in MADE]
        for name in names:
            path = Path(folder, name)
            if path.suffix in CITING and path not in (SHEET, Path(__file__)):
                yield path


def comments(path: Path) -> str:
    """The comments and strings of a Python file: code has brackets with numbers of its own."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return "\n".join(token.string for token in tokens if token.type in (tokenize.COMMENT, tokenize.STRING))


def test_every_citation_names_a_section_of_the_sheet() -> None:
    texts = {path: text for path in citing_files() if NAMED.search(text := path.read_text())}
    wrong = {str(path.relative_to(ROOT)): unknown(text, CITATION) for path, text in texts.items()}

    assert sum(len(CITATION.findall(text)) for text in texts.values()) > 100
    assert {path: found for path, found in wrong.items() if found} == {}


def test_nobody_cites_the_sheet_without_a_section() -> None:
    vague = [str(path.relative_to(ROOT)) for path in citing_files() if without_section(path.read_text())]

    assert vague == []


def test_numbers_in_brackets_are_sections_where_a_file_says_so() -> None:
    pages = {path: path.read_text() for path in (SHEET, ROOT / "docs" / "BEHAVIOR.md")}
    sandbox = {path: comments(path) for path in (ROOT / "sandbox").rglob("*.py")}
    texts = pages | sandbox
    wrong = {str(path.relative_to(ROOT)): unknown(text, BRACKETS) for path, text in texts.items()}

    assert sum(len(BRACKETS.findall(text)) for text in texts.values()) > 50
    assert {name: found for name, found in wrong.items() if found} == {}


def test_sections_of_the_sheet_are_numbered_in_order_and_each_once() -> None:
    lines = re.findall(r"^#{2,3} (\d[\d.]*) ", SHEET.read_text(), re.MULTILINE)
    numbers = [tuple(int(part) for part in line.split(".")) for line in lines]

    assert numbers == sorted(set(numbers))
    assert {number[:1] for number in numbers} == {(chapter,) for chapter in range(1, 10)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(freshbooks-api.md 3.4)", []),
        ("freshbooks-api.md 3.1-3.6: lists", []),
        ("freshbooks-api.md 3.5 and 5 and the marts", []),
        ("-- a long comment (freshbooks-api.md\n-- 3.6, 6.1).", []),
        ("the sum (freshbooks-api.md 5): 10 % off", []),
        ("(freshbooks-api.md 3.99)", ["freshbooks-api.md 3.99"]),
        ("# (freshbooks-api.md\n# 3.6, 12.1)", ["freshbooks-api.md\n# 3.6, 12.1"]),
        ("freshbooks-api.md 1.3 and 77", ["freshbooks-api.md 1.3 and 77"]),
    ],
)
def test_how_a_citation_is_read(text: str, found: list[str]) -> None:
    assert unknown(text, CITATION) == found
    assert without_section(text) == 0


@pytest.mark.parametrize("text", ["as freshbooks-api.md says", "`freshbooks-api.md`, quirks included"])
def test_a_citation_without_a_section_is_seen(text: str) -> None:
    assert without_section(text) == 1
