"""What a running server saves: a sync that finds nothing, forked as `freshbooks serve` does, against the command.

The read alone too: the source forked against the source as a command, five streams with the states of the sync before.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.forked import forked
from benchmarks.keeping import INVOICES, connected, freshbooks, median, only
from benchmarks.measure import run
from benchmarks.scenarios import Result, Settings, at_most
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import catalog
from freshbooks_hub.sync.raw import RawStore
from freshbooks_hub.sync.warm_syncs import WarmSyncs
from freshbooks_sandbox import Sandbox

STREAMS = ("businesses", *INVOICES)
MOST_INVOICES = 10_000
READ, SYNC = 0.2, 0.35


def warm(settings: Settings) -> Result:
    """At most 10,000 invoices: nothing of them is read. Each figure is the median of `settings.runs`."""
    home = Home(settings.folder / "warm").ensure()
    rows = min(settings.rows, MOST_INVOICES)
    with Sandbox(seed="empty", scale=rows, rate_limit=None) as sandbox, connected(sandbox, home):
        for _ in range(2):
            freshbooks("sync", "--json", *only(*STREAMS))
        command = median([freshbooks("sync", "--json", *only(*STREAMS)) for _ in range(settings.runs)])
        arguments = _files(home, settings.folder)
        read = median([run(arguments, {}) for _ in range(settings.runs)])
        syncs = WarmSyncs()
        try:
            forked(syncs, home, *only(*STREAMS))  # imports
            both = [forked(syncs, home, *only(*STREAMS)) for _ in range(settings.runs)]
        finally:
            syncs.close()
    whole, source = median([one for one, _ in both]), median([one for _, one in both])
    return Result(
        f"a sync that finds nothing, {rows:,} invoices",
        {
            "command": command,
            "forked": whole,
            "its source as a command": read,
            "its source forked": source,
        },
        [
            at_most(SYNC, "CPU, forked sync / command", whole.cpu, command.cpu),
            at_most(READ, "CPU, forked source / command", source.cpu, read.cpu),
        ],
    )


def _files(home: Home, folder: Path) -> list[str]:
    """The command of a read like that of the sync."""
    raw = RawStore(home.raw, folder / "duckdb")
    try:
        states = [state for state in raw.states() if state["stream"]["stream_descriptor"]["name"] in STREAMS]
    finally:
        raw.close()
    discovered = json.loads((home.root / "catalog.json").read_bytes())["catalog"]
    contents = {
        "config": ConnectionStore(home.connection).load().config,
        "catalog": catalog.configured(catalog.select(discovered, list(STREAMS))),
        "state": states,
    }
    command = [sys.executable, "-m", "source_freshbooks.run", "read"]
    for name, content in contents.items():
        path = folder / f"warm_{name}.json"
        path.write_text(json.dumps(content))
        command += [f"--{name}", str(path)]
    return command
