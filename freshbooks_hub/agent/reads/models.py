"""What every answer to an agent has: whose books, as of when, and text that strangers wrote, made harmless.

Amounts are decimals, as text in JSON, beside their `currency_code`; days are days of the business, instants UTC.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from freshbooks_hub.agent.untrusted import clean
from freshbooks_hub.core.errors import HubError

# Names, and longer text such as notes, as somebody typed them.
Text = Annotated[str, AfterValidator(lambda text: clean(text, 200))]
Prose = Annotated[str, AfterValidator(lambda text: clean(text, 500))]


def _plain(value: Any) -> Any:
    """Without trailing zeros beyond two decimals: 2.5000 is 2.50."""
    if not isinstance(value, Decimal):
        return value
    return value.quantize(Decimal("0.01")) if value == value.quantize(Decimal("0.01")) else value.normalize()


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
    """Enough of a client to tell it from others."""

    business_id: int
    client_id: int
    client_name: Text | None
    email: Text | None
    client_status: str


class Answer(BaseModel):
    """Any answer."""

    context: Context


class Page(Answer):
    """A part of a list: `has_more` says that it was cut, `next_cursor` goes on."""

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
