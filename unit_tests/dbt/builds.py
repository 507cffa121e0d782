"""dbt over hand-made raw tables, and what it built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from unit_tests.dbt.ledger import AS_OF_DATE
from unit_tests.dbt.raw_tables import Row, Rows, write_raw

PROJECT = Path(__file__).parents[2] / "dbt_project"
DBT = shutil.which("dbt", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
MARTS = [path.stem for path in (PROJECT / "models" / "marts").glob("*.sql")]


@dataclass
class Build:
    folder: Path
    exit_code: int
    output: str

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the built marts, read as any other reader of the file would."""
        with duckdb.connect() as connection:
            connection.execute(f"attach '{self.folder / 'marts.duckdb'}' as published (read_only)")
            return connection.execute(sql).fetchall()

    def dicts(self, mart: str) -> list[Row]:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{self.folder / 'marts.duckdb'}' as published (read_only)")
            cursor = connection.execute(f"select * from published.marts.{mart}")
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def run_dbt(
    folder: Path,
    tables: Rows,
    *arguments: str,
    variables: str | None = None,
    text_columns: dict[str, list[str]] | None = None,
    project: Path = PROJECT,
) -> Build:
    write_raw(folder / "raw.duckdb", tables, text_columns)
    variables = variables or f"{{as_of_date: '{AS_OF_DATE}', freshbooks_streams: [{', '.join(tables)}]}}"
    files = {
        "FRESHBOOKS_DBT_WORK": str(folder / "work.duckdb"),
        "FRESHBOOKS_DBT_RAW": str(folder / "raw.duckdb"),
        "FRESHBOOKS_DBT_MARTS": str(folder / "marts.duckdb"),
    }
    return call_dbt(folder, files, *arguments, "--vars", variables, project=project)


def call_dbt(folder: Path, environment: dict[str, str], *arguments: str, project: Path = PROJECT) -> Build:
    """dbt as a process of its own; its files land in `folder`."""
    assert DBT, "dbt is not installed"
    done = subprocess.run(
        [
            *(DBT, "--no-use-colors", *arguments, "--project-dir", project, "--profiles-dir", project),
            *("--target-path", folder / "target", "--log-path", folder / "logs"),
        ],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Build(folder, done.returncode, done.stdout + done.stderr)


def part_of_project(folder: Path, *models: str) -> Path:
    """The project with these models alone (and their sources), which parses in a moment."""
    part = folder / "project"
    shutil.copytree(PROJECT, part, ignore=shutil.ignore_patterns("models", "target", "logs", "__pycache__"))
    for name in (*models, "_freshbooks__sources"):
        for source in (PROJECT / "models").rglob(f"{name}.*"):
            copy = part / source.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
    return part
