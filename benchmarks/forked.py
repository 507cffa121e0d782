"""A sync as `freshbooks serve` starts it, measured."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.measure import Run
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.warm_syncs import WarmSyncs


def forked(syncs: WarmSyncs, home: Home, *options: str) -> tuple[Run, Run]:
    """A sync with these options, and the part of it that is the source's; their memory is not measured."""
    servers = (syncs.hub, syncs.source)
    before = [_cpu_of(server.pid) for server in servers]
    started = time.monotonic()
    code = syncs.start(home, *options).wait()
    wall = time.monotonic() - started
    if code:
        raise RuntimeError((home.logs / "background.log").read_text("utf-8")[-2000:])
    hub, source = (_cpu_of(server.pid) - used for server, used in zip(servers, before, strict=True))
    return Run(hub + source, wall, 0.0, 0), Run(source, wall, 0.0, 0)


def _cpu_of(pid: int | None) -> float:
    """CPU seconds of a process and of the children that it has waited for; 0 for one that is not there yet."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
