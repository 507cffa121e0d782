"""JSON schemas as short as they can be: every client sends them to its model with every conversation."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

_REF = "#/$defs/"
_NULL = {"type": "null"}
_NOISE = {"title", "pattern", "properties", "required", "discriminator", "$defs"}


def input_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of arguments: values that may be null may be left out, so null is not named."""
    return {**_short(schema, schema.get("$defs", {}), _NOISE), "additionalProperties": False}


def output_schema(model: type[BaseModel]) -> dict[str, Any]:
    """What answers of `model` look like on the wire, where a field without a value is left out.

    Lists of allowed values are for those who write, not for those who read: they are left out too.
    """
    schema = model.model_json_schema(mode="serialization")
    return _short(schema, schema.get("$defs", {}), _NOISE | {"enum", "const", "default", "format"})


def _short(node: dict[str, Any], definitions: dict[str, Any], noise: set[str]) -> dict[str, Any]:
    node = _without_null(_resolved(node, definitions), definitions)
    kept = {
        key: _short_value(value, definitions, noise)
        for key, value in node.items()
        if key not in noise and not (key == "default" and value is None)
    }
    if "properties" in node:
        kept["properties"] = {name: _short(of, definitions, noise) for name, of in node["properties"].items()}
        required = [name for name in node.get("required", []) if not _may_be_null(node["properties"][name])]
        if required:
            kept["required"] = required
    return kept


def _short_value(value: Any, definitions: dict[str, Any], noise: set[str]) -> Any:
    if isinstance(value, list):
        return [_short_value(item, definitions, noise) for item in value]
    return _short(value, definitions, noise) if isinstance(value, dict) else value


def _resolved(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        # The docstring of a model; a description beside a $ref is of the field and stays.
        return {key: value for key, value in node.items() if key != "description" or "properties" not in node}
    target = {k: v for k, v in definitions[node["$ref"].removeprefix(_REF)].items() if k != "description"}
    return {**target, **{key: value for key, value in node.items() if key != "$ref"}}


def _may_be_null(node: dict[str, Any]) -> bool:
    return _NULL in node.get("anyOf", [])


def _without_null(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if not _may_be_null(node):
        return node
    choices = [choice for choice in node["anyOf"] if choice != _NULL]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**_resolved(choices[0], definitions), **rest} if len(choices) == 1 else {"anyOf": choices, **rest}
