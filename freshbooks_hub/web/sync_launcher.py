"""Starting a sync as a process of its own, and telling how far a running one is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_holder

STOP_SECONDS = 20.0


@dataclass
class Starter:
    """Starts syncs; one of each home at a time, whoever else may start more."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: dict[Path, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, home: Home) -> bool:
        """Begin a sync in the background; False when one is running already. Raises HomeError."""
        with self._lock:
            if self.running(home):
                return False
            home.ensure()
            with disk_errors(home.logs), (home.logs / "web-sync.log").open("wb") as log:
                self._started[home.root] = subprocess.Popen(
                    [sys.executable, "-P", "-m", "freshbooks_hub.cli.main", "sync"],
                    env=os.environ | home.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # Ctrl-C at the server reaches the sync by `stop`, once.
                    start_new_session=True,
                )
            return True

    def running(self, home: Home) -> bool:
        """Whether a sync of this home runs, started here or by anyone else."""
        mine = self._started.get(home.root)
        return (mine is not None and mine.poll() is None) or sync_holder(home.root) is not None

    def stop(self) -> None:
        """Ask the syncs that were started here to stop and wait for them; what they committed stays."""
        with self._lock:
            running = [one for one in self._started.values() if one.poll() is None]
            for one in running:
                one.send_signal(signal.SIGINT)
        until = time.monotonic() + STOP_SECONDS
        for one in running:
            try:
                one.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()
