"""Record lines into raw tables, in batches bounded in bytes.

Lines are spooled to a file per stream and parsed by DuckDB alone. A state is committed with the rows before
it, so a run that is killed anywhere leaves a state that says no more than the rows beside it. A full batch is
written beside the reading, one at a time: the source would wait otherwise.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from freshbooks_hub.core.errors import LoadFailed, disk_errors
from freshbooks_hub.sync.catalog import StreamTable
from freshbooks_hub.sync.messages import Records, State
from freshbooks_hub.sync.raw import RawStore

BATCH_BYTES = 64 * 1024 * 1024
SPOOL_BUFFER = 1024 * 1024
# A state that follows fewer bytes waits for more rows, but not longer than this.
STATE_INTERVAL_SECONDS = 5.0


class RowsKept(LoadFailed):
    """A stream that was to be read from the beginning gave nothing, though rows are stored."""


@dataclass(frozen=True)
class Batch:
    """Rows that are spooled, and the state that follows them."""

    spool: Path
    rows: int
    longest: int
    state: dict[str, Any] | None


@dataclass
class StreamLoad:
    """One stream's load: `table` is written, `live` is the table it becomes. The counts are rows.

    `is_full_reread`: read from the beginning over stored rows. Until it is complete, the stored state stands.
    """

    live: str
    table: StreamTable
    spool: Path
    shadow: bool
    is_full_reread: bool = False
    read: int = 0
    inserted: int = 0
    updated: int = 0
    completed: bool = False
    started_at: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    _file: IO[bytes] | None = None
    _rows: int = 0
    _bytes: int = 0
    _longest: int = 0
    _state: dict[str, Any] | None = None
    _flushed_at: float = field(default_factory=time.monotonic)

    def add(self, lines: list[bytes]) -> None:
        """Spool records."""
        if self._file is None:
            self._file = self.spool.open("wb", buffering=SPOOL_BUFFER)
        self._bytes += self._file.write(b"\n".join([*lines, b""]))
        self.read += len(lines)
        self._rows += len(lines)
        self._longest = max(self._longest, *map(len, lines))

    def is_due(self) -> bool:
        """Whether the batch is full, or a state has waited long enough."""
        if self._bytes >= BATCH_BYTES:
            return True
        return self._state is not None and time.monotonic() - self._flushed_at > STATE_INTERVAL_SECONDS

    def hold(self, state: dict[str, Any]) -> None:
        """Keep the newest state for the next commit."""
        self._state = state

    def take(self) -> Batch:
        """What was spooled; rows that come later are spooled anew."""
        if self._file is not None:
            self._file.close()
            self._file = None
        # A shadow's state belongs to the swap: until then the live table's state stands.
        held = self.shadow or (self.is_full_reread and not self.completed)
        taken = self.spool.with_suffix(".batch")
        if self._rows:
            self.spool.replace(taken)
        batch = Batch(taken, self._rows, self._longest, None if held else self._state)
        self._rows = self._bytes = self._longest = 0
        if not held:
            self._state = None
        self._flushed_at = time.monotonic()
        return batch

    def write(self, raw: RawStore, batch: Batch) -> None:
        """Commit its rows with the state."""
        if batch.rows or batch.state is not None:
            written = raw.write(self.table, batch.spool, batch.rows, batch.longest, batch.state)
            self.inserted += written.inserted
            self.updated += written.updated
        batch.spool.unlink(missing_ok=True)

    def flush(self, raw: RawStore) -> None:
        """Commit the spooled rows with the state that follows them."""
        self.write(raw, self.take())

    def complete(self, raw: RawStore) -> None:
        """Commit the rest; swap a shadow table in."""
        if (self.shadow or self.is_full_reread) and not self.read and (kept := raw.tables.count(self.live)):
            # A permission or plan that was lost looks like an empty list; deleted rows would still come.
            raise RowsKept(
                f"FreshBooks sent no rows of {self.live}, though {kept} are stored. They are kept: check that "
                "the authorizing user may still read them, or leave this stream out of the full refresh."
            )
        self.flush(raw)
        if self.shadow:
            written = raw.swap(self.table, self._state)
            self.inserted, self.updated = written.inserted, written.updated
            self.table, self.shadow, self._state = replace(self.table, name=self.live), False, None
        self.completed = True
        self.flush(raw)
        self.seconds = time.monotonic() - self.started_at


class Loader:
    """Loads the streams of one sync into `raw`. Raises LoadFailed or HomeError."""

    def __init__(self, raw: RawStore, folder: Path) -> None:
        self._raw = raw
        self._folder = folder
        self.streams: dict[str, StreamLoad] = {}
        self._thread = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None

    def start(self, stream: str, table: StreamTable, swap: bool, is_full_reread: bool = False) -> None:
        """Prepare a stream's table; with `swap`, its rows are swapped in whole at the end."""
        self.streams[stream] = StreamLoad(
            live=table.name,
            table=self._raw.prepare(table, shadow=swap),
            spool=self._folder / f"spool-{table.name}.jsonl",
            shadow=swap,
            is_full_reread=is_full_reread,
        )

    def records(self, records: Records) -> int:
        """Spool records, commit their batch when it is full; the number of rows read of the stream."""
        load = self.streams[records.stream]
        with disk_errors(self._folder):
            load.add(records.lines)
            if load.is_due():
                self._wait()
                self._writing = self._thread.submit(load.write, self._raw, load.take())
        return load.read

    def state(self, state: State) -> None:
        """Note a state; it is committed with the rows before it.

        The source sends a stream's last state after its COMPLETE.
        """
        load = self.streams[state.stream]
        load.hold(state.message)
        if load.completed or load.is_due():
            with disk_errors(self._folder):
                self._wait()
                load.flush(self._raw)

    def completed(self, stream: str) -> None:
        """The source says that the stream is complete."""
        with disk_errors(self._folder):
            self._wait()
            self.streams[stream].complete(self._raw)

    def finish(self) -> None:
        """Commit what arrived of the streams that did not complete; their shadows are dropped."""
        with self._thread, disk_errors(self._folder):
            self._wait()
            for load in self.streams.values():
                if not load.completed and not load.shadow:
                    load.flush(self._raw)
            self._raw.save_held()

    def _wait(self) -> None:
        """Until the batch in hand is written. Where that failed, each time: no later state may be committed."""
        if self._writing is not None:
            self._writing.result()
            self._writing = None
