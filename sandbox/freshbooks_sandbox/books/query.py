"""Filters and sorts of lists (freshbooks-api.md 3.2, 3.3). What is not known here is silently ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from freshbooks_sandbox import responses
from freshbooks_sandbox.values import Row, decimal, parse_day, parse_instant

Test = Callable[[Row], bool]
Filter = Callable[[str, list[str]], Test]  # (search key, values sent) -> test of a row
Params = dict[str, list[str]]


def _number(key: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        message = f"Invalid filter value '{text}': must be a number."
        raise responses.accounting(422, 1024, message, key, "search", text) from None


def _day(key: str, text: str) -> str:
    try:
        return parse_day(text).isoformat()
    except ValueError:
        message = f"Invalid filter value '{text}': must be a date (YYYY-MM-DD)."
        raise responses.accounting(422, 1023, message, key, "search", text) from None


def day_value(key: str, values: list[str]) -> str:
    """The last value as a checked day."""
    return _day(key, values[-1])


def _truth(key: str, text: str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if known is None:
        message = f"Invalid filter value '{text}': must be a boolean."
        raise responses.accounting(422, 1032, message, key, "search", text)
    return known


def equals(field: str) -> Filter:
    """Text equality."""
    return lambda _key, values: lambda row: str(row.get(field)) == values[-1]


def equals_number(field: str) -> Filter:
    def make(key: str, values: list[str]) -> Test:
        wanted = _number(key, values[-1])
        return lambda row: row.get(field) == wanted

    return make


def equals_truth(test: Test) -> Filter:
    def make(key: str, values: list[str]) -> Test:
        wanted = _truth(key, values[-1])
        return lambda row: test(row) == wanted

    return make


def in_numbers(field: str) -> Filter:
    """`search[userids][]=1&search[userids][]=2`."""

    def make(key: str, values: list[str]) -> Test:
        wanted = {_number(key, value) for value in values}
        return lambda row: row.get(field) in wanted

    return make


def in_texts(field: str) -> Filter:
    """`search[statuses][]=paid&search[statuses][]=partial`."""
    return lambda _key, values: lambda row: row.get(field) in values


def contains(*fields: str) -> Filter:
    def make(_key: str, values: list[str]) -> Test:
        needle = values[-1].lower()
        return lambda row: any(needle in str(row.get(field) or "").lower() for field in fields)

    return make


def ids(name: str, field: str | None = None) -> dict[str, Filter]:
    """`name` (equals) and its plural (in)."""
    field = field or name
    return {name: equals_number(field), f"{name}s": in_numbers(field)}


def days(name: str, field: str | None = None) -> dict[str, Filter]:
    """`name_min` (at or after that midnight of the stored clock) and `name_max` (strictly before)."""
    field = field or name

    def low(key: str, values: list[str]) -> Test:
        bound = _day(key, values[-1])
        return lambda row: str(row.get(field) or "")[:10] >= bound

    def high(key: str, values: list[str]) -> Test:
        bound = _day(key, values[-1])
        return lambda row: str(row.get(field) or "")[:10] < bound

    return {f"{name}_min": low, f"{name}_max": high}


def amounts(name: str, field: str | None = None) -> dict[str, Filter]:
    field = field or name
    return {
        f"{name}_min": lambda _key, values: lambda row: decimal(row.get(field)) >= decimal(values[-1]),
        f"{name}_max": lambda _key, values: lambda row: decimal(row.get(field)) < decimal(values[-1]),
    }


def search_params(params: list[tuple[str, str]]) -> Params:
    """Values by key of `search[key]=` and `search[keys][]=`."""
    found: Params = {}
    for name, value in params:
        if name.startswith("search[") and name.endswith("]"):
            found.setdefault(name[7:].removesuffix("[]").rstrip("]"), []).append(value)
    return found


def bare_truth(params: dict[str, str], name: str) -> bool | None:
    """A bare boolean of projects or time tracking; 422 when it is neither."""
    text = params.get(name)
    if text is None:
        return None
    known = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if known is None:
        raise responses.invalid(name, "Input should be a valid boolean, unable to interpret input")
    return known


def bare_instant(params: dict[str, str], name: str, form: Callable[[Any], str]) -> str | None:
    """A bare ISO 8601 value in the stored text form; 422 as seen live when it is not one."""
    text = params.get(name)
    if text is None:
        return None
    try:
        return form(parse_instant(text))
    except ValueError:
        reason = "input is too short" if len(text) < 10 else "invalid character in year"
        raise responses.invalid(name, f"Input should be a valid datetime or date, {reason}") from None


def bare_number(params: dict[str, str], name: str) -> int | None:
    text = params.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        reason = "Input should be a valid integer, unable to parse string as an integer"
        raise responses.invalid(name, reason) from None
