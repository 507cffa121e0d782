"""Syncs of a process that lives long, `freshbooks serve`: forked, with the hub and the source imported once.

A cold sync spends most of its time and CPU on imports, twice: in its own process and in the source's. Here two fork
servers stand ready, one with the hub's modules, one with the source's, whose settings of logging, garbage collection
and requests are not for the hub. Where there is no fork, syncs are commands as ever.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from freshbooks_hub.core.forks import Channel, Forked, ForkServer, Request, Unavailable
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.processes import Process, background_log, source_environment, start_sync
from freshbooks_hub.sync import source_process

PACKAGES = ("freshbooks_hub", *source_process.PACKAGES)
# What a sync imports on its way, too.
HUB = (
    "freshbooks_hub.cli.main:command",
    "freshbooks_hub.cli.sync_terminal",
    "freshbooks_hub.sync.scheduled_run",
    "freshbooks_hub.sync.run",
    "freshbooks_hub.sync.outcomes",
    "freshbooks_hub.marts.gaps",
    "dbt_project",
)


class WarmSyncs:
    """Starts syncs. The servers start with the first one, and end with `close` or with this process."""

    def __init__(self) -> None:
        self.hub = ForkServer(HUB, PACKAGES, lambda: dict(os.environ))
        self.source = ForkServer(source_process.PRELOAD, PACKAGES, source_environment)

    def start(self, home: Home, *options: str) -> Process:
        """`freshbooks sync` with these options, for the connection of `home`; raises HomeError."""
        request = Request("freshbooks_hub.cli.main:app", ("sync", *options), os.environ | home.environment())
        try:
            with background_log(home) as log:
                return self.fork(request, log.fileno(), log.fileno())
        except Unavailable:
            return start_sync(home, *options)

    def fork(self, request: Request, stdout: int, stderr: int) -> Forked:
        """A command of the hub that forks its source; raises Unavailable."""
        with self._sources(stderr) as sources:
            return self.hub.channel(stderr).fork(request, stdout, stderr, sources)

    @contextmanager
    def _sources(self, stderr: int) -> Iterator[Channel | None]:
        """What the sync forks its source with; None where that is not to be had."""
        try:
            channel = self.source.channel(stderr).another()
        except Unavailable:
            yield None
            return
        try:
            yield channel
        finally:
            channel.close()

    def close(self) -> None:
        """Let the servers end, once the syncs that run have."""
        self.hub.close()
        self.source.close()
