"""Small parts shared by the record types."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from freshbooks_sandbox import responses
from freshbooks_sandbox.books.store import Books
from freshbooks_sandbox.values import Money, Row, decimal, money, parse_day


def require(fields: Row, obj: str, *names: str) -> None:
    for name in names:
        if fields.get(name) in (None, ""):
            raise responses.required(name, obj)


def day(fields: Row, name: str, obj: str) -> str:
    """A `YYYY-MM-DD` value, checked; errno 1033 otherwise."""
    try:
        return parse_day(str(fields[name])[:10]).isoformat()
    except ValueError:
        message = f"The field '{name}' must be a date."
        raise responses.accounting(422, 1033, message, name, obj, str(fields[name])) from None


def number(fields: Row, name: str, obj: str, default: int = 0) -> int:
    value = fields.get(name, default)
    if isinstance(value, bool) or not (isinstance(value, int) or str(value).lstrip("-").isdigit()):
        message = f"The field '{name}' must be a number."
        raise responses.accounting(422, 1015, message, name, obj, str(value))
    return int(value)


def amount(value: Any, code: str, name: str, obj: str) -> Money:
    """A money object from what a caller sends: an object, text or a number."""
    try:
        sent = value.get("code") if isinstance(value, dict) else None
        return money(decimal(value), sent or code)
    except ValueError:
        message = f"The field '{name}' must be a number."
        raise responses.accounting(422, 1015, message, name, obj, str(value)) from None


def percent(value: Any, name: str, obj: str) -> Decimal:
    try:
        number = decimal(value)
    except ValueError:
        number = Decimal(-1)
    if not 0 <= number <= 100:
        raise responses.accounting(422, 1018, f"'{name}' must be a percent.", name, obj, str(value))
    return number


def find(books: Books, table: str, key: Any, field: str, obj: str) -> Row:
    """The row that `field` of another record names; errno 1012 when there is none."""
    row = books[table].get(int(key) if str(key).isdigit() else key)
    if row is None:
        raise responses.not_found(obj, field, key)
    return row


def assign(row: Row, fields: Row, names: tuple[str, ...]) -> None:
    """Copy the writable keys that are given; anything else in the body is dropped silently."""
    row.update({name: fields[name] for name in names if name in fields})


def fake_secret(*parts: Any) -> str:
    """A long, odd, made-up bearer value: such values leak in answers and clients must drop them."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def fake_jwt(*parts: Any) -> str:
    return f"eyJhbGciOiJIUzI1NiJ9.{fake_secret('claims', *parts)}.{fake_secret('sign', *parts)[:43]}"
