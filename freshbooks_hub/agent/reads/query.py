"""Free SQL, for what no other read answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.models import Answer
from freshbooks_hub.agent.reads.open_marts import reading
from freshbooks_hub.agent.sql import run_query


class ResultColumn(BaseModel):
    """A column of the result."""

    name: str
    type: str


class QueryAnswer(Answer):
    """`rows` in the order of `columns`; `truncated`: rows or long texts were cut, so don't add them up."""

    columns: list[ResultColumn]
    rows: list[list[Any]]
    truncated: bool


def query_marts(
    marts: Path,
    *,
    statement: Annotated[str, Field(description="One DuckDB SELECT", max_length=20_000)],
) -> QueryAnswer:
    """Run SQL for analysis that no other tool does: compare, rank, share, percent, average, median, largest, trend by
    day, month, quarter or year. Covers revenue, profit, cash, days to pay, payments by type, open bills, suppliers,
    income without invoice, accepted estimates, pipeline, credit notes, tax, time (hours) logged per person, budgets,
    services sold. Money needs GROUP BY currency_code.
    """
    result = run_query(marts, statement)
    with reading(marts) as source:
        context = source.context(marts=result.marts, apart=False)
        context.notes += result.notes
        if context.gaps:
            context.notes.append(
                "Null may mean unknown, and sums skip nulls: `gaps` says what cannot be read."
            )
    return QueryAnswer(
        context=context,
        columns=[ResultColumn(name=column.name, type=column.type) for column in result.columns],
        rows=result.rows,
        truncated=result.truncated,
    )
