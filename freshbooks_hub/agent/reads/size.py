"""How long an answer may be without being asked for more: about 6,000 tokens, with what stands around the rows."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)
# Characters of JSON; a token is 3.5 of them or more. The rest is for context and totals.
ROWS = 16_000
_WIDE = 12  # columns; a narrower table is read as it is


def fitting(items: list[M], characters: int = ROWS) -> list[M]:
    """The first of `items`, as many as have room; always one."""
    kept: list[M] = []
    for item in items:
        characters -= len(item.model_dump_json(exclude_none=True)) + 1
        if characters < 0 and kept:
            break
        kept.append(item)
    return kept


def fitting_rows(rows: list[list[Any]], characters: int = ROWS) -> list[list[Any]]:
    """The same for rows of SQL; none where the first has no room."""
    for number, row in enumerate(rows):
        characters -= len(json.dumps(row, ensure_ascii=False)) + 1
        if characters < 0:
            return rows[:number]
    return rows


def shared_values(names: list[str], rows: list[list[Any]]) -> dict[int, Any]:
    """Place to value of the columns that hold the same in every row, if the table is wide; none of equal names."""
    if len(names) <= _WIDE or len(rows) < 2:
        return {}
    first = rows[0]
    return {
        place: first[place]
        for place, name in enumerate(names)
        if names.count(name) == 1 and all(row[place] == first[place] for row in rows)
    }
