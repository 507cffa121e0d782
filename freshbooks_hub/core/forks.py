"""Processes forked from a warm one: imports happen once, and each process still ends on its own.

A fork server (`fork_server.py`) is a program with one thread that imports modules and then forks a child for each
request; what a child does to its locks, memory, environment and output concerns nobody else. Whoever holds a channel to
it, one end of a socket pair without a name, may ask, and may hand a channel on to a child. The server ends when no
channel is held and no child runs, so a process that is killed leaves none.

`multiprocessing` has one too, but its children cannot ask it for further ones, it hands over neither environment nor
folder nor session, and it listens at a named socket.
"""

from __future__ import annotations

import importlib.util
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

# Elsewhere system libraries break after a fork (macOS), or there is none (Windows).
AVAILABLE = sys.platform == "linux"
PATIENCE = 60.0  # seconds until a server answers: it imports first
SERVER = "freshbooks_hub.core.fork_server"
# Messages on a channel, sent with the descriptor of a socket: fork a child for its other end; open one more channel.
FORK, CHANNEL = b"f", b"c"
# What that socket brings: the child's number when it has begun, its exit code when it has ended.
BEGUN, ENDED = b"b", b"e"
REPORT, LENGTH = struct.Struct("!ci"), struct.Struct("!I")


class Unavailable(Exception):
    """Forking is not possible here; nothing was started."""


@dataclass(frozen=True)
class Request:
    """What a child does: call `target` (`module:function`) with `arguments` as `sys.argv[1:]`, in `folder` if given."""

    target: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: str | None = None


class Forked:
    """A child of a fork server, as `subprocess.Popen` has one; it leads a session of its own."""

    def __init__(self, pid: int, reports: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._reports = reports
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs. -9 if its server died too, which had it."""
        with self._lock:
            if self.returncode is None and _is_readable(self._reports, 0):
                report = _received(self._reports)
                self.returncode = report[1] if report else -signal.SIGKILL
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; the exit code. Raises subprocess.TimeoutExpired."""
        _is_readable(self._reports, timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Signal it, if it still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Channel:
    """The right to ask a fork server."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def fork(self, request: Request, stdout: int, stderr: int, handed_on: Channel | None = None) -> Forked:
        """Start a child with these descriptors as its output; `handed_on` is its `inherited`. Raises Unavailable."""
        mine, theirs = socket.socketpair()
        mine.settimeout(PATIENCE)
        passed = [stdout, stderr, *([handed_on._end.fileno()] if handed_on else [])]
        content = json.dumps(asdict(request)).encode()
        try:
            with theirs:
                socket.send_fds(self._end, [FORK], [theirs.fileno()])
            socket.send_fds(mine, [LENGTH.pack(len(content))], passed)
            mine.sendall(content)
            report = _received(mine)
        except (OSError, struct.error) as error:
            mine.close()
            raise Unavailable(str(error)) from error
        if report is None or report[0] != BEGUN:
            mine.close()
            raise Unavailable("the fork server ended")
        return Forked(report[1], mine)

    def another(self) -> Channel:
        """One more to the same server, to hand on. Raises Unavailable."""
        mine, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._end, [CHANNEL], [theirs.fileno()])
        except OSError as error:
            mine.close()
            raise Unavailable(str(error)) from error
        return Channel(mine)

    def close(self) -> None:
        self._end.close()


# In a forked child: the channel that its requester passed on.
inherited: Channel | None = None


class ForkServer:
    """A server of our own, started when it is first asked for, and anew when it was killed or its `packages` changed.

    One that ended with an error, because of what it imports, would do so again: it is left alone until they change.
    `preload`: modules to import, or `module:function` to call, before the first fork. `environment`: what the
    interpreter and these imports see.
    """

    def __init__(
        self, preload: Sequence[str], packages: Sequence[str], environment: Callable[[], dict[str, str]]
    ) -> None:
        self._preload, self._packages, self._environment = preload, packages, environment
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._version = 0

    @property
    def pid(self) -> int | None:
        """The process of the server, None before it is asked for."""
        return self._process.pid if self._process else None

    def channel(self, stderr: int) -> Channel:
        """The channel to the running server; `stderr` is where one that starts now writes. Raises Unavailable."""
        if not AVAILABLE:
            raise Unavailable("processes are not forked on this system")
        with self._lock:
            version = _newest_change(self._packages)
            if self._channel and self._process and version == self._version:
                code = self._process.poll()
                if code is None:
                    return self._channel
                if code > 0:
                    raise Unavailable(f"the fork server ended with exit code {code}")
            self._close()
            try:
                self._channel = self._start(stderr)
            except OSError as error:
                raise Unavailable(str(error)) from error
            self._version = version
            return self._channel

    def _start(self, stderr: int) -> Channel:
        mine, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-P", "-m", SERVER, str(theirs.fileno()), *self._preload]
            self._process = subprocess.Popen(
                command,
                env=self._environment(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                start_new_session=True,
            )
        return Channel(mine)

    def close(self) -> None:
        """Let the server end, once its children have."""
        with self._lock:
            self._close()

    def end(self) -> None:
        """End the server, which has no children any more."""
        self.close()
        if self._process:
            self._process.terminate()
            self._process.wait()

    def _close(self) -> None:
        if self._channel:
            self._channel.close()
        self._channel = None


def _newest_change(packages: Sequence[str]) -> int:
    """When a file of these packages changed last, as they are installed now, in ns."""
    folders = [Path(place) for name in packages for place in _places(name)]
    files = (path for folder in folders for path in folder.rglob("*.*") if path.parent.name != "__pycache__")
    return max(path.stat().st_mtime_ns for path in files)


def _places(package: str) -> Sequence[str]:
    spec = importlib.util.find_spec(package)
    return (spec.submodule_search_locations if spec else None) or ()


def _is_readable(end: socket.socket, timeout: float | None) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(end, selectors.EVENT_READ)
        return bool(selector.select(timeout))


def _received(end: socket.socket) -> tuple[bytes, int] | None:
    """A report of a child or of its server; None when both are gone."""
    try:
        content = end.recv(REPORT.size)
    except ConnectionError:
        return None
    return REPORT.unpack(content) if content else None
