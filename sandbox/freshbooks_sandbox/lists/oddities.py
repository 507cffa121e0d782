"""How an account may differ from the sheet's best guess: stamps, links, decimals, filters (freshbooks-api.md 9.2).

Nothing here changes the books: rows are only told, or found, in another way. By default nothing is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from freshbooks_sandbox.behaviours import Behaviours
from freshbooks_sandbox.books.query import Test
from freshbooks_sandbox.books.resource import Resource
from freshbooks_sandbox.values import EASTERN, Row, decimal, eastern, words

_STAMPS = words("updated created_at updated_at last_login last_activity signup_date version")
_UPDATED = ("updated_min", "updated_max")


def told(behaviours: Behaviours, resource: Resource, row: Row) -> Row:
    """The row of an answer, as the behaviours have it."""
    if behaviours.stamp_zones:
        row = {**row, **_rezoned(behaviours, resource, row)}
    if behaviours.time_link != "as_sent" and "lines" in row:
        row = {**row, "lines": [_linked(line, behaviours.time_link) for line in row["lines"]]}
    if not behaviours.lines_name_expenses and "lines" in row:
        row = {**row, "lines": [_nameless(line) for line in row["lines"]]}
    if behaviours.currency_decimals:
        changed: Row = _with_decimals(row, behaviours.currency_decimals)
        row = changed
    return row


def ignored(behaviours: Behaviours, resource: str, name: str) -> bool:
    """Whether the filter `name` of a list is accepted and does nothing."""
    return f"{resource}.{name}" in behaviours.ignored_filters


def moved(behaviours: Behaviours, resource: Resource, name: str, test: Test) -> Test:
    """`updated_min` and `updated_max` on another column, or on days of another zone."""
    column = behaviours.filter_stamps.get(resource.name, resource.stamp)
    if name not in _UPDATED or column is None:
        return test
    if column == resource.stamp and behaviours.filter_days == "eastern":
        return test

    def other(row: Row) -> bool:
        text = str(row.get(column) or "")
        if behaviours.filter_days == "utc" and len(text) > 10:
            text = _in_zone(text, _is_utc(resource, column), to_utc=True)
        return test({**row, str(resource.stamp): text})

    return other


def _is_utc(resource: Resource, column: str) -> bool:
    return resource.clock is not eastern or column == "signup_date"


def _rezoned(behaviours: Behaviours, resource: Resource, row: Row) -> Row:
    changed: Row = {}
    for column in _STAMPS:
        zone = behaviours.stamp_zones.get(f"{resource.name}.{column}")
        if zone is None and column != "signup_date":
            zone = behaviours.stamp_zones.get(resource.name)
        if zone is not None and row.get(column):
            text = str(row[column])
            changed[column] = _in_zone(text, _is_utc(resource, column), to_utc=zone == "utc")
    return changed


def _in_zone(text: str, is_utc: bool, *, to_utc: bool) -> str:
    """The same instant, in the same form of text."""
    if is_utc == to_utc:
        return text
    mark = "T" if "T" in text else " "
    whole, point, rest = text.partition(".")
    at = datetime.fromisoformat(whole).replace(tzinfo=UTC if is_utc else EASTERN)
    return at.astimezone(UTC if to_utc else EASTERN).strftime(f"%Y-%m-%d{mark}%H:%M:%S") + point + rest


def _linked(line: Row, shape: str) -> Row:
    """`modern_time_entries` as objects, as numbers, or not at all."""
    if "modern_time_entries" not in line:
        return line
    numbers = [link["id"] if isinstance(link, dict) else link for link in line["modern_time_entries"]]
    shown = {"objects": [{"id": number} for number in numbers], "numbers": numbers}.get(shape, [])
    return {**line, "modern_time_entries": shown}


def _nameless(line: Row) -> Row:
    """Without the expense that it bills on."""
    return {**line, "type": 0, "expenseid": 0} if line.get("expenseid") else line


def _with_decimals(value: Any, wanted: dict[str, int]) -> Any:
    """Money of the named currencies with that many decimals; no digit that counts is dropped."""
    if isinstance(value, list):
        return [_with_decimals(item, wanted) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"amount", "code"} and value["code"] in wanted:
        places, number = wanted[value["code"]], decimal(value)
        shown = round(number, places)
        return {**value, "amount": f"{shown:.{places}f}"} if shown == number else value
    return {key: _with_decimals(item, wanted) for key, item in value.items()}
