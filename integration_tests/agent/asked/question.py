"""What a question is, how its calls are made, and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple

Who = Literal["owner", "bookkeeper", "analyst"]
Row = tuple[Any, ...]


class Call(NamedTuple):
    """A tool with its arguments. `"<name>"` as a value is taken from the answer before: `"<next_cursor>"`."""

    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Question:
    """`part` of the last answer, with these `columns` of the rows where `where` holds (the first `top`), is the answer.

    `sql` gives the same rows; `ordered`: in the same order. In an answer that is one record, `part` names it.
    """

    who: Who
    text: str
    calls: tuple[Call, ...]
    part: str
    columns: tuple[str, ...]
    sql: str
    where: dict[str, Any] = field(default_factory=dict)
    top: int | None = None
    ordered: bool = False


def one(tool: str, **arguments: Any) -> tuple[Call, ...]:
    """One call is enough."""
    return (Call(tool, arguments),)


def by_sql(mart: str, statement: str) -> tuple[Call, ...]:
    """A table whose name the tool says is looked at, and then asked."""
    return (Call("describe_marts", {"mart": mart}), Call("query_marts", {"statement": statement}))


def found_by_sql(mart: str, statement: str) -> tuple[Call, ...]:
    """The same of a table that has to be found first."""
    return (Call("describe_marts", {}), *by_sql(mart, statement))


def carried_out(
    calls: tuple[Call, ...], ask: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """The last answer."""
    answer: dict[str, Any] = {}
    for call in calls:
        given = {
            name: answer[value[1:-1]] if isinstance(value, str) and value.startswith("<") else value
            for name, value in call.arguments.items()
        }
        answer = ask(call.tool, given)
    return answer


def answered(question: Question, answer: dict[str, Any]) -> list[Row]:
    """The rows that answer it."""
    rows = answer[question.part]
    rows = rows if isinstance(rows, list) else [rows]
    if question.part == "rows":  # of SQL
        return [tuple(map(plain, row)) for row in rows]
    kept = [row for row in rows if all(row.get(name) == value for name, value in question.where.items())]
    return [tuple(plain(row.get(name)) for name in question.columns) for row in kept[: question.top]]


def plain(value: Any) -> Any:
    """Numbers and texts of numbers alike, days as texts."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, int | Decimal | float):
        return Decimal(str(value)).normalize()
    try:
        return Decimal(value).normalize()
    except ArithmeticError:
        return value
