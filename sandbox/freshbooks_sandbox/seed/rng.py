"""Repeatable chance, and instants inside business hours."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from freshbooks_sandbox.books.store import Books

FIRST = date(2024, 11, 1)
LAST = date(2026, 10, 29)
END = datetime(2026, 10, 30, 20, 0, tzinfo=UTC)


class Rng(random.Random):
    """A stream of its own for each business and area: a change in one area moves no other."""

    def __init__(self, books: Books, area: str) -> None:
        super().__init__(f"freshbooks sandbox/{books.business_id}/{area}")

    def day(self, first: date = FIRST, last: date = LAST) -> date:
        return first + timedelta(days=self.randint(0, max((last - first).days, 0)))

    def at(self, on: date) -> datetime:
        """A moment of that day between 13:00 and 22:00 UTC: office hours in Toronto."""
        seconds = self.randint(0, 9 * 3600)
        return datetime(on.year, on.month, on.day, 13, tzinfo=UTC) + timedelta(seconds=seconds)

    def later(self, after: datetime, days: int) -> datetime:
        """A moment after `after`, up to `days` later, never past the end of the seed's time."""
        span = min(timedelta(days=days), max(END - after, timedelta(seconds=2)))
        return after + timedelta(seconds=self.randint(1, max(int(span.total_seconds()) - 1, 1)))

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def price(self, low: int, high: int) -> Decimal:
        """Money with uneven cents, now and then round."""
        whole = self.randint(low, high)
        return Decimal(whole) if self.chance(0.4) else Decimal(whole) + Decimal(self.randint(1, 99)) / 100
