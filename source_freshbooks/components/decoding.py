"""The body of an answer as JSON, also where FreshBooks lets bytes through that JSON or UTF-8 does not know.

A lone surrogate, a raw control character inside a string or a byte of another encoding costs the characters that it
hides, which become U+FFFD, and not the page. Of keys that come twice the last counts.
"""

import codecs
import json
import re
from math import isfinite
from typing import Any

import orjson

REPLACEMENT = "\ufffd"
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def decode(content: bytes) -> tuple[Any, bool]:
    """The JSON in `content`, and whether its text holds U+FFFD for what could not be read. ValueError if it is none.

    Numbers that are not finite come as their text, so that they are named where a column takes none.
    """
    try:
        return orjson.loads(content), False
    except orjson.JSONDecodeError:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    text = _STRING.sub(lambda found: _CONTROL.sub(REPLACEMENT, found[0]), text)
    try:
        body = _without_surrogates(
            json.loads(text, parse_constant=str, parse_float=_finite, parse_int=_integer)
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return body, holds_replacement(body)


def holds_replacement(value: Any) -> bool:
    """Whether a text at any depth of `value` holds U+FFFD."""
    if isinstance(value, str):
        return REPLACEMENT in value
    if isinstance(value, dict):
        return any(REPLACEMENT in key or holds_replacement(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(holds_replacement, value))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        return {_SURROGATE.sub(REPLACEMENT, key): _without_surrogates(v) for key, v in value.items()}
    return [_without_surrogates(inner) for inner in value] if isinstance(value, list) else value


def _finite(text: str) -> float | str:
    return number if isfinite(number := float(text)) else text


def _integer(text: str) -> int | float | str:
    """As orjson reads it: beyond 64 bits a float."""
    if len(text) <= 20 and -(2**63) <= (number := int(text)) < 2**64:
        return number
    return _finite(text)
