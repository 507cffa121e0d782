"""A row as FreshBooks sends it to a record that fits its schema, in one pass.

FreshBooks sends ids as strings, money as numbers and empty dates here and there (freshbooks-api.md 5, 6.4);
a destination wants one type per column. Leaked credentials are dropped in the same pass.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from source_freshbooks.components.redaction import LEAKED_KEYS, redact
from source_freshbooks.components.timestamps import to_utc

logger = logging.getLogger("airbyte.freshbooks")

Cast = Callable[[Any], Any]


def _string(value: Any) -> str | None:
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise ValueError


def _integer(value: Any) -> int | None:
    if type(value) is int:
        return value
    if value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, float)):
        raise ValueError
    if (number := float(value)) != (whole := int(number)):
        raise ValueError
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else whole


def _number(value: Any) -> float | int | None:
    if type(value) in (int, float):
        return value  # type: ignore[no-any-return]
    return None if value == "" else float(value)


_BOOLEANS = {True: True, False: False, "true": True, "false": False, "1": True, "0": False, "": None}


def _boolean(value: Any) -> bool | None:
    if type(value) is bool:
        return value
    return _BOOLEANS[value]


def _date(value: Any) -> str | None:
    if value == "":
        return None
    return date.fromisoformat(value[:10]).isoformat()


def _utc(value: Any) -> str | None:
    if value == "":
        return None
    if (stamp := to_utc(value, "utc")) is None:
        raise ValueError
    return stamp


class RecordShaper:
    """Casts rows of one stream to `schema`. A value that cannot be cast becomes null and is logged once."""

    def __init__(self, stream: str, schema: Mapping[str, Any]) -> None:
        self._stream = stream
        self._warned: set[str] = set()
        self._casts = self._compile(schema)

    def shape(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return self._shape(row, self._casts)

    def _shape(self, row: Mapping[str, Any], casts: Mapping[str, Cast]) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for key, value in row.items():
            cast = casts.get(key)
            if cast is None:
                if key in LEAKED_KEYS:
                    continue
                value = redact(value)
            elif value is not None:
                try:
                    value = cast(value)
                except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
                    self._warn(key)
                    value = None
            record[key] = value
        return record

    def _warn(self, key: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            logger.warning(
                "%s.%s: FreshBooks sent a value of another type; it is null in the record", self._stream, key
            )

    def _compile(self, schema: Mapping[str, Any]) -> dict[str, Cast]:
        return {
            key: self._cast(inner)
            for key, inner in (schema.get("properties") or {}).items()
            if key not in LEAKED_KEYS
        }

    def _cast(self, schema: Mapping[str, Any]) -> Cast:
        types = schema["type"]
        kind = next(t for t in ([types] if isinstance(types, str) else types) if t != "null")
        if kind == "object":
            return self._object(self._compile(schema))
        if kind == "array":
            return self._array(schema.get("items") or {})
        if kind == "string":
            return {"date": _date, "date-time": _utc}.get(schema.get("format", ""), _string)
        return {"integer": _integer, "number": _number, "boolean": _boolean}[kind]

    def _object(self, casts: Mapping[str, Cast]) -> Cast:
        def cast(value: Any) -> Any:
            if not isinstance(value, dict):
                raise ValueError
            return self._shape(value, casts)

        return cast

    def _array(self, items: Mapping[str, Any]) -> Cast:
        casts = self._compile(items)

        def cast(value: Any) -> Any:
            if not isinstance(value, list):
                raise ValueError
            if not casts:
                return redact(value)
            return [self._shape(inner, casts) for inner in value if isinstance(inner, dict)]

        return cast
