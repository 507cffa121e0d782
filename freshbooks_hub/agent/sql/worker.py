"""The process that runs queries for agents: `python -m freshbooks_hub.agent.sql.worker`.

One JSON object a line: `{"marts", "statement", "limits"}` in, `{"result"}` or `{"refused"}` out, after a first
line that says it is ready. It may write no file, has an address space of its own size, and is killed by whoever
started it when a query is late; should nobody do so, its own alarm does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from freshbooks_hub.agent.sql.engine import answer
from freshbooks_hub.agent.sql.model import Limits, QueryRefused

if sys.platform == "linux":
    import resource

# Code, stacks and arenas of the threads come on top of what DuckDB counts as its memory.
_ADDRESS_SPACE = 2 * 1024**3
_GRACE = 5.0
_NICE = 5  # behind the pages, which share the machine


def confine() -> None:
    """Limits of the whole process, for whatever gets past the checks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.nice(_NICE)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(line: str) -> dict[str, Any]:
    """The answer to one request."""
    request = json.loads(line)
    limits = Limits(**request["limits"])
    signal.setitimer(signal.ITIMER_REAL, limits.seconds + _GRACE)
    try:
        result = answer(Path(request["marts"]), request["statement"], limits)
    except QueryRefused as refused:
        return {"refused": str(refused)}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return {"result": asdict(result)}


def main() -> None:
    confine()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(serve(line), default=str), flush=True)


if __name__ == "__main__":
    main()
