"""What is measured, and what must come out (ratios only)."""

import json
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import airbyte_manifest
from benchmarks.measure import Run, Server, run

OURS, LIMIT, AIRBYTE = "source-freshbooks", "limit: requests + orjson", "Airbyte's manifest, patched"
LATENCY_MS = 200
FEW_ROWS = 20_000
SLOW_SECONDS = 60

Commands = Mapping[str, list[str] | None]


@dataclass(frozen=True)
class Settings:
    rows: int
    many_rows: int
    runs: int
    airbyte_manifest: Path | None
    folder: Path
    books: tuple[int, ...] = (10_000, 100_000)


@dataclass(frozen=True)
class Target:
    """`met` and `ratio` are None where a side of the ratio was not given."""

    what: str
    ratio: float | None
    bound: str
    met: bool | None


@dataclass(frozen=True)
class Result:
    scenario: str
    runs: Mapping[str, Run | None]
    targets: list[Target]


def at_most(bound: float, what: str, run: float | None, other: float | None) -> Target:
    ratio = None if run is None or other is None else run / other
    return Target(what, ratio, f"at most {bound:g}", None if ratio is None else ratio <= bound)


def throughput(settings: Settings) -> Result:
    with Server(settings.rows) as server:
        found = _by_turns(_readers(settings, server.url), server.url, settings.runs, settings.rows)
    ours, limit, airbyte = (_cpu(found[name]) for name in (OURS, LIMIT, AIRBYTE))
    targets = [
        at_most(2.5, "CPU, ours / limit", ours, limit),
        at_most(0.25, "CPU, ours / Airbyte's", ours, airbyte),
    ]
    return Result(f"{settings.rows:,} invoices, no latency", found, targets)


def latency(settings: Settings) -> Result:
    with Server(settings.rows, LATENCY_MS) as server:
        found = _by_turns(_readers(settings, server.url), server.url, 1, settings.rows)
    ours, airbyte = found[OURS], found[AIRBYTE]
    wall = at_most(0.125, "wall, ours / Airbyte's", _wall(ours), _wall(airbyte))
    return Result(f"{settings.rows:,} invoices, {LATENCY_MS} ms a request", found, [wall])


def memory(settings: Settings) -> Result:
    found: dict[str, Run | None] = {}
    for slow_seconds, reader in ((0, "fast reader"), (SLOW_SECONDS, "reader of 2 MB/s")):
        for rows in (FEW_ROWS, settings.many_rows):
            with Server(rows) as server:
                command = ours(settings, server.url)
                found[f"{rows:,} invoices, {reader}"] = _checked(command, server.url, rows, slow_seconds)
    few, *others = found.items()
    targets = [
        at_most(1.15, f"peak, {name} / {few[0]}", _memory(one), _memory(few[1])) for name, one in others
    ]
    return Result("Memory against rows (2 MB/s for the first minute, then fast)", found, targets)


def start_up(settings: Settings) -> Result:
    imported = "import airbyte_cdk.sources.declarative.yaml_declarative_source"
    commands: Commands = {
        "source-freshbooks spec": [sys.executable, "-m", "source_freshbooks.run", "spec"],
        "import of the CDK's source": [sys.executable, "-c", imported],
    }
    found = _by_turns(commands, "", settings.runs + 2, 0)
    spec, cdk = (_cpu(one) for one in found.values())
    return Result("Start-up", found, [at_most(1.3, "CPU, spec / import", spec, cdk)])


ALL: dict[str, Callable[[Settings], Result]] = {
    "throughput": throughput,
    "latency": latency,
    "memory": memory,
    "start-up": start_up,
}


def _readers(settings: Settings, url: str) -> Commands:
    given = settings.airbyte_manifest
    return {
        LIMIT: [sys.executable, "-m", "benchmarks.limit", url],
        OURS: ours(settings, url),
        AIRBYTE: airbyte_manifest.patch(given, url, settings.folder) if given else None,
    }


def ours(settings: Settings, url: str) -> list[str]:
    config = {
        "credentials": {
            "client_id": "bench-client",
            "client_secret": "bench-client-secret",
            "redirect_uri": "https://localhost/callback",
            "refresh_token": "bench-refresh-token",
            "access_token": "bench-access-token",
            "token_expiry_date": "2099-01-01T00:00:00Z",
        }
    }
    paths = {"config": settings.folder / "ours.json", "catalog": settings.folder / "ours_catalog.json"}
    paths["config"].write_text(json.dumps(config))
    paths["catalog"].write_text(json.dumps(airbyte_manifest.catalog("invoices", "incremental")))
    files = [text for name, path in paths.items() for text in (f"--{name}", str(path))]
    return [sys.executable, "-m", "source_freshbooks.run", "read", *files]


def _by_turns(commands: Commands, url: str, runs: int, rows: int) -> dict[str, Run | None]:
    """The median of each after `runs` rounds, every second one in reverse order: drift hits all alike."""
    taken: dict[str, list[Run]] = {name: [] for name in commands}
    order = list(commands)
    for _ in range(runs):
        for name in order:
            if (command := commands[name]) is not None:
                taken[name].append(_checked(command, url, rows))
        order.reverse()
    return {name: _median(found) if found else None for name, found in taken.items()}


def _checked(command: list[str], url: str, rows: int, slow_seconds: float = 0) -> Run:
    found = run(command, {"FRESHBOOKS_API_URL": url}, slow_seconds)
    if found.rows != rows:
        raise RuntimeError(f"{' '.join(command)} gave {found.rows} rows instead of {rows}")
    return found


def _median(runs: list[Run]) -> Run:
    median = statistics.median
    cpu, wall, memory = (
        median(r.cpu for r in runs),
        median(r.wall for r in runs),
        median(r.memory for r in runs),
    )
    return Run(cpu, wall, memory, runs[0].rows)


def _cpu(run: Run | None) -> float | None:
    return run.cpu if run else None


def _wall(run: Run | None) -> float | None:
    return run.wall if run else None


def _memory(run: Run | None) -> float | None:
    return run.memory if run else None
