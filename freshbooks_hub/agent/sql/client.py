"""Running free SQL: limits, results, and the worker processes that answer.

The processes are kept warm, killed when late, and replaced when dead. The worker imports this, so it needs the standard
library only.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import freshbooks_hub
from freshbooks_hub.core.errors import QueryFailed


class QueryRefused(QueryFailed):
    """The statement is not allowed, is wrong, or asked for more than a query may use."""


@dataclass(frozen=True)
class Limits:
    """What one query may use and how much it may answer.

    `seconds` of wall-clock time before its process is killed; `memory_mb` for DuckDB; `rows`, `bytes` (of the
    values, as JSON) and `cell` (characters) of the answer: what is over is cut and said. `offset`: rows to leave out
    before the first. `wait`: seconds for other queries to end before this one is refused.
    """

    seconds: float = 10.0
    wait: float = 10.0
    memory_mb: int = 256
    offset: int = 0
    rows: int = 500
    bytes: int = 200_000
    cell: int = 500


@dataclass(frozen=True)
class Column:
    """`type` as DuckDB names it."""

    name: str
    type: str


@dataclass(frozen=True)
class QueryResult:
    """Rows in the order of the query, JSON-ready.

    Decimals are text, instants are RFC 3339 UTC, days are ISO dates; text is one line without control, bidi or
    zero-width characters. `truncated` says that rows or text were cut off, `has_more` that rows were.
    `as_of_date`: the day the marts stand for; `published_at`: when they were published, UTC. `notes`: what to
    know about the figures. `marts`: those that the statement reads.
    """

    columns: list[Column]
    rows: list[list[Any]]
    truncated: bool
    has_more: bool
    as_of_date: date | None
    published_at: datetime
    notes: list[str] = field(default_factory=list)
    marts: list[str] = field(default_factory=list)


BUSY = "The hub is busy with other calls. Nothing was done; try again in a few seconds."
_START_SECONDS = 30.0
_AT_ONCE = 2
_ROOT = Path(freshbooks_hub.__file__).parents[1]
_slots = threading.BoundedSemaphore(_AT_ONCE)
_idle: list[_Worker] = []


def run_query(marts: Path, statement: str, limits: Limits | None = None) -> QueryResult:
    """Answer one SELECT on the published marts; bare names are looked up in schema marts.

    Thread-safe; two queries run at once, others wait for `limits.wait` seconds. Raises QueryRefused: not allowed,
    wrong, too long, too big, too many at once, money of several currencies added up, or no marts yet.
    """
    limits = limits or Limits()
    if not marts.exists():
        raise QueryRefused("There are no marts yet. Run `freshbooks sync` first.")
    if not _slots.acquire(timeout=limits.wait):
        raise QueryRefused(BUSY)
    try:
        answered = _ask({"marts": str(marts), "statement": statement, "limits": asdict(limits)}, limits)
    finally:
        _slots.release()
    if "refused" in answered:
        raise QueryRefused(answered["refused"])
    result = answered["result"]
    return QueryResult(
        columns=[Column(**column) for column in result["columns"]],
        rows=result["rows"],
        truncated=result["truncated"],
        has_more=result["has_more"],
        as_of_date=date.fromisoformat(result["as_of_date"]) if result["as_of_date"] else None,
        published_at=datetime.fromisoformat(result["published_at"]),
        notes=result["notes"],
        marts=result["marts"],
    )


def _ask(request: dict[str, Any], limits: Limits) -> dict[str, Any]:
    worker = _ready_worker()
    try:
        answered = worker.ask(json.dumps(request), limits.seconds)
    except TimeoutError:
        worker.kill()
        raise QueryRefused(
            f"The query ran longer than {limits.seconds:g} seconds and was stopped. "
            "Filter to fewer rows, or ask for less at once."
        ) from None
    except (EOFError, BrokenPipeError):
        worker.kill()
        raise QueryRefused(
            "The query broke its process, most likely by its need of memory. Filter or aggregate more."
        ) from None
    except BaseException:
        worker.kill()
        raise
    _idle.append(worker)
    return answered


def _ready_worker() -> _Worker:
    while _idle:
        worker = _idle.pop()
        if worker.alive:
            return worker
        worker.kill()
    return _Worker()


class _Worker:
    """A running worker process; it ends by itself when this process does."""

    def __init__(self) -> None:
        # Nothing of the environment is passed on: no token, no FRESHBOOKS_HOME.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "freshbooks_hub.agent.sql.worker"],
            cwd=_ROOT,
            env={"LANG": "C.UTF-8", "PATH": os.defpath},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._line(_START_SECONDS)
        except BaseException:
            self.kill()
            raise

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: str, seconds: float) -> dict[str, Any]:
        """One request, one answer; raises TimeoutError, or EOFError when the process died."""
        assert self._process.stdin
        self._process.stdin.write(request.encode() + b"\n")
        self._process.stdin.flush()
        answered: dict[str, Any] = json.loads(self._line(seconds))
        return answered

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _line(self, seconds: float) -> bytes:
        assert self._process.stdout
        descriptor = self._process.stdout.fileno()
        ready = select.poll()
        ready.register(descriptor, select.POLLIN)
        end = time.monotonic() + seconds
        line = bytearray()
        while not line.endswith(b"\n"):
            left = end - time.monotonic()
            if left <= 0 or not ready.poll(left * 1000):
                raise TimeoutError
            piece = os.read(descriptor, 1 << 16)
            if not piece:
                raise EOFError
            line += piece
        return bytes(line)
