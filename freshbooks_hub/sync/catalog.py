"""From the source's catalog to tables: names, types, keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from freshbooks_hub.core.errors import HubError, SourceFailed

TEXT_FORMATS = {"date": "DATE", "date-time": "TIMESTAMP"}


@dataclass(frozen=True)
class Column:
    """A top-level property: its JSON key, column name and DuckDB type."""

    key: str
    name: str
    type: str


@dataclass(frozen=True)
class StreamTable:
    """The raw table of a stream; `primary_key` and `cursor` are column names."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    cursor: str | None


@cache
def column_name(key: str) -> str:
    """A JSON key as Airbyte's DuckDB destination names it: lower case, other characters as `_`."""
    return re.sub(r"[^a-z0-9_]", "_", key.lower())


def column_type(schema: dict[str, Any]) -> str:
    """The DuckDB type of a property; a union of several types is kept as text."""
    declared = schema.get("type", [])
    types = {declared} if isinstance(declared, str) else set(declared)
    types.discard("null")
    if types <= {"object", "array"} and types:
        return "JSON"
    match sorted(types):
        case ["integer"]:
            return "BIGINT"
        case ["boolean"]:
            return "BOOLEAN"
        case ["number"] | ["integer", "number"]:
            return "DECIMAL(38,9)"
        case ["string"]:
            return TEXT_FORMATS.get(schema.get("format", ""), "VARCHAR")
        case _:
            return "VARCHAR"


def stream_table(stream: dict[str, Any]) -> StreamTable:
    """The table of a catalog stream; raises SourceFailed when two properties share a column name."""
    properties = stream["json_schema"]["properties"]
    columns = tuple(
        Column(key, column_name(key), column_type(schema)) for key, schema in sorted(properties.items())
    )
    if len({column.name for column in columns}) < len(columns):
        raise SourceFailed(f"The stream {stream['name']} has two fields with the same column name.")
    return StreamTable(
        name=column_name(stream["name"]),
        columns=columns,
        primary_key=tuple(column_name(path[0]) for path in stream.get("source_defined_primary_key") or []),
        cursor=next(iter(map(column_name, stream.get("default_cursor_field") or [])), None),
    )


def is_incremental(stream: dict[str, Any]) -> bool:
    """Whether the stream can be read from a state."""
    return "incremental" in stream.get("supported_sync_modes", [])


def select(catalog: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
    """The streams called `names`, or all of them; raises HubError for an unknown name."""
    streams: dict[str, dict[str, Any]] = {stream["name"]: stream for stream in catalog["streams"]}
    unknown = [name for name in names if name not in streams]
    if unknown:
        raise HubError(f"There is no stream {', '.join(unknown)}. Streams: {', '.join(sorted(streams))}.")
    return [stream for name, stream in streams.items() if not names or name in names]


def configured(streams: list[dict[str, Any]]) -> dict[str, Any]:
    """The configured catalog for `read`: incremental wherever the stream can be."""
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": "incremental" if is_incremental(stream) else "full_refresh",
                "destination_sync_mode": "append_dedup" if is_incremental(stream) else "overwrite",
                "cursor_field": stream.get("default_cursor_field") or [],
                "primary_key": stream.get("source_defined_primary_key") or [],
            }
            for stream in streams
        ]
    }
