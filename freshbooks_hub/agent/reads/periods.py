"""SQL for marts with one row a month: whole months of a span, grouping by period, and sums that stay unknown."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from freshbooks_hub.agent.reads.models import Day, check_span
from freshbooks_hub.core.clock import month_end

FromMonth = Annotated[Day | None, Field(description="Whole months count")]
ToMonth = Day | None


def period_of(column: str) -> dict[str, str]:
    """SQL for the name of each kind of period of the day in `column`: 2026-10, 2026-Q4, 2026."""
    return {
        "month": f"strftime({column}, '%Y-%m')",
        "quarter": f"year({column}) || '-Q' || quarter({column})",
        "year": f"strftime({column}, '%Y')",
    }


def known_sum(column: str, condition: str = "true") -> str:
    """The SQL of a sum that is null, unknown, as soon as one of its rows is."""
    return (
        f"CASE WHEN bool_or({column} IS NULL) FILTER ({condition}) THEN NULL "
        f"ELSE coalesce(sum({column}) FILTER ({condition}), 0) END"
    )


def months(first: date | None, last: date | None) -> tuple[date | None, date | None]:
    """The whole months around the days. Raises ReadRefused when the days are reversed."""
    check_span(first, last, ("date_from", "date_to"))
    if last is not None:
        last = month_end(last)
    return first and first.replace(day=1), last
