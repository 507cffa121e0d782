"""What a golden question is, and how an answer is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from freshbooks_sandbox import Sandbox

Pages = list[Any]


@dataclass(frozen=True)
class Question:
    """`tool` with `arguments` answers it; `got` reads the answer, `expected` computes it from the books.

    `naive`: the wrong answer that a careless reader of the same books gives; it must differ. An unsupported
    question names no tool, and says why in `reason`; `attempt` is SQL that would answer it wrongly.
    """

    text: str
    kind: Literal["direct", "analytical", "unsupported"]
    tool: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    got: Callable[[Pages], Any] | None = None
    expected: Callable[[Sandbox], Any] | None = None
    naive: Callable[[Sandbox], Any] | None = None
    reason: str = ""
    attempt: str = ""


def direct(
    text: str,
    tool: str,
    arguments: dict[str, Any],
    got: Callable[[Pages], Any],
    expected: Callable[[Sandbox], Any],
    naive: Callable[[Sandbox], Any] | None = None,
) -> Question:
    return Question(text, "direct", tool, arguments, got, expected, naive)


def analytical(
    text: str,
    statement: str,
    expected: Callable[[Sandbox], Any],
    naive: Callable[[Sandbox], Any] | None = None,
    got: Callable[[Pages], Any] | None = None,
) -> Question:
    """Answered with SQL: by default as a mapping of the columns before the last to the last one."""
    return Question(
        text, "analytical", "query_marts", {"statement": statement}, got or mapping, expected, naive
    )


def unsupported(text: str, reason: str, attempt: str = "") -> Question:
    return Question(text, "unsupported", reason=reason, attempt=attempt)


def rows(pages: Pages, name: str) -> list[Any]:
    """The list of that name, over all pages."""
    return [row for page in pages for row in getattr(page, name)]


def totals(pages: Pages, name: str, amount: str) -> dict[Any, Any]:
    """(business, currency) to one figure of the totals."""
    return {(row.business_id, row.currency_code): getattr(row, amount) for row in getattr(pages[0], name)}


def table(pages: Pages) -> list[tuple[Any, ...]]:
    """The rows of SQL, decimals as decimals."""
    [answer] = pages
    assert not answer.truncated
    types = [column.type for column in answer.columns]
    return [tuple(_value(value, kind) for value, kind in zip(row, types, strict=True)) for row in answer.rows]


def mapping(pages: Pages) -> dict[Any, Any]:
    """The rows of SQL: what stands before the last column to the last column."""
    found = [(row[0] if len(row) == 2 else row[:-1], row[-1]) for row in table(pages)]
    assert len(dict(found)) == len(found)
    return dict(found)


def _value(value: Any, kind: str) -> Any:
    if not kind.startswith("DECIMAL") or value is None:
        return value
    try:
        return Decimal(value)
    except InvalidOperation:
        return value
