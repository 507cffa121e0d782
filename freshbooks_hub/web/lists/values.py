"""One value of a row: as plain data, the same in every file and on the page."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from freshbooks_hub.core.currencies import in_decimals
from freshbooks_hub.web.lists.listing import Column, Kind
from freshbooks_hub.web.lists.query import unknown_key
from freshbooks_hub.web.marts import Row

UNKNOWN = "unknown"
HUNDREDTHS = 2  # what hours and percents are rounded to on a page; files have every digit


def plain(column: Column, row: Row, zone: tzinfo) -> Any:
    """Text, a number, a date, a moment without zone on the wall clock of `zone`, or None for nothing."""
    value = row.get(column.name)
    if value is None:
        if row.get(unknown_key(column)):
            return UNKNOWN
        return column.empty if column.stands_empty(row) else None
    if column.kind is Kind.money:
        return in_decimals(value, row.get("currency_code"))
    if column.kind is Kind.moment:
        return _local(value, zone)
    if column.kind is Kind.flag:
        return "yes" if value else "no"
    if column.kind is Kind.text:
        return in_words(column, str(value))
    return value


def in_words(column: Column, text: str) -> str:
    """A code in the words of its column; a code that is new with blanks for its underscores."""
    if not column.words:
        return text
    return column.words.get(text) or text.replace("_", " ").capitalize()


def _local(value: datetime, zone: tzinfo) -> datetime:
    at = value if value.tzinfo else value.replace(tzinfo=UTC)
    return at.astimezone(zone).replace(tzinfo=None, microsecond=0)
