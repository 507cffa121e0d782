"""How an account may differ from the sheet's best guess: stamps, links, decimals, filters (freshbooks-api.md 9.2).

Nothing here changes the books: rows are only told, or found, in another way. Each switch's default changes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from freshbooks_sandbox.answers import Row
from freshbooks_sandbox.money import decimal
from freshbooks_sandbox.query import Test
from freshbooks_sandbox.resource import Resource
from freshbooks_sandbox.stamps import EASTERN, eastern
from freshbooks_sandbox.switches import Switches
from freshbooks_sandbox.words import words

_STAMPS = words("updated created_at updated_at last_login last_activity signup_date version")
_UPDATED = ("updated_min", "updated_max")


def told(switches: Switches, resource: Resource, row: Row) -> Row:
    """The row of an answer, as the switches have it."""
    if switches.stamp_zones:
        row = {**row, **_rezoned(switches, resource, row)}
    if switches.time_link != "as_sent" and "lines" in row:
        row = {**row, "lines": [_linked(line, switches.time_link) for line in row["lines"]]}
    if switches.currency_decimals:
        changed: Row = _with_decimals(row, switches.currency_decimals)
        row = changed
    return row


def ignored(switches: Switches, resource: str, name: str) -> bool:
    """Whether the filter `name` of a list is accepted and does nothing."""
    return f"{resource}.{name}" in switches.ignored_filters


def moved(switches: Switches, resource: Resource, name: str, test: Test) -> Test:
    """`updated_min` and `updated_max` on another column, or on days of another zone."""
    column = switches.filter_stamps.get(resource.name, resource.stamp)
    if name not in _UPDATED or column is None:
        return test
    if column == resource.stamp and switches.filter_days == "eastern":
        return test

    def other(row: Row) -> bool:
        text = str(row.get(column) or "")
        if switches.filter_days == "utc" and len(text) > 10:
            text = _in_zone(text, _is_utc(resource, column), to_utc=True)
        return test({**row, str(resource.stamp): text})

    return other


def _is_utc(resource: Resource, column: str) -> bool:
    return resource.clock is not eastern or column == "signup_date"


def _rezoned(switches: Switches, resource: Resource, row: Row) -> Row:
    changed: Row = {}
    for column in _STAMPS:
        zone = switches.stamp_zones.get(f"{resource.name}.{column}")
        if zone is None and column != "signup_date":
            zone = switches.stamp_zones.get(resource.name)
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
