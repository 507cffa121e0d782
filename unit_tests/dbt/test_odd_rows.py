"""An odd row is listed, and every figure of the other rows stays as it was."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from unit_tests.dbt.books import all_rows
from unit_tests.dbt.builds import BUILD, MARTS, Build, Dbt
from unit_tests.dbt.odd_published import PUBLISHED
from unit_tests.dbt.odd_rejected import REJECTED
from unit_tests.dbt.odd_rows import Odd, books_with
from unit_tests.dbt.raw_tables import Row, Rows
from unit_tests.dbt.unusual_books import unusual

# What tells of the odd rows themselves, or counts what was read.
ABOUT_ROWS = {"fb_rejected_rows", "fb_freshness"}


def plain_books(odd: Sequence[Odd], tables: Rows) -> Rows:
    """`tables` with what the odd rows count as."""
    return books_with([replace(row, row=row.counts_as) for row in odd if row.counts_as is not None], tables)


@cache
def contents(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of every mart of a build as texts; a stamp may be what is odd."""
    found = {}
    for mart in set(MARTS) - ABOUT_ROWS:
        rows = [{k: v for k, v in row.items() if k != "updated_at"} for row in Build(folder).dicts(mart)]
        found[mart] = sorted((tuple(row.items()) for row in rows), key=repr)
    return found


def listed(build: Build) -> list[Row]:
    return build.dicts("fb_rejected_rows")


def named(row: Row) -> tuple[str, str | None, str, str, bool]:
    return row["stream_name"], row["row_key"], row["column_name"], row["why"], row["is_row_published"]


def expected(odd: Odd) -> tuple[str, str | None, str, str, bool]:
    return odd.stream, *odd.listed, odd.counts_as is not None


def check(built: Build, odd: Sequence[Odd], plain: Build) -> None:
    assert built.succeeded, built.output
    told = [named(row) for row in listed(built)]
    assert [row.name for row in odd if expected(row) not in told] == []
    assert contents(built.folder) == contents(plain.folder)


@pytest.mark.long
def test_all_odd_rows_at_once_are_listed_and_change_no_other_figure(
    dbt: Dbt, odd_build: Build, tmp_path: Path
) -> None:
    """Beside books that are unusual themselves."""
    assert len(REJECTED) >= 40
    assert len(PUBLISHED) >= 20
    plain = dbt.run(tmp_path, plain_books(PUBLISHED, unusual()), *BUILD)
    check(odd_build, [*REJECTED, *PUBLISHED], plain)


def test_the_good_books_list_nothing(build: Build) -> None:
    assert listed(build) == []


def test_each_odd_row_is_listed_once_and_nothing_else_is(odd_build: Build) -> None:
    keys = {(odd.stream, odd.listed[0]) for odd in [*REJECTED, *PUBLISHED]}
    told = [named(row) for row in listed(odd_build) if not str(row["row_key"]).startswith("6")]
    assert {row[:2] for row in told} == keys
    # The second system and the like have one fault; a row without its key may have two.
    assert len(told) < len(REJECTED) + len(PUBLISHED) + 10


def test_what_a_value_was_is_told_though_the_loader_could_not_keep_it(odd_build: Build) -> None:
    values = {(row["row_key"], row["column_name"]): row["value_text"] for row in listed(odd_build)}
    assert values["802", "due_date"] == "0000-00-00"
    assert values["905", "create_date"] == "2026-02-30"
    assert values["912", "amount"] == "12345678901234567.89"
    assert values["916", "currency_code"] == "ZZZ"


def test_words_of_freshbooks_are_kept_and_the_status_is_ours(odd_build: Build) -> None:
    said = ("invoice_status", "freshbooks_status", "dispute_status", "autobill_status", "last_order_status")
    rows = {row["invoice_id"]: tuple(row[name] for name in said) for row in odd_build.dicts("invoices")}
    assert {number: rows[number] for number in (809, 811, 812, 813)} == {
        809: ("sent", "floating", None, None, None),
        811: ("sent", "sent", None, "perhaps", None),
        812: ("sent", "sent", None, None, "lost"),
        813: ("sent", "sent", "in court", None, None),
    }


def in_groups(odd: Sequence[Odd], seed: int) -> list[list[Odd]]:
    """Of about fifteen."""
    shuffled = random.Random(seed).sample(odd, len(odd))
    groups = round(len(odd) / 15)
    return [shuffled[first::groups] for first in range(groups)]


def names(odd: Sequence[Odd]) -> str:
    return ", ".join(row.name for row in odd)


# In other company again: among all of them one might hide what another does.
@pytest.mark.long
@pytest.mark.parametrize("odd", in_groups(REJECTED, 1), ids=names)
def test_fifteen_rejected_rows_change_no_other_figure(
    odd: list[Odd], dbt: Dbt, build: Build, tmp_path: Path
) -> None:
    check(dbt.run(tmp_path, books_with(odd, all_rows()), *BUILD), odd, build)


@pytest.mark.long
@pytest.mark.parametrize("odd", in_groups(PUBLISHED, 1), ids=names)
def test_fifteen_published_rows_count_as_plain_ones(odd: list[Odd], dbt: Dbt, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    plain = dbt.run(tmp_path / "plain", plain_books(odd, all_rows()), *BUILD)
    check(dbt.run(tmp_path, books_with(odd, all_rows()), *BUILD), odd, plain)


@pytest.mark.long
def test_text_that_no_loader_checked_is_rejected_and_rows_without_a_key_stay_apart(
    dbt: Dbt, build: Build, tmp_path: Path
) -> None:
    """Some loaders keep every value as text."""
    tables = all_rows()
    example = tables["expenses"][2]
    odd = {
        901: {"date": "2020-11-219"},
        902: {"date": "0000-00-00"},
        903: {"date": "soon"},
        904: {"amount": '{"amount": '},
        905: {"amount": ""},
        906: {"amount": "62.00"},
    }
    tables["expenses"] += [{**example, "expenseid": number, **change} for number, change in odd.items()]
    tables["expenses"] += [{**example, "expenseid": None}, {**example, "expenseid": "12a"}]
    columns = {"expenses": ["date", "amount", "expenseid"]}
    built = dbt.run(tmp_path, tables, *BUILD, text_columns=columns)
    assert built.succeeded, built.output
    assert {row["row_key"] for row in listed(built)} == {None, *map(str, odd)}
    assert {row["value_text"] for row in listed(built)} >= {"2020-11-219", "soon", "12a"}
    assert [row["value_number"] for row in listed(built) if row["row_key"] is None] == [1, 2]
    assert contents(built.folder) == contents(build.folder)
