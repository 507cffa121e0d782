"""A process of the source: started as a command, or forked where a server that has it imported stands ready.

Both get the same: the network's settings as their environment and nothing else of ours, the folder of the run, files
for its owner alone, no standard input, a session of their own. Secrets are in no argument and no variable.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO

from freshbooks_hub.core import forks
from freshbooks_hub.core.forks import ForkServer, Request, Unavailable
from freshbooks_hub.core.processes import Process, source_environment

MODULE = "source_freshbooks.run"
COMMAND = (sys.executable, "-m", MODULE)
# Of a fork server: what it does before it forks, and the packages whose change ends it.
PRELOAD = (f"{MODULE}:preload",)
PACKAGES = ("freshbooks_api", "source_freshbooks")
END_SECONDS = 10.0


@dataclass(frozen=True)
class SourceProcess:
    """A running verb of the source: what it prints, and the process."""

    stdout: BufferedReader
    stderr: IO[bytes]
    process: Process

    def end(self) -> None:
        """End it and whatever it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(END_SECONDS)
        self.stdout.close()


def start(command: tuple[str, ...], words: list[str], folder: Path) -> SourceProcess:
    """Run `command` with `words` in `folder`; forked if it is our source's and a fork server is at hand."""
    channel = forks.inherited
    if channel and command == COMMAND:
        with suppress(Unavailable):
            return _forked(channel, words, folder)
    process = subprocess.Popen(
        [*command, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=source_environment(),
        cwd=folder,
        umask=0o077,
        start_new_session=True,
    )
    assert isinstance(process.stdout, BufferedReader)
    assert process.stderr is not None
    return SourceProcess(process.stdout, process.stderr, process)


@contextmanager
def imported_once(command: tuple[str, ...], needed: bool) -> Iterator[None]:
    """Within the block our source is forked, where that can be: for a sync that starts it several times."""
    if not needed or forks.inherited or command != COMMAND:
        yield
        return
    server = ForkServer(PRELOAD, PACKAGES, source_environment)
    with Path(os.devnull).open("w") as nowhere, suppress(Unavailable):
        forks.inherited = server.channel(nowhere.fileno())
    try:
        yield
    finally:
        forks.inherited = None
        server.end()


def _forked(channel: forks.Channel, words: list[str], folder: Path) -> SourceProcess:
    request = Request(f"{MODULE}:run", tuple(words), source_environment(), str(folder))
    with _pipe() as (out, out_end), _pipe() as (errors, errors_end):
        process = channel.fork(request, out_end, errors_end)
        return SourceProcess(os.fdopen(os.dup(out), "rb"), os.fdopen(os.dup(errors), "rb"), process)


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """A pipe whose ends are closed here at the end of the block."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)
