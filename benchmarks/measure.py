"""One run of a program: its own CPU seconds and peak memory as the kernel counts them, and its wall seconds.

Everything runs in children of this small process: on Linux a child's peak starts at its parent's size.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType

ROW_MARK = b'"invoice_number":'  # once in each row, whatever it is wrapped in
CHUNK = 64 * 1024
SLOW_BYTES_A_SECOND = 2_000_000
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss


@dataclass(frozen=True)
class Run:
    """`cpu` and `wall` in seconds, `memory` in MB (10**6 bytes), `rows` as counted in the output."""

    cpu: float
    wall: float
    memory: float
    rows: int


def run(command: Sequence[str], environment: Mapping[str, str], slow_seconds: float = 0) -> Run:
    """Run to the end and read its output, at 2 MB/s for the first `slow_seconds`. RuntimeError if it fails."""
    with tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        child = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=errors
        )
        assert child.stdout is not None
        rows, carried, tail, taken = 0, b"", b"", 0
        while chunk := os.read(child.stdout.fileno(), CHUNK):
            carried += chunk
            rows += carried.count(ROW_MARK)
            carried = carried[1 - len(ROW_MARK) :]
            tail = (tail + chunk)[-2000:]
            taken += len(chunk)
            late = started + taken / SLOW_BYTES_A_SECOND - time.monotonic()
            if late > 0 and time.monotonic() - started < slow_seconds:
                time.sleep(late)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        child.stdout.close()
        if child.returncode:
            errors.seek(0)
            said = (tail + errors.read()[-2000:]).decode(errors="replace")
            raise RuntimeError(f"{' '.join(command)} ended with code {child.returncode}:\n{said}")
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * PEAK_UNIT / 1e6, rows)


class Server(AbstractContextManager["Server"]):
    """`benchmarks.server` in a process of its own; `url` once it has computed its answers."""

    def __init__(self, rows: int, latency_ms: int = 0) -> None:
        command = [sys.executable, "-m", "benchmarks.server", "--invoices", str(rows)]
        command += ["--latency-ms", str(latency_ms)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError("the benchmark's server did not start")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate()
