"""Raw tables by hand: rows as the API sends them, in the column types a loader writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

SCHEMAS = Path(__file__).parents[2] / "source_freshbooks" / "schemas"
STREAMS = tuple(sorted(path.stem for path in SCHEMAS.glob("*.json")))

Row = dict[str, Any]
Rows = dict[str, list[Row]]


def columns_of(stream: str) -> dict[str, str]:
    """Column name to DuckDB type, by the stream's schema; the loader's own columns last."""
    properties = json.loads((SCHEMAS / f"{stream}.json").read_text())["properties"]
    columns = {name.lower(): _duckdb_type(schema) for name, schema in properties.items()}
    return {
        **columns,
        "_airbyte_raw_id": "VARCHAR",
        "_airbyte_extracted_at": "TIMESTAMP",
        "_airbyte_meta": "JSON",
    }


def _duckdb_type(schema: Row) -> str:
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    (kind,) = (t for t in types if t != "null")
    by_format = {"date": "DATE", "date-time": "TIMESTAMP"}
    by_type = {
        "integer": "BIGINT",
        "boolean": "BOOLEAN",
        "number": "DECIMAL(38,9)",
        "object": "JSON",
        "array": "JSON",
    }
    return by_format.get(schema.get("format", ""), by_type.get(kind, "VARCHAR"))


def write_raw(path: Path, rows: Rows, text_columns: dict[str, list[str]] | None = None) -> None:
    """Create `path` with schema `freshbooks` and one table per stream in `rows`.

    `text_columns` names columns (per stream) of a loader that keeps text as it came, unchecked.
    """
    # One thread and one transaction: rows are few, and one transaction for each costs as much as building the marts.
    with duckdb.connect(str(path), config={"threads": 1}) as connection:
        connection.begin()
        connection.execute("create schema freshbooks")
        for stream, records in rows.items():
            columns = columns_of(stream)
            columns.update(dict.fromkeys((text_columns or {}).get(stream, []), "VARCHAR"))
            definition = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            connection.execute(f"create table freshbooks.{stream} ({definition})")
            for number, record in enumerate(records):
                values = {
                    "_airbyte_raw_id": f"{stream}-{number:05}",
                    "_airbyte_extracted_at": "2026-06-30 12:00:00",
                    "_airbyte_meta": {"changes": []},
                    **{name.lower(): value for name, value in record.items()},
                }
                unknown = values.keys() - columns.keys()
                assert not unknown, f"{stream} has no {unknown}"
                connection.execute(
                    f"insert into freshbooks.{stream} ({', '.join(values)})"
                    f" values ({', '.join('?' * len(values))})",
                    [json.dumps(v) if isinstance(v, dict | list) else v for v in values.values()],
                )
        connection.commit()
