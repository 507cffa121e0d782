"""Raw tables in, a new marts file out, tests passed: by dbt as a subprocess, or by the statements of its last build."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.resources
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from freshbooks_api.streams import AVAILABILITY
from freshbooks_hub.core.clock import stamp, utc_now
from freshbooks_hub.core.errors import TransformFailed, disk_errors
from freshbooks_hub.core.files import open_private
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.processes import dbt_environment
from freshbooks_hub.sync import dbt_cache, replay
from freshbooks_hub.sync.dbt_cache import Statements
from freshbooks_hub.sync.dbt_findings import UNCHANGED, VERBOSE, Databases, failure, warnings
from freshbooks_hub.sync.held_streams import Held, staging
from freshbooks_hub.sync.replay import NotReplayed

# What dbt leaves in the folder of a project, and no wheel holds.
NOT_SOURCE = {"__pycache__", "logs", "target", ".user.yml"}


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

    def paths(self, home: Home) -> dict[str, str]:
        """The files of this build, by the variables in which dbt finds them."""
        files = {"WORK": self.work, "RAW": home.raw, "MARTS": self.marts}
        return {f"FRESHBOOKS_DBT_{name}": str(path) for name, path in files.items()}

    def environment(self, home: Home) -> dict[str, str]:
        """The environment of dbt in this build."""
        return dbt_environment(self.paths(home))

    def options(self, target: Path) -> list[str]:
        """dbt's options for this project, with its artefacts in `target`.

        Other variables at each build would make dbt parse the whole project again (dbt_project/macros/build_value.sql).
        """
        folder = str(self.folder)
        options = ["--project-dir", folder, "--profiles-dir", folder, "--target", "duckdb"]
        return [*options, "--target-path", str(target), "--vars", json.dumps({"freshbooks_publish": True})]

    @cached_property
    def content(self) -> str:
        """Changes whenever a file of the project does."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and NOT_SOURCE.isdisjoint(path.relative_to(self.folder).parts):
                digest.update(f"{path.relative_to(self.folder)}\0".encode() + path.read_bytes())
        return digest.hexdigest()

    def fingerprint(self, streams: list[str], start_date: str | None) -> str:
        """Changes whenever a file of the project or a variable does, but for the day."""
        told = f"{start_date}\0{' '.join(sorted(streams))}\0{self.content}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Built:
    """A new marts file, and what the checks found that do not hold it back, a sentence each."""

    marts: Path
    warnings: list[str]


def build(
    home: Home,
    project: Project,
    streams: list[str],
    as_of_date: str,
    start_date: str | None,
    generation: int,
    *,
    held: Held,
) -> Built:
    """Run `dbt build` (models and data tests): a new marts file.

    `start_date` is the connection's: rows that changed before it were never read. `generation` is the version of
    the raw tables. `held`: the streams that are not taken from these.

    Unit tests check code, not data, so they belong to the project's own test run. Raises TransformFailed,
    naming the failing test and the keys of some of its rows.
    """
    told = _Told(streams, as_of_date, start_date, generation)
    return _Build(home, project, told, held).run()


def rebuild(
    home: Home,
    project: Project,
    streams: list[str],
    as_of_date: str,
    start_date: str | None,
    generation: int,
    kept: Path,
    changed: set[str],
    *,
    held: Held,
) -> Built:
    """As `build`, where only the raw tables `changed` are others than in the published marts.

    The models downstream of these, with their tests, are built over copies of the published marts and of
    `kept`, the work file of their build. Both stay as they are if the build fails.
    """
    told = _Told(streams, as_of_date, start_date, generation)
    return _Build(home, project, told, held, kept, changed).run()


def statements(home: Home) -> Statements | None:
    """What a build runs without dbt: the statements of this release, else of an earlier build on this machine."""
    return _Build(home, Project.of(home), _Told([], "", None, 0), Held()).statements()


def dbt_build(home: Home, results: Path, options: list[str], environment: dict[str, str]) -> tuple[bool, str]:
    """Run `dbt build` without unit tests (dbt_process.py), its log in `home`; whether it succeeded, and its output."""
    command = [sys.executable, "-P", "-m", "freshbooks_hub.sync.dbt_process"]
    command += [str(home.logs / "dbt.log"), str(results)]
    command += ["build", "--log-path", str(home.logs), "--exclude-resource-type", "unit_test", *options]
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
    return run.returncode == 0, run.stderr + run.stdout


def _remove(*databases: Path) -> None:
    for path in databases:
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


@dataclass(frozen=True)
class _Told:
    """What a build is told."""

    streams: list[str]
    as_of_date: str
    start_date: str | None
    generation: int


