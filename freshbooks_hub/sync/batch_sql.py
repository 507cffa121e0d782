"""The SQL of a load: read a spooled batch with DuckDB's own JSON reader, de-duplicate, merge."""
# ruff: noqa: S608 - names come from the catalog and are quoted; no value of a record is put into SQL

from __future__ import annotations

from pathlib import Path

from freshbooks_hub.sync.catalog import Column, StreamTable

# The reader holds two of these per thread; a longer record raises it for its batch.
OBJECT_SIZE = 1024 * 1024
NO_CHANGES = "'{\"changes\":[]}'::JSON"
# Characters of a value that could not be kept; the source cuts alike.
VALUE_LENGTH = 200

OBSERVED_AT = "observed_at"  # the cursor of rows without a stamp of their own: when they were read


def quoted(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def qualified(table: str) -> str:
    """A table of schema `freshbooks`."""
    return f"freshbooks.{quoted(table)}"


def stage(table: StreamTable, spool: Path, longest: int, typed: bool) -> str:
    """Create the temp table `batch` from record lines; its row ids follow the order of the lines."""
    return f"CREATE OR REPLACE TEMP TABLE batch AS {_rows_of(table, spool, longest, typed)}"


def insert(table: StreamTable, spool: Path, longest: int) -> str:
    """Insert record lines straight into the table, typed; their row ids are the highest."""
    columns = ", ".join(_all_columns(table))
    rows = _rows_of(table, spool, longest, typed=True)
    return f"INSERT INTO {qualified(table.name)} ({columns}) {rows}"


def last_row(table: StreamTable) -> str:
    """The highest row id of a raw table, -1 if it is empty."""
    return f"SELECT coalesce(max(rowid), -1) FROM {qualified(table.name)}"


def any_repeated(table: StreamTable, last: int) -> str:
    """1 if a row after row id `last` has the key of another row."""
    keys = ", ".join(map(quoted, table.primary_key))
    name = qualified(table.name)
    return f"""
        SELECT (
            EXISTS (SELECT 1 FROM {name} WHERE rowid > {last} GROUP BY {keys} HAVING count(*) > 1)
            OR EXISTS (
                FROM (FROM {name} WHERE rowid > {last}) AS s
                SEMI JOIN (FROM {name} WHERE rowid <= {last}) AS t ON {_same_key(table)}
            )
        )::INTEGER
    """


def _rows_of(table: StreamTable, spool: Path, longest: int, typed: bool) -> str:
    """The rows of record lines, with all columns of the table.

    `typed` lets the JSON reader make the values, and fails when one does not fit; otherwise every value is
    read as JSON and cast, and one that does not fit becomes NULL and is listed in `_airbyte_meta.changes`, after
    what the record's own `meta.changes` says that the source had to leave out.
    """
    fields = ", ".join(f"{quoted(c.key)} {_read_type(c) if typed else 'JSON'}" for c in table.columns)
    source = (
        # Without `records`, DuckDB samples every batch first, at several times the cost of reading it.
        f"read_json({literal(str(spool))}, format = 'newline_delimited', records = true, "
        f"maximum_object_size = {max(OBJECT_SIZE, longest + 1024)}, "
        f"columns = {{record: {literal(f'STRUCT(data STRUCT({fields}), emitted_at BIGINT, meta JSON)')}}})"
    )
    value = _typed_value if typed else _cast_value
    values = [f"{value(c)} AS {quoted(c.name)}" for c in table.columns]
    return f"""
        SELECT
            {", ".join(values)},
            uuidv7()::VARCHAR AS _airbyte_raw_id,
            epoch_ms(record.emitted_at) AS _airbyte_extracted_at,
            {_meta(table, typed)} AS _airbyte_meta
        FROM {source}
    """


def _read_type(column: Column) -> str:
    # A plain TIMESTAMP would drop the offset; this one converts to UTC.
    return "TIMESTAMPTZ" if column.type == "TIMESTAMP" else column.type


def _typed_value(column: Column) -> str:
    value = f"record.data.{quoted(column.key)}"
    return f"{value}::TIMESTAMP" if column.type == "TIMESTAMP" else value


def _text(column: Column) -> str:
    return f"(record.data.{quoted(column.key)} ->> '$')"


def _cast_value(column: Column) -> str:
    text = _text(column)
    match column.type:
        case "JSON":
            return f"record.data.{quoted(column.key)}"
        case "VARCHAR":
            return text
        case "BIGINT":
            # A plain cast would round 1.5.
            return f"CASE WHEN regexp_full_match({text}, '-?[0-9]+') THEN try_cast({text} AS BIGINT) END"
        case "TIMESTAMP":
            return f"try_cast({text} AS TIMESTAMPTZ)::TIMESTAMP"
        case kind:
            return f"try_cast({text} AS {kind})"


def _meta(table: StreamTable, typed: bool) -> str:
    """`{"changes": [...]}`: the values that the source could not read, then those that do not fit their columns."""
    told = "json_extract(record.meta, '$.changes')"
    has_told = f"record.meta IS NOT NULL AND json_type({told}) = 'ARRAY'"
    if typed:
        return f"CASE WHEN {has_told} THEN json_object('changes', {told}) ELSE {NO_CHANGES} END"
    told_list = f"CASE WHEN {has_told} THEN from_json({told}, '[\"JSON\"]') ELSE []::JSON[] END"
    return f"json_object('changes', list_concat({told_list}, {_cast_changes(table)}))"


def _cast_changes(table: StreamTable) -> str:
    """The changes of a row's own casts, as a list of JSON objects."""
    entries = ", ".join(
        f"CASE WHEN {_text(c)} IS NOT NULL AND {_cast_value(c)} IS NULL THEN "
        f"json_object('field', {literal(c.name)}, 'change', 'NULLED', 'reason', 'DESTINATION_TYPECAST_ERROR', "
        f"'value', left({_text(c)}, {VALUE_LENGTH})) END"
        for c in table.columns
        if c.type not in {"JSON", "VARCHAR"}
    )
    return f"list_filter([{entries}]::JSON[], lambda change: change IS NOT NULL)"


def drop_duplicates(table: StreamTable) -> str:
    """Keep the newest row of each key in `batch`: by cursor, then the later line."""
    newest = f"{quoted(table.cursor)} DESC NULLS LAST, " if table.cursor else ""
    keys = ", ".join(map(quoted, table.primary_key))
    return f"""
        DELETE FROM batch WHERE rowid IN (
            SELECT rowid FROM batch
            QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {newest}rowid DESC) > 1
        )
    """


def merge(table: StreamTable) -> str:
    """Merge `batch` by primary key.

    A stored row is replaced when the incoming one is not older and says something else: a row that was only
    read again (overlap, or a cursor that is the request's own clock) leaves the table as it is. A tombstone
    (the key, `is_deleted`, and nothing else) marks the stored row and leaves what it said.
    """
    columns = _all_columns(table)
    content = _content(table)
    # Another unreadable value in place of an unreadable one is a change too, though both are NULL.
    compared = [*content, "_airbyte_meta"]
    changed = " OR ".join(f"t.{quoted(name)} IS DISTINCT FROM s.{quoted(name)}" for name in compared)
    matched = f"({changed})"
    if table.cursor:
        cursor = quoted(table.cursor)
        matched += f" AND (t.{cursor} IS NULL OR s.{cursor} IS NULL OR s.{cursor} >= t.{cursor})"
    return f"""
        MERGE INTO {qualified(table.name)} AS t USING batch AS s ON {_same_key(table)}
        {_mark_deleted(table, content)}
        WHEN MATCHED AND {matched} THEN UPDATE SET {", ".join(f"{c} = s.{c}" for c in columns)}
        WHEN NOT MATCHED THEN INSERT ({", ".join(columns)}) VALUES ({", ".join(f"s.{c}" for c in columns)})
    """


def _mark_deleted(table: StreamTable, content: list[str]) -> str:
    flags = [name for name in content if name in {"is_deleted", "is_archived"}]
    if "is_deleted" not in flags:
        return ""
    empty = " AND ".join(f"s.{quoted(name)} IS NULL" for name in content if name not in flags)
    updated = [quoted(name) for name in [*flags, *([table.cursor] if table.cursor else [])]]
    updated += ["_airbyte_extracted_at"]
    return f"""
        WHEN MATCHED AND s.is_deleted AND {empty or "true"} THEN
            UPDATE SET {", ".join(f"{name} = s.{name}" for name in updated)}
    """


def known_ids(table: StreamTable, dated: str | None = None) -> str | None:
    """Business and ids of the rows that are not deleted; None for a table without a flag or a single id.

    With the column `dated`: by its day too, ISO, "" where there is none.
    """
    ids = [name for name in table.primary_key if name not in {"account_id", "business_id"}]
    names = {column.name for column in table.columns}
    if len(ids) != 1 or not {"business_id", "is_deleted"} <= names:
        return None
    day = f"coalesce(TRY_CAST({quoted(dated)} AS DATE)::VARCHAR, '')" if dated in names else "''"
    return (
        f"SELECT business_id, {day} AS day, list({quoted(ids[0])} ORDER BY {quoted(ids[0])}) "
        f"FROM {qualified(table.name)} WHERE NOT is_deleted GROUP BY ALL ORDER BY business_id, day"
    )


def any_match(table: StreamTable) -> str:
    """1 if `batch` holds a key that the table holds."""
    return f"""
        SELECT EXISTS (FROM batch AS s SEMI JOIN {qualified(table.name)} AS t ON {_same_key(table)})::INTEGER
    """


def append(table: StreamTable) -> str:
    """Insert `batch` as it is."""
    columns = ", ".join(_all_columns(table))
    return f"INSERT INTO {qualified(table.name)} ({columns}) SELECT {columns} FROM batch"


def columns() -> str:
    """Table, name and type of each column of the raw tables; a user's view among them is none."""
    return (
        "SELECT c.table_name, c.column_name, c.data_type FROM duckdb_columns() AS c "
        "SEMI JOIN duckdb_tables() AS t ON t.table_oid = c.table_oid AND t.database_oid = c.database_oid "
        "WHERE c.schema_name = 'freshbooks'"
    )


def rows_not_in(table: StreamTable, first: str, second: str) -> str:
    """How many rows of raw table `first` are not in `second`, by what a merge compares, and the row's own stamp."""
    stamp = [table.cursor] if table.cursor and table.cursor != OBSERVED_AT else []
    columns = ", ".join(map(quoted, [*table.primary_key, *_content(table), *stamp, "_airbyte_meta"]))
    return (
        f"SELECT count(*) FROM (SELECT {columns} FROM {qualified(first)} "
        f"EXCEPT ALL SELECT {columns} FROM {qualified(second)})"
    )


def row_count(table: str) -> str:
    """The number of rows of a raw table."""
    return f"SELECT count(*) FROM {qualified(table)}"


def _same_key(table: StreamTable) -> str:
    return " AND ".join(f"t.{quoted(key)} IS NOT DISTINCT FROM s.{quoted(key)}" for key in table.primary_key)


def _content(table: StreamTable) -> list[str]:
    """Columns whose change makes a row another: all but the key and the cursor."""
    return [c.name for c in table.columns if c.name != table.cursor and c.name not in table.primary_key]


def _all_columns(table: StreamTable) -> list[str]:
    names = [c.name for c in table.columns]
    return [quoted(name) for name in [*names, "_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta"]]
