"""State that all pages share: home, secrets, allowed hosts, running syncs and log-ins."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from starlette.routing import Router

from freshbooks_hub.agent.mcp.oauth.provider import Authorization
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_holder
from freshbooks_hub.core.processes import Process, StartSync, start_sync, stop
from freshbooks_hub.web.logins import Logins
from freshbooks_hub.web.passwords import LoginThrottle
from freshbooks_hub.web.sessions import Keys, Sessions
from freshbooks_hub.web.users import Users


@dataclass
class SyncLauncher:
    """Starts syncs by `start_sync`, one at a time for each home, even if other programs start some too."""

    start_sync: StartSync = start_sync
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: dict[Path, Process] = field(default_factory=dict)

    def start(self, home: Home) -> bool:
        """Begin a sync in the background; False when one is running already. Raises HomeError."""
        with self._lock:
            if self.running(home):
                return False
            self._started[home.root] = self.start_sync(home)
            return True

    def running(self, home: Home) -> bool:
        """Whether a sync of this home runs, started here or by anyone else."""
        mine = self._started.get(home.root)
        return (mine is not None and mine.poll() is None) or sync_holder(home.root) is not None

    def stop(self) -> None:
        """Ask the syncs that were started here to stop and wait for them; what they committed stays."""
        with self._lock:
            stop(self._started.values())


@dataclass
class Site:
    """`keys` are replaced when the owner changes the password. `hosts`: names that the Host header may carry.

    `public_url`: our https address, where there is one.
    """

    home: Home
    keys: Keys
    sessions: Sessions
    users: Users
    hosts: tuple[str, ...]
    public_url: str | None = None
    authorization: Authorization | None = None  # of `freshbooks serve`, which has an address
    throttle: LoginThrottle = field(default_factory=LoginThrottle)
    syncs: SyncLauncher = field(default_factory=SyncLauncher)
    logins: Logins = field(default_factory=Logins)
    callbacks: dict[str, Router] = field(default_factory=dict)  # by connection
