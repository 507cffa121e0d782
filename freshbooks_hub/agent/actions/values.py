"""Validation of request values that several kinds share."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import WithJsonSchema

from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.currencies import decimals

YEARS = range(1970, 2101)
# Read here and not by pydantic, which takes numbers, and text of digits, for seconds since 1970.
DayText = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]


_ADDRESS = re.compile(r"[^@\s,;<>\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,}")


def is_address(text: str) -> bool:
    """Whether it is one e-mail address, without anything hidden in it."""
    return _ADDRESS.fullmatch(text) is not None and clean(text, 320) == text


def as_day(text: str) -> date:
    """A day, written YYYY-MM-DD; raises ActionRefused `invalid_date`."""
    try:
        day = date.fromisoformat(text if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else "")
    except ValueError as error:
        raise ActionRefused("invalid_date", "A date is written YYYY-MM-DD.") from error
    if day.year not in YEARS:
        raise ActionRefused(
            "invalid_date", f"A date lies in the years {YEARS[0]} to {YEARS[-1]}. Check the year."
        )
    return day


def is_amount(text: str, currency: str) -> bool:
    """Whether it is an amount of 0 or more, with at most two decimals, or those of the currency if it has more."""
    places = max(2, decimals(currency))
    return re.fullmatch(rf"\d{{1,12}}(\.\d{{1,{places}}})?", text) is not None


def as_amount(text: str, currency: str) -> Decimal:
    """An amount, see `is_amount`; raises ActionRefused `invalid_amount`."""
    if not is_amount(text, currency):
        raise ActionRefused("invalid_amount", "An amount is a decimal number as text, for example 12.50.")
    return Decimal(text)
