"""A row as FreshBooks sends it to a record that fits its schema, in one pass.

FreshBooks sends ids as strings, money as numbers and empty dates here and there (freshbooks-api.md 5, 6.4);
a destination wants one type per column. Leaked credentials are dropped in the same pass.

Most rows fit as they came, which `msgspec.convert` tells in one pass outside Python; casting them field by field took
a quarter of a sync.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import GenericAlias, NoneType
from typing import Annotated, Any

import orjson
from msgspec import Meta, ValidationError, convert, defstruct

from source_freshbooks.components.availability import text_of
from source_freshbooks.components.redaction import LEAKED_KEYS, redact
from source_freshbooks.components.timestamps import to_utc

logger = logging.getLogger("airbyte.freshbooks")

LEAST, GREATEST = -(2**63), 2**63 - 1  # of an integer column

Cast = Callable[[Any], Any]
# The type that needs no cast (none: object()), and the cast for any other.
Plan = tuple[object, Cast]
_ALWAYS = object()


def _string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise ValueError


def _integer(value: Any) -> int | None:
    if value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError
    if isinstance(value, int) or (isinstance(value, str) and value.removeprefix("-").isdigit()):
        whole = int(value)
    elif (number := float(value)) != (whole := int(number)):
        raise ValueError
    if not LEAST <= whole <= GREATEST:
        raise OverflowError
    return whole


_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "": None, 1: True, 0: False}


def _boolean(value: Any) -> bool | None:
    return _BOOLEANS[value]


def _date(value: Any) -> str | None:
    if value == "":
        return None
    day: str = value[:10]
    parsed = date.fromisoformat(day)
    return day if day[4] == day[7] == "-" else parsed.isoformat()  # 20261031 and 2026-W44-6 parse too


def _utc(value: Any) -> str | None:
    if value == "":
        return None
    if (stamp := to_utc(value, "utc")) is None:
        raise ValueError
    return stamp


_SCALARS: dict[str, Plan] = {
    "string": (str, _string),
    "integer": (_ALWAYS, _integer),
    "boolean": (bool, _boolean),
    "date": (_ALWAYS, _date),
    "date-time": (_ALWAYS, _utc),
}


def _scalars(fits: object, cast: Cast) -> Cast:
    """The cast of a list of scalars."""

    def cast_all(value: Any) -> Any:
        if type(value) is not list:
            raise ValueError
        return [inner if inner is None or type(inner) is fits else cast(inner) for inner in value]

    return cast_all


# A time may be written in another way than ours, so that it never fits.
_FAST: dict[str, Any] = {
    "string": str,
    "integer": Annotated[int, Meta(ge=LEAST, le=GREATEST)],
    "boolean": bool,
    "date": date,
    "date-time": NoneType,
}
# What has no schema of its own is looked through for leaked credentials.
_EMPTY = Meta(max_length=0)


def fast_path_schema(schema: Mapping[str, Any]) -> Any:
    """The type of the values that fit `schema` without a cast, nothing unknown in them."""
    kind = kind_of(schema)
    if kind == "object":
        properties: Mapping[str, Any] = schema.get("properties") or {}
        # Names of our own, since a key need not be one of Python's.
        keys = {f"f{number}": key for number, key in enumerate(properties)}
        fields = [(name, fast_path_schema(properties[key]) | None, None) for name, key in keys.items()]
        if fields:
            return defstruct("Row", fields, rename=keys, forbid_unknown_fields=True, gc=False)
        return Annotated[dict, _EMPTY]
    if kind == "array":
        items: Mapping[str, Any] = schema.get("items") or {}
        return (
            GenericAlias(list, (fast_path_schema(items),))
            if items.get("properties")
            else Annotated[list, _EMPTY]
        )
    return _FAST[schema.get("format", kind)]


def kind_of(schema: Mapping[str, Any]) -> str:
    """The type of `schema`'s values that are not null."""
    types = schema["type"]
    return next(kind for kind in ([types] if isinstance(types, str) else types) if kind != "null")


Change = dict[str, str]


