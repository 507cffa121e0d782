"""Who is told what a running sync does, and the small file in which whoever wants to watch reads it."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from freshbooks_hub.core.clock import stamp, utc_now
from freshbooks_hub.core.home import Home

INTERVAL_SECONDS = 0.5


class Reporter(Protocol):
    """Told by a sync what happens; counts are rows so far."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def expected(self, stream: str, rows: int) -> None:
        """The source expects so many rows of a stream in all."""

    def rows(self, stream: str, count: int) -> None:
        """So many rows of a stream were read."""

    def completed(self, stream: str, count: int) -> None:
        """A stream is complete."""

    def phase(self, text: str) -> None:
        """A step of the sync begins."""


class Silent:
    """Shows nothing (`--json`)."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def expected(self, stream: str, rows: int) -> None: ...
    def rows(self, stream: str, count: int) -> None: ...
    def completed(self, stream: str, count: int) -> None: ...
    def phase(self, text: str) -> None: ...


class Throttle:
    """Passes row counts on at most ten times a second."""

    def __init__(self, target: Reporter) -> None:
        self._target = target
        self._next = 0.0

    def rows(self, stream: str, count: int) -> None:
        """As `Reporter.rows`."""
        if (now := time.monotonic()) >= self._next:
            self._next = now + 0.1
            self._target.rows(stream, count)


@dataclass
class StreamProgress:
    """Rows of one stream so far; `expected` is the source's guess of all of them, None when it has none."""

    rows: int = 0
    expected: int | None = None
    completed: bool = False


@dataclass
class RunningSync:
    """The running sync: `phase` is a sentence; `streams` in the order in which they were first heard of."""

    started_at: str
    pid: int
    phase: str = "Reading FreshBooks"
    streams: dict[str, StreamProgress] = field(default_factory=dict)


def progress_path(home: Home) -> Path:
    """Where the running sync writes; the folder is emptied at the start of every sync."""
    return home.run / "progress.json"


def read_progress(home: Home) -> RunningSync | None:
    """The running sync, or None when none runs."""
    try:
        document: dict[str, Any] = json.loads(progress_path(home).read_bytes())
        streams = {name: StreamProgress(**row) for name, row in document.pop("streams").items()}
        progress = RunningSync(**document, streams=streams)
        os.kill(progress.pid, 0)
    except (OSError, ValueError, KeyError, TypeError):  # none, or of a sync that was killed
        return None
    return progress


class Recorded:
    """A reporter that passes everything on and writes it down; the file goes away with the sync."""

    def __init__(self, target: Reporter, home: Home) -> None:
        self._target = target
        self._path = progress_path(home)
        self._progress = RunningSync(stamp(utc_now()), os.getpid())
        self._next = 0.0

    def close(self) -> None:
        """The sync has ended."""
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self._target.__enter__()
        self._write()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._target.__exit__(kind, error, trace)

    def expected(self, stream: str, rows: int) -> None:
        self._target.expected(stream, rows)
        self._stream(stream).expected = rows
        self._write_now_and_then()

    def rows(self, stream: str, count: int) -> None:
        self._target.rows(stream, count)
        self._stream(stream).rows = count
        self._write_now_and_then()

    def completed(self, stream: str, count: int) -> None:
        self._target.completed(stream, count)
        self._progress.streams[stream] = StreamProgress(count, count, True)
        self._write()

    def phase(self, text: str) -> None:
        self._target.phase(text)
        self._progress.phase = text
        self._write()

    def _stream(self, name: str) -> StreamProgress:
        return self._progress.streams.setdefault(name, StreamProgress())

    def _write_now_and_then(self) -> None:
        if time.monotonic() >= self._next:
            self._write()

    def _write(self) -> None:
        self._next = time.monotonic() + INTERVAL_SECONDS
        temporary = self._path.with_suffix(".tmp")
        try:
            # Not made durable: it is worth nothing after a power cut.
            temporary.write_text(json.dumps(asdict(self._progress)), "utf-8")
            temporary.replace(self._path)
        except OSError:
            pass  # a sync must not fail because nobody can watch it
