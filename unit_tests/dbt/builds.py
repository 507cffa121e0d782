"""dbt over hand-made raw tables, inside the tests' own process, and what it built.

Starting dbt and parsing the project cost more than most builds, so a run of the tests pays them once: the parsed
project is kept in a file that all workers read. So are the statements of a whole build, the hub's own: a build of
whichever streams runs them again (freshbooks_hub/sync/replay.py).
"""

from __future__ import annotations

import gc
import hashlib
import importlib.metadata
import json
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import extended_mashumuro_decoder
from dbt_common.events.base_types import EventMsg
from dbt_common.tests import enable_test_caching
from filelock import FileLock

from freshbooks_hub.sync import dbt_cache, replay
from freshbooks_hub.sync.dbt_cache import Statements
from freshbooks_hub.sync.dbt_findings import Databases
from freshbooks_hub.sync.dbt_process import LEVELS, NO_LOGS
from freshbooks_hub.sync.replay import NotReplayed
from unit_tests.dbt.ledger import AS_OF_DATE
from unit_tests.dbt.raw_tables import Row, Rows, write_raw

enable_test_caching()  # of five hundred macros, which each project that is parsed has again
PROJECT = Path(__file__).parents[2] / "dbt_project"
MARTS = [path.stem for path in (PROJECT / "models" / "marts").glob("*.sql")]
TODAY = {
    "as_of_date": AS_OF_DATE,
    "freshbooks_connector_version": "1.2.3",
    "freshbooks_generation": "7",
    "freshbooks_publish": True,
}
# dbt's own unit tests do not depend on the rows; they run without any table (test_gaps.py), and as a package.
BUILD = ("build", "--exclude-resource-type", "unit_test")
# The files of a build. The work file's name is in the statements, so it is the hub's.
WORK = "dbt_work"
FILES = {"WORK": WORK, "RAW": "raw", "MARTS": "marts"}
# It makes what dbt leaves for all workers; Spark's environment is without it.
HUB_IS_INSTALLED = bool([*importlib.metadata.distributions(name="source-freshbooks")])
# What functions tell a whole build; its SQL is the same for all of their values.
FUNCTIONS = {
    "as_of_date",
    "freshbooks_connector_version",
    "freshbooks_generation",
    "freshbooks_start_date",
    "freshbooks_streams",
}
# Read when SQL is compiled; all others also shape the parsed project.
SQL_VARIABLES = {"freshbooks_held_businesses", "freshbooks_other_days", "freshbooks_functions", *FUNCTIONS}


