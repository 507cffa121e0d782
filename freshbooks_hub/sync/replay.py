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
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from graphlib import TopologicalSorter
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
AT_A_TIME = 2
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
    statements = replace(statements, nodes=tuple(_reading(node, streams) for node in statements.nodes))
    nodes = list(statements.downstream(changed))
    try:
        with _open(statements, databases, changed is None) as db:
            if changed is None:
                outcomes = _run_all(db, nodes)
            else:
                outcomes = _renew_all(db, nodes, Renewal(db, statements.nodes, changed))
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
def _open(statements: Statements, databases: Databases, whole: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """The files of a build, which are written to disk at its end: one that was interrupted is of no use.

    In a `whole` one DuckDB also writes what it has made meanwhile, so that large tables need no memory.
    """
    logged = f"RECOVERY_MODE '{'default' if whole else 'no_wal_writes'}'"
    paths = {"raw": databases.raw, "marts_next": databases.marts}
    work = databases.work.stem
    with duckdb.connect() as db:
        db.execute(f"ATTACH {literal(str(databases.work))} AS {work} ({logged})")
        for name, value in {**statements.settings, "temp_directory": f"{databases.work}.tmp"}.items():
            db.execute(f"SET {name} = {literal(str(value))}")
        for attach in statements.attach:
            for name, path in paths.items():
                attach = attach.replace(f"'{{{name}}}'", literal(str(path)))
            db.execute(attach if "READ_ONLY" in attach else f"{attach.removesuffix(')')}, {logged})")
        for schema in statements.schemas:
            db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        yield db
        # A full disk is an error here; where a connection is closed it would not be.
        for name in (work, "marts_next"):
            db.execute(f"CHECKPOINT {name}")


def _run_all(db: duckdb.DuckDBPyConnection, nodes: Collection[Statement]) -> list[dict[str, Any]]:
    """Run each node after its parents, two at a time: most tables are too small for DuckDB to share one out."""
    by_id = {node.unique_id: node for node in nodes}
    order = TopologicalSorter({node.unique_id: by_id.keys() & set(node.parents) for node in nodes})
    order.prepare()
    outcomes: dict[str, dict[str, Any]] = {}
    running: set[Future[dict[str, Any]]] = set()
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        try:
            while order.is_active():
                running |= {threads.submit(_run, db.cursor(), by_id[one]) for one in order.get_ready()}
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for outcome in (future.result() for future in done):
                    outcomes[outcome["unique_id"]] = outcome
                    order.done(outcome["unique_id"])
        finally:
            threads.shutdown(cancel_futures=True)
    return [outcomes[one] for one in by_id]


def _renew_all(
    db: duckdb.DuckDBPyConnection, nodes: Collection[Statement], renewal: Renewal
) -> list[dict[str, Any]]:
    """Renew the models one after the other; beside that run each test once the tables that it reads are there."""
    models = [node for node in nodes if node.code is None]
    tests = [node for node in nodes if node.code is not None]
    stale = {model.unique_id for model in models}
    outcomes: list[dict[str, Any]] = []
    with ThreadPoolExecutor(1) as beside:
        running: list[Future[dict[str, Any]]] = []
        try:
            for model in models:
                renewal.run(model)
                outcomes.append(_success(model))
                stale.remove(model.unique_id)
                ready = [test for test in tests if stale.isdisjoint(test.parents)]
                running += [beside.submit(_run, db.cursor(), test) for test in ready]
                tests = [test for test in tests if not stale.isdisjoint(test.parents)]
            return outcomes + [one.result() for one in running]
        finally:
            beside.shutdown(cancel_futures=True)


def _run(cursor: duckdb.DuckDBPyConnection, node: Statement) -> dict[str, Any]:
    """Closes the cursor, which would keep the files open."""
    with cursor as db:
        if node.code is None:
            make(db, node.statement)
            return _success(node)
        found = db.execute(node.statement).fetchone()
    assert found
    failures, should_warn, should_error = found
    if should_error and not node.warns:
        raise NotReplayed(f"{node.unique_id} found {failures} rows")
    return _success(node) | {"status": "warn" if should_warn else "pass", "failures": failures}


def _success(node: Statement) -> dict[str, Any]:
    return {"unique_id": node.unique_id, "status": "success", "failures": None, "compiled_code": node.code}
