"""The type of the rows that fit a schema as they came, for `msgspec.convert` to tell in one pass outside Python.

Most rows fit, and casting them field by field took a quarter of a sync.
"""

from collections.abc import Mapping
from datetime import date
from types import GenericAlias, NoneType
from typing import Annotated, Any

from msgspec import Meta, defstruct

LEAST, GREATEST = -(2**63), 2**63 - 1  # of an integer column

# A time may be written in another way than ours, so that it never fits.
_SCALARS: dict[str, Any] = {
    "string": str,
    "integer": Annotated[int, Meta(ge=LEAST, le=GREATEST)],
    "boolean": bool,
    "date": date,
    "date-time": NoneType,
}
# What has no schema of its own is looked through for leaked credentials.
_EMPTY = Meta(max_length=0)


def fitting(schema: Mapping[str, Any]) -> Any:
    """The type of the values that fit `schema` without a cast, nothing unknown in them."""
    kind = kind_of(schema)
    if kind == "object":
        properties: Mapping[str, Any] = schema.get("properties") or {}
        # Names of our own, since a key need not be one of Python's.
        keys = {f"f{number}": key for number, key in enumerate(properties)}
        fields = [(name, fitting(properties[key]) | None, None) for name, key in keys.items()]
        if fields:
            return defstruct("Fitting", fields, rename=keys, forbid_unknown_fields=True, gc=False)
        return Annotated[dict, _EMPTY]
    if kind == "array":
        items: Mapping[str, Any] = schema.get("items") or {}
        return GenericAlias(list, (fitting(items),)) if items.get("properties") else Annotated[list, _EMPTY]
    return _SCALARS[schema.get("format", kind)]


def kind_of(schema: Mapping[str, Any]) -> str:
    """The type of `schema`'s values that are not null."""
    types = schema["type"]
    return next(kind for kind in ([types] if isinstance(types, str) else types) if kind != "null")