@dataclass
class Build:
    """`statuses`: node name to its result (success, pass, fail, error, skipped). `result`: what dbt says, if it ran.

    On DuckDB also `found`: check to the number of rows that it found, and `failed`: those checks that are no warning.
    """

    folder: Path
    succeeded: bool = True
    output: str = ""
    statuses: dict[str, str] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    result: RunExecutionResult | None = None

    def ask_checks(self) -> None:
        """Which checks of the data tests that did not pass found rows: one test holds several."""
        with duckdb.connect(self.folder / f"{WORK}.duckdb", read_only=True) as connection:
            connection.execute(f"attach '{self.folder / 'raw.duckdb'}' as raw (read_only)")
            connection.execute(f"attach '{self.folder / 'marts.duckdb'}' as marts_next (read_only)")
            for test, query in self.queries.items():
                counted = connection.execute(f"select check_name, count(*) from ({query}) group by all")
                checks = dict(counted.fetchall())
                self.found |= checks
                if self.statuses[test] == "fail":
                    self.failed |= checks.keys()

    @cached_property
    def _published(self) -> duckdb.DuckDBPyConnection:
        """The built marts, read as any other reader of the file would; to open them costs more than to read."""
        connection = duckdb.connect()
        connection.execute(f"attach '{self.folder / 'marts.duckdb'}' as published (read_only)")
        return connection

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the built marts, in `published.marts`."""
        return self._published.execute(sql).fetchall()

    def dicts(self, mart: str) -> list[Row]:
        cursor = self._published.execute(f"select * from published.marts.{mart}")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Dbt:
    """Runs dbt; `shared` is a folder of this run of the tests, the same for all workers."""

    shared: Path

    def run(
        self,
        folder: Path,
        tables: Rows,
        *arguments: str,
        variables: Mapping[str, Any] = TODAY,
        text_columns: dict[str, list[str]] | None = None,
        project: Path = PROJECT,
        models: Mapping[str, str] | None = None,
        only: Collection[str] = (),
    ) -> Build:
        """dbt on DuckDB over `tables`; only their streams exist. `models`: model to SQL in place of its own.

        `only`: these models, with all that they read and the tests of that.
        """
        (folder / "raw.duckdb").unlink(missing_ok=True)
        write_raw(folder / "raw.duckdb", tables, text_columns)
        variables = {"freshbooks_streams": list(tables), **variables}
        if arguments == BUILD and project == PROJECT and not models:
            built = self._replayed(folder, variables, only) or self._by_dbt(folder, variables, only)
        else:
            files = duckdb_files(folder)
            built = self.call(folder, files, *arguments, variables=variables, project=project, models=models)
        if built.queries:
            built.ask_checks()
        return built

    def _by_dbt(self, folder: Path, variables: Mapping[str, Any], only: Collection[str]) -> Build:
        _begin(folder, variables)
        arguments = [*BUILD]
        if only:
            arguments += ["--select", *(f"+{model}" for model in only), "--indirect-selection", "buildable"]
        functions = {"freshbooks_functions": f"{WORK}.{replay.SCHEMA}"}
        return self.call(folder, duckdb_files(folder), *arguments, variables={**variables, **functions})

    def _replayed(self, folder: Path, variables: Mapping[str, Any], only: Collection[str]) -> Build | None:
        """The build by the statements of an earlier one; None where dbt must build."""
        if not HUB_IS_INSTALLED:
            return None
        from integration_tests import prepared

        _begin(folder, variables)
        work, raw, marts = (folder / f"{name}.duckdb" for name in FILES.values())
        file, streams = folder / "run_results.json", variables["freshbooks_streams"]
        try:
            statements = _with_all_they_read(prepared.statements(), only)
            replay.replay(statements, Databases(work, raw, marts), streams, None, file)
        except NotReplayed:
            return None
        results = json.loads(file.read_text())["results"]
        statuses = {result["unique_id"].split(".")[2]: result["status"] for result in results}
        queries = {
            result["unique_id"].split(".")[2]: result["compiled_code"]
            for result in results
            if result["status"] == "warn"
        }
        return Build(folder, statuses=statuses, queries=queries)

    def call(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *arguments: str,
        variables: Mapping[str, Any],
        target: str = "duckdb",
        project: Path = PROJECT,
        models: Mapping[str, str] | None = None,
    ) -> Build:
        """dbt with any profile; its files land in `folder`, and its databases are closed afterwards."""
        options = ["--project-dir", str(project), "--profiles-dir", str(project), "--target", target]
        options += ["--target-path", str(folder / "target"), "--vars", json.dumps(variables)]
        earlier = dict(os.environ)
        os.environ.update(environment)
        try:
            manifest = self.parsed(project, target, variables)
            for name, sql in (models or {}).items():
                manifest.nodes[f"model.freshbooks.{name}"].raw_code = sql
            gc.disable()  # a build makes little garbage of a million objects that all live
            return _invoke(folder, ["--no-write-json", *arguments, *options], manifest)
        finally:
            gc.enable()
            os.environ.clear()
            os.environ.update(earlier)
            DuckDBConnectionManager.close_all_connections()

    def parsed(self, project: Path, target: str, variables: Mapping[str, Any]) -> Manifest:
        """A parsed project of one's own: dbt writes into it while it runs."""
        content = self._parse(project, target, variables).read_bytes()
        manifest = Manifest.from_msgpack(content, decoder=extended_mashumuro_decoder)
        manifest.build_flat_graph()
        return manifest

    def _parse(self, project: Path, target: str, variables: Mapping[str, Any]) -> Path:
        """The file that `dbt parse` writes, the same for all whose variables shape the project alike."""
        shaping = {name: value for name, value in variables.items() if name not in SQL_VARIABLES}
        ours = (project, target, shaping) == (PROJECT, "duckdb", {"freshbooks_publish": True})
        if ours and HUB_IS_INSTALLED:
            from integration_tests import prepared

            return prepared.parsed()
        key = json.dumps([str(project), target, shaping], sort_keys=True)
        kept = self.shared / f"parsed-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        with FileLock(f"{kept}.lock"):
            if not (kept / dbt_cache.PARSED).exists():
                options = ["--project-dir", str(project), "--profiles-dir", str(project), "--target", target]
                options += ["--target-path", str(kept), "--vars", json.dumps(shaping)]
                parsed = _invoke(kept, ["parse", *options], None)
                assert parsed.succeeded, parsed.output
        return kept / dbt_cache.PARSED


