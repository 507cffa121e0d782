"""The marts themselves: their data dictionary, and free SQL for what no other read answers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.models import Answer, ReadRefused, fitting_rows, shared_values
from freshbooks_hub.agent.reads.reader import MartsReader, read_marts
from freshbooks_hub.agent.sql import Limits, QueryResult, run_query
from freshbooks_hub.agent.text import clean, folded, nearest


class Mart(BaseModel):
    """A table; `grain`: the columns that make up one row. In the list of all, one line each and no grain."""

    mart_name: str
    description: str
    grain: str | None


class MartColumn(BaseModel):
    """A column; `currency_column` names the currency of money."""

    column_name: str
    data_type: str
    description: str
    currency_column: str | None


class Metric(BaseModel):
    """A figure with the SQL that gives it; in the list of all, the mart whose description has that."""

    metric_name: str
    mart_name: str
    synonyms: str | None
    metric_definition: str | None = None
    example_sql: str | None = None


class Freshness(BaseModel):
    """When rows of a stream were last read from FreshBooks, UTC; null when there are none."""

    stream_name: str
    row_count: int
    last_extracted_at: datetime | None


class MartsAnswer(Answer):
    """All marts with metrics and freshness, or one mart with its columns."""

    marts: list[Mart]
    columns: list[MartColumn]
    metrics: list[Metric]
    freshness: list[Freshness]


def describe_marts(
    marts: Path,
    *,
    mart: Annotated[str | None, Field(description="Columns of this table", max_length=60)] = None,
) -> MartsAnswer:
    """What SQL can query: every table in a line, with metrics and freshness; with `mart`, the columns of that table."""
    with read_marts(marts) as source:
        context = source.context(marts=None if mart is None else [folded(mart).removeprefix("marts.")])
        known = source.rows(
            "SELECT DISTINCT mart_name, mart_description AS description, grain FROM fb_dictionary ORDER BY mart_name"
        )
        if mart is None:
            return MartsAnswer(
                context=context,
                marts=[
                    Mart(mart_name=row["mart_name"], description=one_line(row["description"]), grain=None)
                    for row in known
                ],
                columns=[],
                metrics=_metric_names(source),
                freshness=_freshness(source),
            )
        names = [row["mart_name"] for row in known]
        mart = folded(mart).removeprefix("marts.")
        if mart not in names:
            near = nearest(mart, names, limit=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else "Ask without a name to see them all."
            raise ReadRefused("no_such_mart", f"There is no mart of this name. {hint}")
        columns = source.rows(
            "SELECT column_name, data_type, description, currency_column FROM fb_dictionary "
            "WHERE mart_name = ? ORDER BY column_number",
            mart,
        )
        return MartsAnswer(
            context=context,
            marts=[Mart(**row) for row in known if row["mart_name"] == mart],
            columns=[MartColumn(**row) for row in columns],
            metrics=_metrics(source, mart),
            freshness=[],
        )


def one_line(description: str) -> str:
    """Its first sentence."""
    return clean(description.split(". ")[0].rstrip("."), 160)


def _metric_names(source: MartsReader) -> list[Metric]:
    rows = source.rows("SELECT metric_name, mart_name, synonyms FROM fb_metrics ORDER BY metric_name")
    return [Metric(**row) for row in rows]


def _metrics(source: MartsReader, mart: str) -> list[Metric]:
    rows = source.rows(
        f"SELECT {', '.join(Metric.model_fields)} FROM fb_metrics WHERE mart_name = ? ORDER BY metric_name",  # noqa: S608
        mart,
    )
    return [Metric(**row) for row in rows]


def _freshness(source: MartsReader) -> list[Freshness]:
    rows = source.rows(
        "SELECT stream_name, sum(row_count)::BIGINT AS row_count, "
        "max(last_extracted_at) AT TIME ZONE 'UTC' AS last_extracted_at "
        "FROM fb_freshness WHERE is_synced GROUP BY stream_name ORDER BY stream_name"
    )
    return [Freshness(**row) for row in rows]


class ResultColumn(BaseModel):
    """A column of the result."""

    name: str
    type: str


class QueryAnswer(Answer):
    """`rows` in the order of `columns`; `truncated`: rows or long texts were cut, so don't add them up.

    `same_in_all_rows`: columns of a wide result that are left out of `columns` and `rows`, for each row would say
    the same. `next_offset`: where to go on; `first_row`: the index of the first one, from 1.
    """

    columns: list[ResultColumn]
    rows: list[list[Any]]
    same_in_all_rows: dict[str, Any]
    truncated: bool
    first_row: int
    next_offset: int | None


Offset = Annotated[int, Field(ge=0, le=1_000_000, description="next_offset of the answer before")]
Full = Annotated[bool, Field(description="Up to 500 rows and 50,000 tokens, not some 6,000")]


def query_marts(
    marts: Path,
    *,
    statement: Annotated[str, Field(description="One DuckDB SELECT", max_length=20_000)],
    offset: Offset = 0,
    full: Full = False,
) -> QueryAnswer:
    """Answer a question that no other tool does with one SELECT (DuckDB SQL) on the marts.

    describe_marts lists tables and columns: bills, estimates, credit notes, taxes, budgets, the ledger and more. Name
    the columns you need, and group amounts by currency_code.
    """
    result = run_query(marts, statement, Limits(offset=offset))
    columns, rows, same = _folded(result)
    if not full:
        rows = fitting_rows(rows)
        if result.rows and not rows:
            raise ReadRefused(
                "row_too_long",
                "One row is longer than an answer should be. Name fewer columns, or ask with full.",
            )
    more = result.has_more or len(rows) < len(result.rows)
    with read_marts(marts) as source:
        context = source.context(marts=result.marts, apart=False)
        context.notes += result.notes
        if context.gaps:
            context.notes.append(
                "Null may mean unknown, and sums skip nulls: `gaps` says what cannot be read."
            )
    return QueryAnswer(
        context=context,
        columns=columns,
        rows=rows,
        same_in_all_rows=same,
        truncated=more or result.truncated,
        first_row=offset + 1,
        next_offset=offset + len(rows) if more else None,
    )


def _folded(result: QueryResult) -> tuple[list[ResultColumn], list[list[Any]], dict[str, Any]]:
    """Columns and rows without what all rows share, and that."""
    names = [column.name for column in result.columns]
    shared = shared_values(names, result.rows)
    kept = [index for index in range(len(names)) if index not in shared]
    columns = [ResultColumn(name=names[index], type=result.columns[index].type) for index in kept]
    rows = [[row[index] for index in kept] for row in result.rows]
    return columns, rows, {names[index]: value for index, value in shared.items()}
