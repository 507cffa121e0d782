"""A build without dbt: the statements of dbt's last whole build, run again in one connection.

Around a model or a test dbt spends several times what DuckDB does. Its SQL follows from the project, dbt's release and
what the build is told, and from no row: no macro asks the database, and functions tell the day and the state of the raw
tables (dbt_project/macros/build_value.sql). So where these are the same, so is the SQL, in whichever home. Wherever
anything is amiss (no statements yet, an error, a check that holds the marts back), dbt builds, and says what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from freshbooks_hub.core.clock import utc_now
from freshbooks_hub.sync import dbt_cache
from freshbooks_hub.sync.batch_sql import literal
from freshbooks_hub.sync.dbt_cache import Statement, Statements
from freshbooks_hub.sync.dbt_findings import Databases
from freshbooks_hub.sync.renewal import Renewal, make

NAME = "statements.json"
# Of the functions, in the work file.
SCHEMA = "main"


class NotReplayed(Exception):
    """Nothing came of it, so dbt must build; the files of the build are to be made anew."""


def place(project: Path, content: str, told: Mapping[str, str]) -> Path:
    """The file of the statements of this project (dbt_cache.place) for a build that is `told` this."""
    values = dbt_cache.digest(json.dumps(told, sort_keys=True))
    return dbt_cache.place(f"{values}-{NAME}", project, content)


def make_functions(work: Path, values: Mapping[str, str]) -> None:
    """Functions in the work file that tell these values, as text; `as_of_date` is a date. Raises duckdb.Error."""
    with duckdb.connect(work) as db:
        for name, value in values.items():
            told = f"CAST({literal(value)} AS DATE)" if name == "as_of_date" else literal(value)
            db.execute(f"CREATE OR REPLACE MACRO {SCHEMA}.{name}() AS {told}")


def replay(statements: Statements, databases: Databases, changed: set[str] | None, results: Path) -> None:
    """Build what depends on the raw tables `changed` (None: everything), and test it, as dbt would.

    `results` says what each node came to, as dbt's run_results.json does. Raises NotReplayed.
    """
    outcomes = []
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
