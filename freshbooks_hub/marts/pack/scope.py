"""The scope of a pack: one business, whole months and a basis."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from freshbooks_hub.core.clock import month_end
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.labels import ascii_words
from freshbooks_hub.marts.rows import accounting_businesses, rows_of

BASES = {"accrual": "accrual basis (as billed)", "cash": "cash basis (as paid)"}
_MONTH = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")


@dataclass(frozen=True)
class Business:
    """A business with accounting. `first` and `as_of`: the first and the last day that was read."""

    id: int
    name: str
    time_zone: str | None
    first: date
    as_of: date


@dataclass(frozen=True)
class Scope:
    """`start` is the first day of a month, `end` the last day of one; both are days of the business."""

    business: Business
    start: date
    end: date
    basis: str

    @property
    def last(self) -> date:
        """The last day of the period that the books were read for."""
        return min(self.end, self.business.as_of)

    @property
    def months(self) -> list[date]:
        """First days of the months that have begun by the as-of day."""
        return months(self.start, self.last)

    @property
    def file_name(self) -> str:
        """`maple-pine-studio_2026-10_2026-12_accrual`"""
        name = ascii_words(self.business.name)[:40] or str(self.business.id)
        return f"{name}_{self.start:%Y-%m}_{self.end:%Y-%m}_{self.basis}"


def months(start: date, end: date) -> list[date]:
    """First days of the months from `start` to `end`."""
    numbers = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def businesses(db: duckdb.DuckDBPyConnection) -> list[Business]:
    """Those with accounting, in the order of the pages. `db` looks up names in schema marts."""
    return [
        Business(number, name or f"Business {number}", _zone(db, number), _first(db, number) or as_of, as_of)
        for number, name, as_of in accounting_businesses(db)
    ]


def choose(found: Sequence[Business], asked: str | None) -> Business:
    """By number or name; without either the only one. Raises HubError listing the choices."""
    if not found:
        raise HubError(
            "There is no business with accounting in the synced data, so there is nothing to pack."
        )
    wanted = (asked or "").strip()
    hits = [b for b in found if wanted in {str(b.id), b.name} or wanted.casefold() == b.name.casefold()]
    if not wanted and len(found) == 1:
        hits = [found[0]]
    if len(hits) != 1:
        listed = ", ".join(f"{b.id} ({b.name})" for b in found)
        why = f"There is no business {wanted!r}." if wanted else "There are several businesses."
        raise HubError(f"{why} Choose one by its number: {listed}.")
    return hits[0]


def scope_of(business: Business, start: str, end: str, basis: str) -> Scope:
    """From what a person gave: months as 2026-10, or the first and last day of a month. Raises HubError."""
    if basis not in BASES:
        raise HubError(f"{basis!r} is not a basis. Use accrual or cash.")
    first, last = _day(start, at_end=False), _day(end, at_end=True)
    if first > last:
        raise HubError("The period ends before it begins. Give the earlier month first.")
    if first > business.as_of:
        raise HubError(
            f"The books were read up to {business.as_of}, so there is nothing from {first} on. Choose earlier months."
        )
    return Scope(business, first, last, basis)


def _day(text: str, *, at_end: bool) -> date:
    found = _MONTH.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        month = date(int(found[1]), int(found[2]), 1)
        day = month_end(month) if at_end else month
        given = month.replace(day=int(found[3])) if found[3] else day
    except ValueError:
        raise HubError(f"{text!r} is not a month. Write it as 2026-10.") from None
    if given != day:
        raise HubError(
            "A pack is of whole months, because FreshBooks' reports are read by month. "
            f"{given} is inside a month: write {month:%Y-%m} for all of it."
        )
    return day


def _zone(db: duckdb.DuckDBPyConnection, business_id: int) -> str | None:
    row = _one(db, "SELECT time_zone FROM businesses WHERE business_id = ?", business_id)
    return str(row) if row else None


def _first(db: duckdb.DuckDBPyConnection, business_id: int) -> date | None:
    """The first day of the oldest statement or posting."""
    days = [
        _one(db, f"SELECT min({column}) FROM {mart} WHERE business_id = ?", business_id)  # noqa: S608 - our names
        for mart, column in (
            ("profit_and_loss", "start_date"),
            ("trial_balance", "start_date"),
            ("general_ledger", "posting_date"),
            ("sales_tax", "month_start_date"),
        )
    ]
    known = [day for day in days if isinstance(day, date)]
    return min(known).replace(day=1) if known else None


def _one(db: duckdb.DuckDBPyConnection, statement: str, value: Any) -> Any:
    rows = rows_of(db, statement, value)
    return rows[0][0] if rows else None