@dataclass(frozen=True)
class _Build:
    """One build, of everything or, over copies of `kept` and the marts, of what depends on `changed`."""

    home: Home
    project: Project
    told: _Told
    held: Held
    kept: Path | None = None
    changed: set[str] | None = None

    def run(self) -> Built:
        """Without dbt if that goes well, else by dbt. Raises TransformFailed."""
        self._results.unlink(missing_ok=True)
        if not self._replayed():
            self._by_dbt()
            if self.changed is None and not self.held.arguments():
                dbt_cache.keep(self._results.with_name(replay.NAME), self._kept_statements)
        return Built(self.project.marts, warnings(self.home, self._databases, self._results))

    def statements(self) -> Statements | None:
        shipped = None if self._shaping else Statements.shipped(self.project.content)
        return shipped or Statements.read(self._kept_statements)

    @property
    def _kept_statements(self) -> Path:
        name = f"{dbt_cache.digest(json.dumps(self._shaping, sort_keys=True))}-{replay.NAME}"
        return dbt_cache.place(name, self.project.folder, self.project.content)

    @property
    def _shaping(self) -> dict[str, str]:
        """What the environment tells dbt besides: other settings are in other statements."""
        ours = {*self._told_to_dbt, *self.project.paths(self.home)}
        environment = self.project.environment(self.home)
        return {
            name: text
            for name, text in environment.items()
            if name.startswith("FRESHBOOKS_DBT_") and name not in ours
        }

    @property
    def _told_to_dbt(self) -> dict[str, str]:
        """Of a stream that is not there dbt reads no table; all else is told by functions."""
        functions = f"{self.project.work.stem}.{replay.SCHEMA}"
        told = {"STREAMS": self._streams, "FUNCTIONS": functions}
        return {f"FRESHBOOKS_DBT_{name}": json.dumps(value) for name, value in told.items()}

    def _functions(self) -> dict[str, str | None]:
        """What changes no SQL: the functions' values (dbt_project/macros/build_value.sql)."""
        return {
            "as_of_date": self.told.as_of_date,
            "freshbooks_connector_version": importlib.metadata.version("source-freshbooks"),
            "freshbooks_generation": str(self.told.generation),
            "freshbooks_start_date": self.told.start_date and self.told.start_date[:10],
            # Spaces around each.
            "freshbooks_streams": f" {' '.join(self._streams)} ",
        }

    @property
    def _streams(self) -> list[str]:
        """Those of which the raw tables are read."""
        return sorted(set(self.told.streams) - self.held.without)

    @property
    def _results(self) -> Path:
        return self.project.target / "run_results.json"

    @property
    def _databases(self) -> Databases:
        return Databases(self.project.work, self.home.raw, self.project.marts)

    def _prepare(self) -> None:
        """The files that it begins with."""
        work, marts = self.project.work, self.project.marts
        _remove(work, marts)
        if self.kept:
            with disk_errors(work.parent):
                shutil.copyfile(self.kept, work)
                shutil.copyfile(self.home.marts, marts)
        else:
            self.held.carry_over(work)
        try:
            replay.make_functions(work, self._functions())
        except duckdb.Error as error:
            raise TransformFailed(f"The marts could not be built: {error}. {UNCHANGED}") from error

    def _replayed(self) -> bool:
        statements = None if self.held.arguments() else self.statements()
        if statements is None:
            return False
        self._prepare()
        try:
            replay.replay(statements, self._databases, self._streams, self.changed, self._results)
        except NotReplayed as error:
            with open_private(self.home.logs / "dbt.log") as log:
                log.write(
                    f"{stamp(utc_now())} INFO    dbt builds what its earlier statements did not: {error}\n"
                )
            return False
        return True

    def _by_dbt(self) -> None:
        home, project = self.home, self.project
        environment = project.environment(home) | self._told_to_dbt
        self._prepare()
        options = [*project.options(project.target), *self.held.arguments()]
        if self.changed:
            options += ["--select", *(f"source:freshbooks.{table}+" for table in sorted(self.changed))]
            options.append(staging(AVAILABILITY))  # as in replay.py
        parsed = dbt_cache.place(dbt_cache.PARSED, project.folder, project.content)
        dbt_cache.lend(parsed, project.target)
        succeeded, output = dbt_build(home, self._results, options, environment)
        if not succeeded:
            raise failure(home, self._databases, self._results, output)
        dbt_cache.keep(project.target / dbt_cache.PARSED, parsed)
        if not project.marts.exists():
            raise TransformFailed(f"dbt built no marts. {UNCHANGED} {VERBOSE}.", output)
