"""Rows that a real account may hold and that no figure may stumble over.

Each is said in the types that a loader writes: what does not fit one is null there, and named in `_airbyte_meta`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from unit_tests.dbt.books import PLAIN, STAMP
from unit_tests.dbt.ledger import ONE, expense, flags, invoice, money, payment
from unit_tests.dbt.raw_tables import Row, Rows

DAY = "2026-05-01"


@dataclass(frozen=True)
class Odd:
    """A row, what of it is listed (row key, column, why), and the plain row that it counts as; None for no row."""

    name: str
    stream: str
    row: Row
    listed: tuple[str | None, str, str]
    counts_as: Row | None = None


def nulled(field: str, value: str, by: str = "SOURCE_SERIALIZATION_ERROR") -> Row:
    """What the connector says of a value that it had to leave out."""
    return {
        "_airbyte_meta": {"changes": [{"field": field, "change": "NULLED", "reason": by, "value": value}]}
    }


def rejected(name: str, stream: str, row: Row, key: object, column: str, why: str) -> Odd:
    return Odd(name, stream, row, (None if key is None else str(key), column, why))


def published(name: str, stream: str, row: Row, key: object, column: str, why: str, **counts_as: Any) -> Odd:
    plain = {**row, **counts_as}
    plain.pop("_airbyte_meta", None)
    return Odd(name, stream, row, (str(key), column, why), plain)


def odd_invoice(number: int, **more: Any) -> Row:
    made = invoice(ONE, number, 8, "62.00", "2026-08-01")
    return {**made, "create_date": "2026-06-01", **more}


def odd_payment(number: int, **more: Any) -> Row:
    return {**payment(ONE, number, 1, "5.00", date="2026-06-01"), **more}


def odd_expense(number: int, **more: Any) -> Row:
    return {**expense(ONE, number, 11, "62.00", DAY), **more}


def odd_income(number: int, **more: Any) -> Row:
    plain = {**ONE, **PLAIN, **STAMP, "incomeid": number, "amount": money("7.00"), "date": DAY, "taxes": []}
    return {**plain, **more}


def odd_bill_payment(number: int, **more: Any) -> Row:
    return {**ONE, **flags(0), "id": number, "billid": 1, "amount": money("1.00"), "paid_date": DAY, **more}


def odd_report(code: str | None, **more: Any) -> Row:
    period = {"start_date": "2025-01-01", "end_date": "2025-01-31", "observed_at": "2026-06-30 11:30:00"}
    return {**ONE, **PLAIN, "currency_code": code, **period, **more}


def books_with(odd: Sequence[Odd], tables: Rows) -> Rows:
    """`tables` with the odd rows; FreshBooks' reports stay as they are."""
    for row in odd:
        tables[row.stream].append(row.row)
    return tables
