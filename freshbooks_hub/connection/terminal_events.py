"""What a log-in in a terminal waits for: a typed line, or a result of the callback listener."""

from __future__ import annotations

import os
import select
import time

from freshbooks_hub.connection.callback import Result


class TerminalEvents:
    """Lines of standard input and results of a callback listener, in order of arrival.

    It reads the descriptor itself: a thread blocked in `input()` could not be ended.
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._input: int | None = descriptor
        self._buffer = b""
        self._results: list[Result] = []
        self._woken, self._wake = os.pipe()

    def post(self, result: Result) -> None:
        """From any thread."""
        self._results.append(result)
        os.write(self._wake, b".")

    def next(self, seconds: float) -> str | Result | None:
        """The next line (without its end) or result; None when `seconds` passed with neither."""
        until = time.monotonic() + seconds
        while True:
            if self._results:
                os.read(self._woken, 1)
                return self._results.pop(0)
            if b"\n" in self._buffer:
                line, self._buffer = self._buffer.split(b"\n", 1)
                return line.decode("utf-8", "replace").strip()
            watched = [self._woken, *([] if self._input is None else [self._input])]
            ready = select.select(watched, [], [], max(until - time.monotonic(), 0))[0]
            if not ready:
                return None
            if self._input in ready:
                self._read(self._input)

    def line(self) -> str:
        """The next line; empty at the end of the input."""
        while self._input is not None and b"\n" not in self._buffer:
            self._read(self._input)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode("utf-8", "replace").strip()

    def _read(self, descriptor: int | None) -> None:
        assert descriptor is not None
        chunk = os.read(descriptor, 65536)
        if not chunk:
            self._input = None
            if self._buffer:
                chunk = b"\n"
        self._buffer += chunk
