"""Starting a sync as a process of its own, and telling how far a running one is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from freshbooks_hub.errors import disk_errors
from freshbooks_hub.home import Home


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
                    [sys.executable, "-m", "freshbooks_hub.cli", "sync"],
                    env=os.environ
                    | {"FRESHBOOKS_HOME": str(home.base.root), "FRESHBOOKS_CONNECTION": home.name},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # Ctrl-C at the server must not cut a sync short.
                    start_new_session=True,
                )
            return True

    def running(self, home: Home) -> bool:
        """Whether a sync of this home runs, started here or by anyone else."""
        mine = self._started.get(home.root)
        return (mine is not None and mine.poll() is None) or holder(home) is not None


def holder(home: Home) -> int | None:
    """The process that holds the sync lock of `home`; None when no sync runs."""
    try:
        pid = int(json.loads((home.root / "sync.holder.json").read_text("utf-8"))["pid"])
        os.kill(pid, 0)
    except PermissionError:
        return pid
    except (OSError, ValueError, KeyError):
        return None
    return pid
