"""What a report is asked for: one period, one currency (freshbooks-api.md 3.10)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

import orjson

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.domain.common import fake_secret
from freshbooks_sandbox.values import Money, Row, money, parse_day


@dataclass(frozen=True)
class Ask:
    """`start` and `end` are included; `today` is the business's day; `params` all that was sent, flat."""

    name: str
    books: Books
    start: str
    end: str
    today: str
    code: str
    params: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The last value of a flat parameter, or ""."""
        return self._last.get(name, "")

    @cached_property
    def _last(self) -> dict[str, str]:
        return dict(self.params)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.params if key == name]

    @cached_property
    def cash_based(self) -> bool:
        return self.get("cash_based").lower() in ("true", "1")

    def holds(self, day: str) -> bool:
        return self.start <= day <= self.end

    def money(self, value: Decimal) -> Money:
        return money(value, self.code)

    def head(self) -> Row:
        """What every report says about itself. The token is a bearer link to a CSV."""
        claims = {"report": self.name, "start_date": self.start, "end_date": self.end}
        middle = base64.urlsafe_b64encode(orjson.dumps(claims)).decode().rstrip("=")
        sign = fake_secret("download", self.books.account_id, self.name, self.start, self.end)[:43]
        return {
            "company_name": self.books.business["name"],
            "currency_code": self.code,
            "start_date": self.start,
            "end_date": self.end,
            "download_token": f"eyJhbGciOiJIUzI1NiJ9.{middle}.{sign}",
        }


def read(name: str, books: Books, params: list[tuple[str, str]], today: str) -> Ask:
    """Flat dates only. One date alone stretches to today; errno 1033 and 1007 for bad ones."""
    sent = dict(params)
    start = _day(sent, "start_date")
    end = _day(sent, "end_date") or max(start or today, today)
    start = start or min(end, today)
    if start > end:
        message = "The start date is after the end date."
        raise responses.accounting(422, 1007, message, "start_date", "report", start)
    return Ask(name, books, start, end, today, sent.get("currency_code") or books.currency, tuple(params))


def _day(sent: dict[str, str], name: str) -> str | None:
    return checked_day(name, sent[name]) if sent.get(name) else None


def checked_day(name: str, text: str) -> str:
    try:
        return parse_day(text).isoformat()
    except ValueError:
        message = f"The field '{name}' must be a date."
        raise responses.accounting(422, 1033, message, name, "report", text) from None


RESOLUTIONS = {
    "m": (1, "m"),
    "q": (3, "3m"),
    "3m": (3, "3m"),
    "y": (12, "y"),
}  # as asked -> months, as answered


def periods(start: str, end: str, months: int) -> list[tuple[str, str]]:
    """(first, last day) of the calendar periods of that many months which touch start..end."""
    at, found = date.fromisoformat(start), []
    at = at.replace(month=(at.month - 1) // months * months + 1, day=1)
    while at.isoformat() <= end:
        after = (at + timedelta(days=31 * months)).replace(day=1)
        found.append((at.isoformat(), (after - timedelta(days=1)).isoformat()))
        at = after
    return found
