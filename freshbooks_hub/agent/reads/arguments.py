"""Arguments that several reads share, described once. The server shows these descriptions to models."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from freshbooks_hub.agent.reads.models import ReadRefused

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _day_as_written(value: Any) -> Any:
    """Pydantic takes numbers, and text of digits, for seconds since 1970: a year would become a day of that."""
    if isinstance(value, date) or (isinstance(value, str) and _DAY.match(value)):
        return value
    raise ValueError("a day is written YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(_day_as_written)]

Client = Annotated[str | None, Field(description="Client by name, e-mail or id", max_length=200)]
TheClient = Annotated[str, Field(description="Client by name, e-mail or id", max_length=200)]
BusinessId = Annotated[int | None, Field(description="Only this business")]
Currency = Annotated[str | None, Field(description="Only this currency, such as USD", max_length=200)]
Cursor = Annotated[str | None, Field(description="next_cursor of the page before", max_length=100)]
Limit = Annotated[int, Field(ge=1, le=200)]
From = Annotated[Day | None, Field(description="First day")]
To = Annotated[Day | None, Field(description="Last day")]


def check_span(first: date | None, last: date | None, names: tuple[str, str]) -> None:
    """Raises ReadRefused when the span ends before it begins: nothing would match, and be taken for an answer."""
    if first is not None and last is not None and first > last:
        raise ReadRefused(
            "days_reversed", f"{names[0]} is after {names[1]}. Ask again with the days exchanged."
        )
