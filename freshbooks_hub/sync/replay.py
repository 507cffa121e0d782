"""A build without dbt: the statements of dbt's last whole build, run again in one connection.

Around a model or a test dbt spends several times what DuckDB does. Its SQL follows from the project and dbt's release,
and from no row: no macro asks the database. Functions tell the day, the start date, the streams and the state of the
raw tables (dbt_project/macros/build_value.sql), and a staging model carries its SQL for a stream that is there and for
one that is not (raw_stream.sql). So one set of statements serves every home. Wherever anything is amiss (no statements
yet, an error, a check that holds the marts back), dbt builds, and says what is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from freshbooks_hub.core.clock import utc_now
from freshbooks_hub.sync.batch_sql import literal
from freshbooks_hub.sync.dbt_cache import Statement, Statements
from freshbooks_hub.sync.dbt_findings import Databases
from freshbooks_hub.sync.renewal import Renewal, make

NAME = "statements.json"
# Of the functions, in the work file.
SCHEMA = "main"
# As raw_stream.sql writes it.
_CHOICE = re.compile(r"/\* if (\w+) is (not )?there \*/(.*?)/\* else:(.*?)end of \1 \*/", re.DOTALL)


class NotReplayed(Exception):
    """Nothing came of it, so dbt must build; the files of the build are to be made anew."""


def make_functions(work: Path, values: Mapping[str, str | None]) -> None:
    """Functions in the work file that tell these values, as text; `as_of_date` is a date. Raises duckdb.Error."""
    with duckdb.connect(work) as db:
        for name, value in values.items():
            text = "NULL" if value is None else literal(value)
            kind = "DATE" if name == "as_of_date" else "VARCHAR"
            db.execute(f"CREATE OR REPLACE MACRO {SCHEMA}.{name}() AS CAST({text} AS {kind})")


def replay(
    statements: Statements,
    databases: Databases,
    streams: Collection[str],
    changed: set[str] | None,
    results: Path,
) -> None:
    """Build what depends on the raw tables `changed` (None: everything), and test it, as dbt would.

    `streams`: those of which the raw tables are read; the others have no rows. `results` says what each node came to,
    as dbt's run_results.json does. Raises NotReplayed.
    """
    outcomes = []
    statements = replace(statements, nodes=tuple(_reading(node, streams) for node in statements.nodes))
    try:
        with _open(statements, databases) as db:
            renewal = Renewal(db, statements.nodes, changed) if changed is not None else None
            for node in statements.downstream(changed):
                outcomes.append(_run(db, node, renewal))
    except duckdb.Error as error:
        raise NotReplayed(str(error)) from error
    results.parent.mkdir(parents=True, exist_ok=True)
    told = {"metadata": {"generated_at": utc_now().isoformat()}, "results": outcomes}
    results.write_text(json.dumps(told), "utf-8")


def _reading(node: Statement, streams: Collection[str]) -> Statement:
    """The statement with the SQL for the streams that are there, and for those that are not."""

    def chosen(part: re.Match[str]) -> str:
        stream, is_not, active, other = part.groups()
        if (stream in streams) == (is_not is None):
            return active
        return other.replace("/+", "/*").replace("+/", "*/")

    if not _CHOICE.search(node.statement):
        return node
    rows = node.rows and _CHOICE.sub(chosen, node.rows)
    return replace(node, statement=_CHOICE.sub(chosen, node.statement), rows=rows)


@contextmanager
def _open(statements: Statements, databases: Databases) -> Iterator[duckdb.DuckDBPyConnection]:
    paths = {"raw": databases.raw, "marts_next": databases.marts}
    with duckdb.connect(databases.work) as db:
        for name, value in statements.settings.items():
            db.execute(f"SET {name} = {literal(str(value))}")
        for attach in statements.attach:
            for name, path in paths.items():
                attach = attach.replace(f"'{{{name}}}'", literal(str(path)))
            db.execute(attach)
        for schema in statements.schemas:
            db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        yield db


def _run(db: duckdb.DuckDBPyConnection, node: Statement, renewal: Renewal | None) -> dict[str, Any]:
    outcome = {"unique_id": node.unique_id, "status": "success", "failures": None, "compiled_code": node.code}
    if node.code is None:
        if renewal:
            renewal.run(node)
        else:
            make(db, node.statement)
        return outcome
    found = db.execute(node.statement).fetchone()
    assert found
    failures, should_warn, should_error = found
    if should_error and not node.warns:
        raise NotReplayed(f"{node.unique_id} found {failures} rows")
    return outcome | {"status": "warn" if should_warn else "pass", "failures": failures}
