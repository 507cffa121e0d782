"""dbt in a process of its own: `python -m freshbooks_hub.sync.dbt_process LOG RESULTS ARGUMENT…`.

dbt's own command formats each of some 6,000 events for the terminal and again for its log before it drops nearly all
of them, writes megabytes of manifest that nobody here reads, and looks for garbage all the while: half of the CPU of a
small build. So dbt is called by its interface for programs, `dbtRunner`. Its results (`run_results.json`) go to the
file RESULTS, what it executed beside it (`statements.json`, replay.py), what it says to the file LOG, and errors to
standard error too. The exit code is 0 where dbt succeeded.
"""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from dbt.adapters.factory import FACTORY
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner

from freshbooks_hub.sync import replay
from freshbooks_hub.sync.dbt_cache import Statement, Statements
from freshbooks_hub.sync.renewal import is_renewable

LOG_BYTES = 10 * 1024 * 1024
# Of dbt's own logs: each formats every event, whatever its level.
NO_LOGS = ("--log-level", "none", "--log-level-file", "none")
LEVELS = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


def _log(path: str) -> logging.Logger:
    lines = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    form = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    lines.setFormatter(form)
    errors = logging.StreamHandler()
    errors.setLevel(logging.ERROR)
    log = logging.Logger("dbt build")
    log.addHandler(lines)
    log.addHandler(errors)
    return log


def main(arguments: Sequence[str]) -> int:
    """Run dbt with these arguments."""
    log_file, results, *words = arguments
    log = _log(log_file)

    def note(event: Any) -> None:
        if level := LEVELS.get(event.info.level):
            log.log(level, "%s", event.info.msg)

    quiet = [*NO_LOGS, "--no-use-colors", "--no-write-json"]
    done = dbtRunner(callbacks=[note]).invoke(["--no-version-check", *quiet, *words])
    if isinstance(done.result, RunExecutionResult):
        done.result.write(results)
        if done.success and (statements := executed(done.result)):
            statements.write(Path(results).with_name(replay.NAME))
    if done.exception:
        log.error("%s", done.exception)
    return 0 if done.success else 1


def executed(run: RunExecutionResult) -> Statements | None:
    """What dbt executed; None where a table took more than the one statement of table_materialization.sql.

    Of a build on DuckDB, that is: elsewhere nothing is run again.
    """
    if "duckdb" not in FACTORY.adapters:
        return None
    nodes: list[Any] = [
        result.node for result in run.results if result.node.resource_type in ("seed", "model", "test")
    ]
    adapter: Any = FACTORY.lookup_adapter("duckdb")
    credentials = adapter.config.credentials
    attach = tuple(replace(one, path=f"{{{one.alias}}}").to_sql() for one in credentials.attach)
    schemas = {f'"{node.database}"."{node.schema}"' for node in nodes if node.resource_type != "test"}
    made = tuple(map(_statement, nodes))
    tables = [(node, one) for node, one in zip(nodes, made, strict=True) if node.resource_type == "model"]
    if any(f"create or replace table {node.relation_name}" not in one.statement for node, one in tables):
        return None
    return Statements(credentials.settings, attach, tuple(sorted(schemas)), made)


def _statement(node: Any) -> Statement:
    is_test = node.resource_type == "test"
    return Statement(
        node.unique_id,
        tuple(getattr(node.depends_on, "nodes", ())),
        Path(node.build_path).read_text("utf-8"),
        node.compiled_code if is_test else None,
        is_test and node.config.severity.lower() == "warn",
        node.compiled_code if node.resource_type == "model" and is_renewable(node.compiled_code) else None,
    )


if __name__ == "__main__":
    # The process ends before its garbage would matter.
    gc.disable()
    sys.exit(main(sys.argv[1:]))