def _with_all_they_read(statements: Statements, models: Collection[str]) -> Statements:
    """Of these models (of all, if there are none), what they read, and the tests that read nothing else."""
    if not models:
        return statements
    chosen = {f"model.freshbooks.{model}" for model in models}
    for node in reversed(statements.nodes):
        if node.unique_id in chosen:
            chosen.update(node.parents)
    tests = {node.unique_id for node in statements.nodes if node.code and chosen.issuperset(node.parents)}
    return replace(statements, nodes=tuple(n for n in statements.nodes if n.unique_id in chosen | tests))


def _begin(folder: Path, variables: Mapping[str, Any]) -> None:
    """The work file with the functions that tell these variables, and no marts."""
    for name in (WORK, "marts"):
        (folder / f"{name}.duckdb").unlink(missing_ok=True)
    told = {name: variables.get(name) for name in FUNCTIONS}
    told["freshbooks_streams"] = f" {' '.join(variables['freshbooks_streams'])} "
    replay.make_functions(folder / f"{WORK}.duckdb", told)


def _invoke(folder: Path, arguments: list[str], manifest: Manifest | None) -> Build:
    lines: list[str] = []

    def note(event: EventMsg) -> None:
        if event.info.level in LEVELS:
            lines.append(event.info.msg)

    flags = [*NO_LOGS, "--log-path", str(folder / "logs")]
    done: dbtRunnerResult = dbtRunner(manifest, [note]).invoke([*flags, *arguments])
    if done.exception:
        lines.append(str(done.exception))
    results = getattr(done.result, "results", [])
    statuses = {result.node.name: str(result.status) for result in results}
    queries = {
        result.node.name: result.node.compiled_code
        for result in results
        if result.node.resource_type == "test" and str(result.status) in ("fail", "warn")
    }
    result = done.result if isinstance(done.result, RunExecutionResult) else None
    return Build(folder, done.success, "\n".join(lines), statuses, queries, result=result)


def duckdb_files(folder: Path) -> dict[str, str]:
    """What the profile of DuckDB reads."""
    return {f"FRESHBOOKS_DBT_{name}": str(folder / f"{file}.duckdb") for name, file in FILES.items()}


def part_of_project(folder: Path, *models: str) -> Path:
    """The project with these models alone (and their sources), which parses in a moment."""
    part = folder / "project"
    shutil.copytree(PROJECT, part, ignore=shutil.ignore_patterns("models", "target", "logs", "__pycache__"))
    for name in (*models, "columns", "_freshbooks__sources", "stg_freshbooks__stream_availability"):
        for source in (PROJECT / "models").rglob(f"{name}.*"):
            copy = part / source.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
    return part
