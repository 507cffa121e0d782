"""The marts: a build at several sizes beside its own SQL, a small change, and the parts of a sync."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import books
from benchmarks.measure import Run, Server, run
from benchmarks.scenarios import Result, Settings, Target, at_most, ours

PROJECT = Path(__file__).parents[1] / "dbt_project"
CHANGED = 100
MEMORY_MB = 4000
AGAIN = 2
KEPT = {"freshbooks_incremental": True}


def build(settings: Settings) -> Result:
    """Per size: everything by dbt, by its statements, and by its SQL alone; and what 100 changed invoices cost dbt.

    That is: the models which depend on them, over the files of the build before; then with the facts kept, too.
    """
    found: dict[str, Run | None] = {}
    targets: list[Target] = []
    first = settings.books[0]
    for size in settings.books:
        folder = settings.folder / f"books-{size}"
        folder.mkdir()
        raw = folder / "raw.duckdb"
        run([sys.executable, "-m", "benchmarks.books", "write", str(raw), str(size)], {})
        whole = found[_name(size)] = dbt(folder, "build")
        again = found[f"{size:,} invoices, without dbt"] = _again(folder)
        alone = found[f"{size:,} invoices, its SQL alone"] = _alone(folder)
        affected = found[f"{size:,} invoices, {CHANGED} changed"] = _changed(folder, {})
        dbt(folder, "build", KEPT)
        found[f"{size:,} invoices, {CHANGED} changed, facts kept"] = _changed(folder, KEPT)
        targets.append(
            Target(f"CPU, {size:,}: dbt build / its SQL alone", whole.cpu / alone.cpu, "no bound", None)
        )
        targets.append(at_most(AGAIN, f"CPU, {size:,}: without dbt / its SQL alone", again.cpu, alone.cpu))
        targets.append(at_most(1, f"CPU, {size:,}: {CHANGED} changed / build", affected.cpu, whole.cpu))
        if size > first:
            base = found[_name(first)]
            assert base
            targets.append(at_most(1, f"CPU a row, {size:,} / {first:,}", whole.cpu / size, base.cpu / first))
        for path in folder.glob("*.duckdb"):
            path.unlink()
    largest = found[_name(settings.books[-1])]
    assert largest
    targets.append(at_most(MEMORY_MB, "peak MB of the largest build", largest.memory, 1))
    return Result("Marts: everything built, four lines an invoice", found, targets)


def _changed(folder: Path, variables: dict[str, Any]) -> Run:
    run([sys.executable, "-m", "benchmarks.books", "change", str(folder / "raw.duckdb"), str(CHANGED)], {})
    return dbt(folder, "build", variables, "--select", "source:freshbooks.invoices+", fresh=False)


def sync(settings: Settings) -> Result:
    """The parts of a first sync of invoices, and the load beside DuckDB's own insert of the same lines."""
    folder = settings.folder / "sync"
    folder.mkdir()
    messages, raw = folder / "messages.jsonl", folder / "raw.duckdb"
    with Server(settings.rows) as server:
        command = ours(settings, server.url)
        extract = run(command, {"FRESHBOOKS_API_URL": server.url})
        with messages.open("wb") as file:
            environment = os.environ | {"FRESHBOOKS_API_URL": server.url}
            subprocess.run(command, stdout=file, env=environment, check=True)
    loads: dict[str, list[Run]] = {"ours": [], "duckdb": []}
    for _ in range(settings.runs):
        for kind, runs in loads.items():
            for path in folder.glob(f"{kind}.duckdb*"):
                path.unlink()
            runs.append(
                run([sys.executable, "-m", "benchmarks.loading", kind, str(messages), str(folder)], {})
            )
    load, alone = (sorted(runs, key=lambda one: one.cpu)[len(runs) // 2] for runs in loads.values())
    run([sys.executable, "-m", "benchmarks.books", "write", str(raw), str(settings.rows)], {})
    parse = dbt(folder, "parse")
    whole = dbt(folder, "build")
    published = run(
        [sys.executable, "-m", "benchmarks.loading", "publish", str(folder / "marts.duckdb"), str(folder)], {}
    )
    found: dict[str, Run | None] = {
        "extract": extract,
        "load": load,
        "load by DuckDB's read_json alone": alone,
        "parse (dbt alone)": parse,
        "parse and build": whole,
        "publish": published,
    }
    bound = at_most(1.5, "CPU, load / DuckDB's own insert", load.cpu, alone.cpu)
    return Result(f"The parts of a first sync of {settings.rows:,} invoices", found, [bound])


def _name(size: int) -> str:
    return f"{size:,} invoices, dbt build"


def dbt(
    folder: Path, verb: str, variables: dict[str, Any] | None = None, *arguments: str, fresh: bool = True
) -> Run:
    """dbt as the hub runs it; `fresh` parses the whole project and builds into new files."""
    if fresh:
        shutil.rmtree(folder / "target", ignore_errors=True)
        for path in (*folder.glob("work.duckdb*"), *folder.glob("marts.duckdb*")):
            path.unlink()
    files = {
        "FRESHBOOKS_DBT_WORK": str(folder / "work.duckdb"),
        "FRESHBOOKS_DBT_RAW": str(folder / "raw.duckdb"),
        "FRESHBOOKS_DBT_MARTS": str(folder / "marts.duckdb"),
    }
    settings = {
        "as_of_date": books.AS_OF_DATE,
        "freshbooks_publish": True,
        "freshbooks_streams": list(books.STREAMS),
        **(variables or {}),
    }
    results = folder / "target" / "run_results.json"
    command = [
        sys.executable,
        "-m",
        "freshbooks_hub.sync.dbt_process",
        str(folder / "dbt.log"),
        str(results),
        verb,
    ]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", "duckdb"]
    command += ["--target-path", str(folder / "target"), "--vars", json.dumps(settings), *arguments]
    return run([*command, *(["--exclude-resource-type", "unit_test"] if verb == "build" else [])], files)


def _again(folder: Path) -> Run:
    """The hub's way once dbt has built: its statements, run again."""
    again = folder / "again"
    again.mkdir()
    statements = folder / "target" / "statements.json"
    return run(
        [
            sys.executable,
            "-m",
            "benchmarks.replaying",
            str(statements),
            str(folder / "raw.duckdb"),
            str(again),
        ],
        {},
    )


def _alone(folder: Path) -> Run:
    alone = folder / "alone"
    alone.mkdir()
    results = folder / "target" / "run_results.json"
    command = [
        sys.executable,
        "-m",
        "benchmarks.sql_alone",
        str(results),
        str(folder / "raw.duckdb"),
        str(alone),
    ]
    return run([*command, "2GB"], {})
