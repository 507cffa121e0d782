"""Arguments as models and their clients write them, turned into what was meant before any tool sees them.

Models fill every argument they know: blank text, null, `[""]` and `[{}]` mean "not given". Clients add keys of their
own. Numbers stand where text is wanted (`invoice: 217501`, `amount: 12.5`), and never pass through more digits than
were written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from freshbooks_hub.agent.text import clean

# JSON can write half of a character (`"\ud800"`). The SDK drops such a line without a word, and the client waits for
# ever; with this noncharacter in its place, the call is answered with what is wrong.
HALF = "\ufdd0"
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
# Added by n8n, Langchain and others to the arguments of every call.
ADDED_BY_CLIENTS = frozenset({"toolCallId", "sessionId", "action", "chatInput", "_meta"})
_LOOKED_AT = 200
_EXACT_DIGITS = 15  # of a double: what has more may differ from what was written
_NOTHING = object()
_HALVES = re.compile(f"[\ud800-\udfff{HALF}]")


class WrongArguments(ValueError):
    """The sentence names arguments and never their values."""


def mark_halves(line: str) -> str:
    """A line of JSON with each lone surrogate replaced by `HALF`."""
    return _ESCAPE.sub(lambda found: HALF if found["half"] else found[0], line)


def normalized(given: Mapping[str, Any], fields: Mapping[str, FieldInfo]) -> dict[str, Any]:
    """The arguments of a tool with `fields` as they were meant; raises WrongArguments."""
    if given.keys() - fields.keys() - ADDED_BY_CLIENTS:
        known = ", ".join(sorted(fields)) or "none"
        raise WrongArguments(f"There is an argument that it does not have. Its arguments: {known}.")
    arguments = {}
    for name in given:
        if name in fields:
            kinds = _kinds(fields[name].annotation)
            value = _filled(_parsed(given[name], kinds), name)
            if value is not _NOTHING and (value != "null" or fields[name].is_required()):
                arguments[name] = _as(kinds, value, name)
    missing = sorted(name for name, field in fields.items() if field.is_required() and name not in arguments)
    if missing:
        raise WrongArguments("; ".join(f"{name}: Field required" for name in missing) + ".")
    return arguments


def _parsed(value: Any, kinds: set[Any]) -> Any:
    """Some clients send lists as JSON inside text."""
    if (
        isinstance(value, str)
        and value.lstrip().startswith("[")
        and any(get_origin(k) is list for k in kinds)
    ):
        try:
            return json.loads(value, parse_float=str)
        except (ValueError, RecursionError):
            return value
    return value


def _filled(value: Any, name: str) -> Any:
    """`value` without its blank parts; `_NOTHING` when nothing but blanks was there. An empty list was meant."""
    if value is None:
        return _NOTHING
    if isinstance(value, str):
        if _HALVES.search(value):
            raise WrongArguments(
                f"{name}: it holds half of a character (a lone surrogate). Write it out anew."
            )
        value = value.strip()
        return value if clean(value[:_LOOKED_AT]) else _NOTHING
    if isinstance(value, list):
        items = [kept for kept in (_filled(item, name) for item in value) if kept is not _NOTHING]
        return items if items or not value else _NOTHING
    if isinstance(value, dict):
        parts = {key: _filled(part, name) for key, part in value.items() if isinstance(key, str)}
        return {key: part for key, part in parts.items() if part is not _NOTHING} or _NOTHING
    return value


def _as(kinds: set[Any], value: Any, name: str) -> Any:
    """`value` as text where only text is wanted; inside lists and models too."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _written(value, name) if str in kinds and not kinds & {int, float, Decimal} else value
    for kind in kinds:
        if isinstance(value, list) and get_origin(kind) is list:
            [item] = get_args(kind)
            return [_as(_kinds(item), part, name) for part in value]
        if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = kind.model_fields
            return {
                key: _as(_kinds(fields[key].annotation), part, f"{name}.{key}") if key in fields else part
                for key, part in value.items()
            }
    return value


def _kinds(wanted: Any) -> set[Any]:
    """The types that an annotation allows."""
    if get_origin(wanted) is Annotated:
        return _kinds(get_args(wanted)[0])
    if get_origin(wanted) in (Union, UnionType):
        return set().union(*(_kinds(part) for part in get_args(wanted))) - {NoneType}
    return {wanted}


def _written(number: int | float, name: str) -> str:
    """The number as it was written: 12.5 stays 12.5 and 5.0 becomes 5, since not every JSON writer tells them apart."""
    if isinstance(number, int):
        return str(number)
    exact = Decimal(repr(number))
    if not exact.is_finite() or len(exact.as_tuple().digits) > _EXACT_DIGITS:
        raise WrongArguments(f"{name}: a number of so many digits is not exact. Write it as text.")
    return f"{exact.to_integral_value() if exact == exact.to_integral_value() else exact:f}"
