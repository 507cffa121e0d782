"""What all reads share: arguments, the context of an answer, its maximum length, and cleaning of text.

Amounts are text in JSON, with the decimals of their `currency_code`, which stands beside them; days are days of the
business, instants UTC. The server shows the descriptions of the arguments to models with every tool, so they are short.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.currencies import in_decimals
from freshbooks_hub.core.errors import HubError

M = TypeVar("M", bound=BaseModel)
# How long an answer may be without being asked for more, in characters of JSON: about 6,000 tokens of 3.5 of them or
# more, with what surrounds the rows.
ROWS = 16_000
_WIDE = 12  # columns; a narrower table is read as it is

# Names, and longer text such as notes, as somebody typed them.
Text = Annotated[str, AfterValidator(lambda text: clean(text, 200))]
Prose = Annotated[str, AfterValidator(lambda text: clean(text, 500))]


def _plain(value: Any) -> Any:
    """Without trailing zeros beyond two decimals: 2.5000 is 2.50."""
    return in_decimals(value, None) if isinstance(value, Decimal) else value


Amount = Decimal
# Hours, rates and quantities.
Quantity = Annotated[Decimal, BeforeValidator(_plain)]


class Business(BaseModel):
    """A business that the answer is about."""

    business_id: int
    business_name: Text | None


class Context(BaseModel):
    """As of when, of which businesses, and what to know about the figures (`notes`).

    `gaps`: what could not be read and touches the answer, a sentence each; what is null for it is unknown, never 0.
    `missing`: the same as (business, stream), for our own use.
    """

    as_of_date: date
    published_at: datetime
    last_sync_at: datetime | None
    businesses: list[Business]
    notes: list[str]
    gaps: list[str]
    missing: frozenset[tuple[int, str]] = Field(default=frozenset(), exclude=True)

    def lacks(self, *streams: str) -> bool:
        """Whether one of these streams is not available for a business that the answer is about."""
        return any(stream in streams for _, stream in self.missing)


class ClientRef(BaseModel):
    """Enough of a client to tell it apart from others."""

    business_id: int
    client_id: int
    client_name: Text | None
    email: Text | None
    client_status: str


class Answer(BaseModel):
    """Any answer."""

    context: Context


class Page(Answer):
    """A part of a list: `has_more` says that rows follow, `next_cursor` asks for them."""

    has_more: bool
    next_cursor: str | None


class ReadRefused(HubError):
    """A question that cannot be answered as it was asked.

    The message holds no text of the books; `candidates` are clients that may have been meant, as data.
    """

    def __init__(self, code: str, message: str, candidates: list[ClientRef] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.candidates = candidates or []


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _day_as_written(value: Any) -> Any:
    """Pydantic takes numbers, and text of digits, for seconds since 1970: a year would become a day of that."""
    if isinstance(value, date) or (isinstance(value, str) and _DAY.match(value)):
        return value
    raise ValueError("a day is written YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(_day_as_written)]

Client = Annotated[str | None, Field(description="Name, e-mail or id", max_length=200)]
TheClient = Annotated[str, Field(description="Name, e-mail or id", max_length=200)]
Project = Annotated[str | None, Field(description="Part of its name, or id", max_length=200)]
BusinessId = int | None
Currency = Annotated[str | None, Field(description="Such as USD", max_length=200)]
Cursor = Annotated[str | None, Field(max_length=100)]
Limit = Annotated[int, Field(ge=1, le=200)]
From = Day | None
To = Day | None


def check_span(first: date | None, last: date | None, names: tuple[str, str]) -> None:
    """Raises ReadRefused when the span ends before it begins: nothing would match, and be taken for an answer."""
    if first is not None and last is not None and first > last:
        raise ReadRefused(
            "days_reversed", f"{names[0]} is after {names[1]}. Ask again with the days exchanged."
        )


def fitting(items: list[M], characters: int = ROWS) -> list[M]:
    """As many of the first `items` as have room; at least one."""
    kept: list[M] = []
    for item in items:
        characters -= len(item.model_dump_json(exclude_none=True)) + 1
        if characters < 0 and kept:
            break
        kept.append(item)
    return kept


def fitting_rows(rows: list[list[Any]]) -> list[list[Any]]:
    """The same for rows of SQL; none if the first one has no room."""
    characters = ROWS
    for number, row in enumerate(rows):
        characters -= len(json.dumps(row, ensure_ascii=False)) + 1
        if characters < 0:
            return rows[:number]
    return rows


def shared_values(names: list[str], rows: list[list[Any]]) -> dict[int, Any]:
    """Column index to value where a column of a wide table is the same in every row; not for repeated names."""
    if len(names) <= _WIDE or len(rows) < 2:
        return {}
    first = rows[0]
    return {
        index: first[index]
        for index, name in enumerate(names)
        if names.count(name) == 1 and all(row[index] == first[index] for row in rows)
    }
