"""dbt as a subprocess: raw tables in, a new marts file out, tests passed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.resources
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from freshbooks_hub.environment import dbt_environment
from freshbooks_hub.errors import TransformFailed, disk_errors
from freshbooks_hub.home import Home
from freshbooks_hub.sync.batch_sql import literal

UNCHANGED = "The earlier marts are unchanged."
SAMPLE_ROWS = 5


@dataclass(frozen=True)
class Project:
    """The dbt project and the files of one build."""

    folder: Path
    work: Path
    marts: Path
    target: Path

    @classmethod
    def of(cls, home: Home) -> Project:
        """The project shipped with this package, building under `home`."""
        folder = Path(str(importlib.resources.files("dbt_project") / "dbt_project.yml")).parent
        return cls(folder, home.run / "dbt_work.duckdb", home.run / "marts_next.duckdb", home.dbt / "target")

    def environment(self, home: Home) -> dict[str, str]:
        """The environment in which dbt finds the files of this build."""
        return dbt_environment(
            {
                "FRESHBOOKS_DBT_WORK": str(self.work),
                "FRESHBOOKS_DBT_RAW": str(home.raw),
                "FRESHBOOKS_DBT_MARTS": str(self.marts),
            }
        )

    def fingerprint(self, streams: list[str], start_date: str | None) -> str:
        """Changes whenever a file of the project or a variable does, but for the day."""
        digest = hashlib.sha256(f"{start_date}\0{' '.join(sorted(streams))}\0".encode())
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(self.folder)}\0".encode() + path.read_bytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Built:
    """A new marts file, and what the checks found that do not hold it back, a sentence each."""

    marts: Path
    warnings: list[str]


def business_zone(raw: Path) -> ZoneInfo:
    """The time zone of the first business in the raw tables; UTC when none says."""
    with duckdb.connect(raw, read_only=True) as db:
        try:
            row = db.execute(
                "SELECT timezone FROM freshbooks.businesses WHERE timezone IS NOT NULL "
                "ORDER BY business_id LIMIT 1"
            ).fetchone()
            return ZoneInfo(row[0]) if row else ZoneInfo("UTC")
        except (duckdb.CatalogException, duckdb.BinderException, ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")


def build(
    home: Home, project: Project, streams: list[str], as_of_date: str, start_date: str | None, generation: int
) -> Built:
    """Run `dbt build` (models and data tests): a new marts file.

    `start_date` is the connection's: rows that changed before it were never read. `generation` is the version of
    the raw tables.

    Unit tests check code, not data, so they belong to the project's own test run. Raises TransformFailed,
    naming the failing test and some of its rows.
    """
    _remove(project.work, project.marts)
    return _run_dbt(home, project, streams, as_of_date, start_date, generation, [])


def rebuild(
    home: Home,
    project: Project,
    streams: list[str],
    as_of_date: str,
    start_date: str | None,
    generation: int,
    kept: Path,
    changed: set[str],
) -> Built:
    """As `build`, where only the raw tables `changed` are others than in the published marts.

    The models downstream of these, with their tests, are built over a copy of the published marts and over
    `kept`, the work file of their build. `kept` is used up: if the build fails, the next one is whole.
    """
    _remove(project.work, project.marts)
    with disk_errors(project.work.parent):
        kept.replace(project.work)
        shutil.copyfile(home.marts, project.marts)
    selection = [f"source:freshbooks.{table}+" for table in sorted(changed)]
    return _run_dbt(home, project, streams, as_of_date, start_date, generation, ["--select", *selection])


def _remove(*databases: Path) -> None:
    for path in databases:
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


def _run_dbt(
    home: Home,
    project: Project,
    streams: list[str],
    as_of_date: str,
    start_date: str | None,
    generation: int,
    selection: list[str],
) -> Built:
    results = project.target / "run_results.json"
    results.unlink(missing_ok=True)
    variables = json.dumps(
        {
            "as_of_date": as_of_date,
            "freshbooks_streams": streams,
            "freshbooks_start_date": start_date,
            "freshbooks_connector_version": importlib.metadata.version("source-freshbooks"),
        }
    )
    command = [sys.executable, "-m", "dbt.cli.main", "--no-version-check", "--log-path", str(home.logs)]
    # Its debug lines, some 70,000 a build, take a tenth of dbt's CPU; target/run keeps the SQL.
    command += ["--quiet", "--log-level-file", "info"]
    command += ["build", "--project-dir", str(project.folder), "--profiles-dir", str(project.folder)]
    command += ["--target", "duckdb", "--target-path", str(project.target), "--vars", variables]
    command += ["--exclude-resource-type", "unit_test", *selection]
    # No variable: another one at each build would make dbt parse the whole project again.
    environment = project.environment(home) | {"FRESHBOOKS_DBT_GENERATION": str(generation)}
    run = subprocess.run(
        command,
        env=environment,
        # A folder of ours: the one the command was run in may be gone, or hold a project of its own.
        cwd=home.run,
        umask=0o077,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if run.returncode:
        raise TransformFailed(_reason(home, project, results, run.stderr + run.stdout))
    if not project.marts.exists():
        raise TransformFailed(f"dbt built no marts. Details: {home.logs / 'dbt.log'}. {UNCHANGED}")
    return Built(project.marts, _warnings(home, project, results))


def _warnings(home: Home, project: Project, results: Path) -> list[str]:
    warned = [o for o in json.loads(results.read_bytes())["results"] if o["status"] == "warn"]
    return [_found(home, project, outcome) for outcome in warned]


def _found(home: Home, project: Project, outcome: dict[str, Any], others: str = "") -> str:
    """What a check found, with some of its rows."""
    name, code = outcome["unique_id"].split(".")[2], outcome.get("compiled_code")
    return f"The check {name} found {outcome['failures']} wrong rows{others}: {_rows(home, project, code)}."


def _reason(home: Home, project: Project, results: Path, output: str) -> str:
    log = home.logs / "dbt.log"
    try:
        outcomes: list[dict[str, Any]] = json.loads(results.read_bytes())["results"]
    except (OSError, ValueError, KeyError):
        lines = [line for line in output.splitlines() if line.strip()]
        return f"dbt could not start: {lines[-1] if lines else 'no output'}. Details: {log}. {UNCHANGED}"
    failed = [o for o in outcomes if o["status"] in {"error", "fail"}]
    if not failed:
        return f"dbt failed. Details: {log}. {UNCHANGED}"
    first = failed[0]
    kind, _, name = first["unique_id"].split(".")[:3]
    others = f" ({len(failed) - 1} more failed too)" if len(failed) > 1 else ""
    if kind == "test" and first["status"] == "fail":
        return f"{_found(home, project, first, others)} {UNCHANGED} Details: {log}"
    message = " ".join(str(first.get("message")).split())
    return f"dbt {kind} {name} failed{others}: {message}. {UNCHANGED} Details: {log}"


def _rows(home: Home, project: Project, query: str | None) -> str:
    """Some rows that the compiled test `query` finds in the unpublished build."""
    if not query:
        return "rows not available"
    try:
        with duckdb.connect(project.work, read_only=True) as db:
            db.execute(f"ATTACH {literal(str(home.raw))} AS raw (READ_ONLY)")
            db.execute(f"ATTACH {literal(str(project.marts))} AS marts_next (READ_ONLY)")
            cursor = db.execute(f"SELECT * FROM ({query}) LIMIT {SAMPLE_ROWS}")  # noqa: S608 - dbt's own SQL
            names = [column[0] for column in cursor.description or []]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except duckdb.Error as error:
        return f"rows not available ({str(error).splitlines()[0]})"
    return "; ".join(", ".join(f"{key}={value}" for key, value in row.items()) for row in rows)
