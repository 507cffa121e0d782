"""dbt's part in the first marts, done while FreshBooks is read: `python -m freshbooks_hub.sync.preparation [FILE]`.

dbt parses and compiles several times as long as DuckDB runs the statements that come of it, and needs no row for that.
So while a first sync reads, marts without any stream are built in a process and a home of its own. The build of what
was read then runs their statements again, with the SQL for the streams that are there (replay.py). Where this goes
wrong dbt builds, as ever. A wheel and an image are built with the statements in FILE, so that dbt has nothing to do.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import transform
from freshbooks_hub.sync.held_streams import Held
from freshbooks_hub.sync.raw import RawStore

COMMAND = (sys.executable, "-P", "-m", "freshbooks_hub.sync.preparation")
END_SECONDS = 10.0


class Preparation:
    """Of one sync, if it is `needed` and was not done on this machine; over at the end of the block."""

    def __init__(self, home: Home, needed: bool) -> None:
        self._home = home
        self._needed = needed
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        if not self._needed or transform.statements(self._home):
            return
        self._process = subprocess.Popen(
            COMMAND,
            cwd=self._home.run,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A group of its own, so that dbt ends with it.
            start_new_session=True,
        )

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait(self) -> None:
        """Until what dbt can do before is done: to begin anew would take longer."""
        if self._process:
            self._process.wait()

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it: after an error nobody waits for it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process and self._process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, number)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(END_SECONDS)


def main(shipped: str | None = None) -> None:
    """Build marts without any stream, and write the statements to the file `shipped` if there is one.

    Raises HubError, or OSError.
    """
    # Not in the folder of the run: the sync may be killed, and the next one empties that.
    with TemporaryDirectory(prefix="freshbooks-") as folder:
        home = Home(Path(folder)).ensure()
        RawStore(home.raw, home.run / "duckdb").close()
        project, today = transform.Project.of(home), datetime.now(UTC).date().isoformat()
        transform.build(home, project, [], today, None, 0, held=Held())
        if shipped and (statements := transform.statements(home)):
            statements.ship(Path(shipped), project.content)


if __name__ == "__main__":
    # So that its folder goes with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.umask(0o077)
    main(*sys.argv[1:])
