"""Rows of DuckDB as the lines that PostgreSQL's COPY reads."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from freshbooks_hub.sync.batch_sql import literal, quoted

# Rows of a chunk that DuckDB hands over at a time.
CHUNK_ROWS = 5_000
# What COPY reads otherwise: https://www.postgresql.org/docs/current/sql-copy.html
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


class CopyLines:
    """A file of lines for COPY over a result of one text column."""

    def __init__(self, rows: duckdb.DuckDBPyConnection) -> None:
        self._lines = self._chunks(rows)
        self._rest = b""

    def _chunks(self, rows: duckdb.DuckDBPyConnection) -> Iterator[bytes]:
        while found := rows.fetchmany(CHUNK_ROWS):
            yield "".join(f"{line}\n" for (line,) in found).encode()

    def read(self, size: int) -> bytes:
        while len(self._rest) < size and (more := next(self._lines, b"")):
            self._rest += more
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def line_value(name: str, kind: str) -> str:
    """A column's value as COPY reads it: null is \\N, and what separates values is escaped.

    PostgreSQL's texts hold no NUL, so it is left out, also where JSON writes it as \\u0000.
    """
    value = f"r.{quoted(name)}::VARCHAR"
    if kind == "JSON":
        # A pair of backslashes is one that is meant.
        value = (
            rf"CASE WHEN contains({value}, '\u0000') THEN regexp_replace({value}, '(\\\\)|\\u0000', '\1', 'g') "
            f"ELSE {value} END"
        )
    if kind in {"JSON", "VARCHAR"}:
        value = f"replace({value}, chr(0), '')"
        for found, written in _ESCAPES:
            value = f"replace({value}, {_characters(found)}, {literal(written)})"
    return rf"coalesce({value}, '\N')"


def _characters(text: str) -> str:
    return f"chr({ord(text)})"
