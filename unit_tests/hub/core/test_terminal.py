"""Text of the books on a terminal, in CSV and in JSON."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from freshbooks_hub.cli import plain_table
from freshbooks_hub.cli.output import as_csv, as_json, as_table, fitting
from freshbooks_hub.core.spreadsheet import FORMULA
from freshbooks_hub.core.terminal import shown
from freshbooks_hub.marts.open import Answer

CELL = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.binary()
    | st.uuids()
)
VALUE = CELL | st.lists(CELL, max_size=3) | st.dictionaries(st.text() | st.dates(), CELL, max_size=3)


def answer(*rows: Any, columns: list[str] | None = None) -> Answer:
    return Answer(columns or ["v"], [row if isinstance(row, tuple) else (row,) for row in rows])


def drawn(found: Answer) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(as_table(found))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain é 日 [bold]", "plain é 日 [bold]"),
        ("two\nlines", "two\nlines"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("over\rwritten\tand\x07", r"over\rwritten\tand\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("pay \u202e001\u202c", r"pay \u202e001\u202c"),
        ("bytes \udce9", r"bytes \udce9"),
    ],
)
def test_what_could_steer_a_terminal_is_written_out(text: str, written: str) -> None:
    assert shown(text) == written


@given(st.text())
def test_nothing_that_is_shown_steers(text: str) -> None:
    assert all(char == "\n" or char.isprintable() or ord(char) >= 0xA0 for char in shown(text))


@pytest.mark.parametrize("text", [r"a\[/]b", "[/]", "[red]x", "\\", "[link=http://x]y[/link]", ":smile:"])
def test_a_table_shows_text_as_it_is(text: str) -> None:
    assert f"│ {text} " in drawn(answer(text))
    assert f"┃ {text} " in drawn(answer(1, columns=[text]))


@given(st.lists(VALUE, max_size=4))
def test_every_value_can_be_drawn(values: list[Any]) -> None:
    assert "\x1b" not in drawn(answer(*values))


def test_columns_of_one_name_are_kept_apart() -> None:
    found = answer((1, 2, 3, 4), columns=["a", "a", "a_2", "a"])
    assert json.loads(as_json(found)) == [{"a": 1, "a_3": 2, "a_2": 3, "a_4": 4}]


@given(st.lists(st.sampled_from(["a", "a_2", "a_3", "b", ""]), max_size=8))
def test_no_column_is_lost(columns: list[str]) -> None:
    found = Answer(columns, [tuple(range(len(columns)))])
    assert list(json.loads(as_json(found))[0].values()) == list(range(len(columns)))


def strictly(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")


@given(st.lists(VALUE, max_size=4))
def test_json_is_valid_and_keeps_text(values: list[Any]) -> None:
    written = as_json(answer(*values))
    read = json.loads(written, parse_constant=strictly)
    assert all(char == "\n" or char.isprintable() or ord(char) >= 0xA0 for char in written)
    for value, row in zip(values, read, strict=True):
        if isinstance(value, str | int | None):
            assert row["v"] == value


def test_what_json_has_no_number_for_is_text() -> None:
    found = answer(float("nan"), float("inf"), [1.5, float("-inf")], Decimal("0.10"))
    assert [row["v"] for row in json.loads(as_json(found))] == [
        "NaN",
        "Infinity",
        [1.5, "-Infinity"],
        "0.10",
    ]


def test_json_on_an_output_without_unicode_is_still_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    written = as_json(answer("é 日 😀"))
    assert written.isascii()
    assert json.loads(written) == [{"v": "é 日 😀"}]


@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_no_text_of_a_csv_is_a_formula(text: str) -> None:
    [_, [cell]] = csv.reader(io.StringIO(as_csv(answer(text, columns=["v"])), newline=""))
    assert not cell.startswith(FORMULA)
    assert cell.removeprefix("'" if text.startswith(FORMULA) else "") == text


def test_numbers_of_a_csv_are_never_changed() -> None:
    found = answer((-5, Decimal("-1.50"), -0.5, float("-inf"), True, None), columns=list("abcdef"))
    assert as_csv(found) == "a,b,c,d,e,f\n-5,-1.50,-0.5,-inf,True,\n"


def test_a_csv_is_data_in_a_file_and_written_out_on_a_terminal() -> None:
    found = answer("a\x1b[2Jb", columns=["=v"])
    assert as_csv(found) == "'=v\na\x1b[2Jb\n"
    assert as_csv(found, to_terminal=True) == "'=v\na\\x1b[2Jb\n"


def test_columns_that_the_terminal_cannot_show_are_named() -> None:
    found = Answer(["id", "client_name", "note"], [(7, "Maple & Pine", "x" * 300), (8, None, None)])
    assert fitting(found, 80) == (found, ())
    assert fitting(found, 42) == (found, ())  # 300 characters may be folded to 18
    narrow, others = fitting(found, 41)
    assert narrow == Answer(["id", "client_name"], [(7, "Maple & Pine"), (8, None)])
    assert others == ("note",)
    first, others = fitting(found, 3)  # one is always shown
    assert (first.columns, others) == (["id"], ("client_name", "note"))
    assert fitting(Answer([], []), 80) == (Answer([], []), ())


NAME = st.text(st.characters(max_codepoint=0x320), max_size=6)
ROW = st.tuples(*[st.none() | st.integers() | st.decimals(-1000, 1000, places=2) | NAME] * 3)


@given(st.lists(NAME, min_size=3, max_size=3), st.lists(ROW, max_size=3))
def test_a_table_without_rich_is_that_of_rich(
    names: list[str], rows: list[tuple[object, object, object]]
) -> None:
    found = answer(*rows, columns=names)
    lines = plain_table.lines(found, within=80)
    if lines is not None:
        console = Console(file=io.StringIO(), width=80, color_system=None)
        console.print(as_table(found))
        assert isinstance(console.file, io.StringIO)
        assert "\n".join(lines) + "\n" == console.file.getvalue()
