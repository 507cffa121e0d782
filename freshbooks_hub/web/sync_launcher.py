"""Starting a sync as a process of its own, and telling how far a running one is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_holder
from freshbooks_hub.core.processes import Process, start_sync, stop


@dataclass
class Starter:
    """Starts syncs; one of each home at a time, whoever else may start more."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: dict[Path, Process] = field(default_factory=dict)

    def start(self, home: Home) -> bool:
        """Begin a sync in the background; False when one is running already. Raises HomeError."""
        with self._lock:
            if self.running(home):
                return False
            self._started[home.root] = start_sync(home)
            return True

    def running(self, home: Home) -> bool:
        """Whether a sync of this home runs, started here or by anyone else."""
        mine = self._started.get(home.root)
        return (mine is not None and mine.poll() is None) or sync_holder(home.root) is not None

    def stop(self) -> None:
        """Ask the syncs that were started here to stop and wait for them; what they committed stays."""
        with self._lock:
            stop(self._started.values())