def _nulled(field: str, value: Any) -> Change:
    reason = "SOURCE_SERIALIZATION_ERROR"
    return {"field": field, "change": "NULLED", "reason": reason, "value": text_of(value)}


def null_unwritable(record: dict[str, Any]) -> list[Change]:
    """Null the values that JSON cannot hold, nested too deeply for one; what became null."""
    changes = []
    for field, value in record.items():
        try:
            orjson.dumps(value)
        except TypeError:
            changes.append(_nulled(field, value))
            record[field] = None
    return changes


class RecordShaper:
    """Casts rows of one stream to `schema`, in place. What cannot be cast becomes null and is logged once.

    `changes`: what became null in the last row, as Airbyte's `meta.changes`, with the value's text beside it.
    """

    def __init__(self, stream: str, schema: Mapping[str, Any]) -> None:
        self._stream = stream
        self._warned: set[str] = set()
        self.changes: list[Change] = []
        self._fast_path = fast_path_schema(schema)
        self._plans = self._compile(schema)

    def shape(self, row: dict[str, Any]) -> dict[str, Any]:
        self.changes = []
        try:
            convert(row, self._fast_path)
        except ValidationError:
            try:
                return self._shape(row, self._plans)
            except RecursionError:
                self.changes = null_unwritable(row)
                return self._shape(row, self._plans)
        return row

    def _shape(self, row: dict[str, Any], plans: Mapping[str, Plan]) -> dict[str, Any]:
        leaked = []
        for key, value in row.items():
            if value is None:
                if key in LEAKED_KEYS:  # not even as a column that is empty so far
                    leaked.append(key)
                continue
            plan = plans.get(key)
            if plan is None:
                if key in LEAKED_KEYS:
                    leaked.append(key)
                elif type(value) in (dict, list):
                    row[key] = redact(value)
            elif type(value) is not plan[0]:
                before = len(self.changes)
                try:
                    row[key] = plan[1](value)
                except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
                    self._warn(key)
                    self._nulled(key, value)
                    row[key] = None
                else:
                    self._within(key, before)
        for key in leaked:
            del row[key]
        return row

    def _warn(self, key: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            logger.warning(
                "%s.%s: FreshBooks sent a value of another type; it is null in the record", self._stream, key
            )

    def _nulled(self, field: str, value: Any) -> None:
        self.changes.append(_nulled(field, value))

    def _within(self, holder: str | int, before: int) -> None:
        """The changes from `before` on are of a part of `holder`."""
        for change in self.changes[before:]:
            change["field"] = f"{holder}.{change['field']}"

    def _compile(self, schema: Mapping[str, Any]) -> dict[str, Plan]:
        return {key: self._plan(inner) for key, inner in (schema.get("properties") or {}).items()}

    def _plan(self, schema: Mapping[str, Any]) -> Plan:
        kind = kind_of(schema)
        if kind == "object":
            return _ALWAYS, self._object(self._compile(schema))
        if kind == "array":
            items = schema.get("items") or {}
            if "type" in items and kind_of(items) in _SCALARS:
                return _ALWAYS, _scalars(*self._plan(items))
            return _ALWAYS, self._array(self._compile(items))
        return _SCALARS[schema.get("format", kind)]

    def _object(self, plans: Mapping[str, Plan]) -> Cast:
        shape = self._shape

        def cast(value: Any) -> Any:
            if type(value) is not dict:
                raise ValueError
            return shape(value, plans)

        return cast

    def _array(self, plans: Mapping[str, Plan]) -> Cast:
        def cast(value: Any) -> Any:
            if type(value) is not list:
                raise ValueError
            if not plans:
                return redact(value)
            return list(self._objects(value, plans))

        return cast

    def _objects(self, values: list[Any], plans: Mapping[str, Plan]) -> Iterator[dict[str, Any]]:
        for place, value in enumerate(values):
            before = len(self.changes)
            if type(value) is dict:
                yield self._shape(value, plans)
                self._within(place, before)
            elif value is not None:
                self._nulled(str(place), value)
