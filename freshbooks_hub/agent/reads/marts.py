"""The marts themselves: what they hold, and free SQL for what no other read answers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from freshbooks_hub.agent.reads.models import Answer, ReadRefused
from freshbooks_hub.agent.reads.reader import MartsReader, read_marts
from freshbooks_hub.agent.sql import run_query
from freshbooks_hub.agent.text import folded, nearest


class Mart(BaseModel):
    """A table; `grain`: the columns that make up one row."""

    mart_name: str
    description: str
    grain: str


class MartColumn(BaseModel):
    """A column; `currency_column` names the currency of money."""

    column_name: str
    data_type: str
    description: str
    currency_column: str | None


class Metric(BaseModel):
    """A figure with the SQL that gives it."""

    metric_name: str
    metric_definition: str
    synonyms: str
    example_sql: str


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
    """What SQL can query: the marts with their metrics and freshness or, with `mart`, the columns of one."""
    with read_marts(marts) as source:
        context = source.context(marts=None if mart is None else [folded(mart).removeprefix("marts.")])
        known = source.rows(
            "SELECT DISTINCT mart_name, mart_description AS description, grain FROM fb_dictionary ORDER BY mart_name"
        )
        if mart is None:
            return MartsAnswer(
                context=context,
                marts=[Mart(**row) for row in known],
                columns=[],
                metrics=_metrics(source, None),
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


def _metrics(source: MartsReader, mart: str | None) -> list[Metric]:
    rows = source.rows(
        "SELECT metric_name, metric_definition, synonyms, example_sql FROM fb_metrics "
        "WHERE mart_name = coalesce(?, mart_name) ORDER BY metric_name",
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
    """`rows` in the order of `columns`; `truncated`: rows or long texts were cut, so don't add them up."""

    columns: list[ResultColumn]
    rows: list[list[Any]]
    truncated: bool


def query_marts(
    marts: Path,
    *,
    statement: Annotated[str, Field(description="One DuckDB SELECT", max_length=20_000)],
) -> QueryAnswer:
    """Answer a question that no other tool does with one SELECT (DuckDB SQL) on the marts.

    They cover revenue, profit, payments, bills, estimates, credit notes, taxes, time and budgets; describe_marts lists
    tables and columns. Group amounts by currency_code.
    """
    result = run_query(marts, statement)
    with read_marts(marts) as source:
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
