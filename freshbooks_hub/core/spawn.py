"""Commands of this program in processes of their own: memory goes back at the end, a crash takes nobody along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable

from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.home import Home

STOP_SECONDS = 20.0
LOG_BYTES = 1024 * 1024
Process = subprocess.Popen[bytes]


def start_sync(home: Home, *options: str) -> Process:
    """`freshbooks sync` with these options, for the connection of `home`; raises HomeError."""
    return spawn(home, "freshbooks_hub.cli.main", "sync", *options)


def spawn(home: Home, module: str, *words: str) -> Process:
    """Run `module` as a program that finds `home`; what it prints goes to `logs/background.log`. Raises HomeError."""
    home.ensure()
    path = home.logs / "background.log"
    with disk_errors(home.logs):
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", module, *words],
                env=os.environ | home.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C at a server reaches the process by `stop`, once.
                start_new_session=True,
            )


def stop(processes: Iterable[Process]) -> None:
    """Ask these to stop, as Ctrl-C would, and wait for them; what a sync committed stays."""
    running = [process for process in processes if process.poll() is None]
    for process in running:
        process.send_signal(signal.SIGINT)
    until = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
