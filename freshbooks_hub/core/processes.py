"""Starting processes: commands of this program, and the environment for dbt and the source.

Memory goes back when a process ends, and a crash affects nobody else. dbt and the source read dozens of variables that
a shell may carry for something else, so they get a list of variables, and none beside it: `DBT_EMPTY=1` alone would
publish marts without a row, `DBT_TARGET` build elsewhere, `PYTHONOPTIMIZE=1` take checks out.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.home import Home

STOP_SECONDS = 20.0
LOG_BYTES = 1024 * 1024
_ALWAYS = {
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LANGUAGE"),
    # Where this Python finds its libraries, for a build that does not know it by itself.
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME"),
}
_NETWORK = {
    *(
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
    ),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("FRESHBOOKS_API_URL", "FRESHBOOKS_AUTH_URL"),
}
# No proxy, no certificate: on DuckDB it reads and writes files alone.
_DBT = "FRESHBOOKS_DBT_"


class Process(Protocol):
    """What a `subprocess.Popen` and a forked process have in common."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...


class StartSync(Protocol):
    """A way to start `freshbooks sync` with some options, for the connection of `home`; raises HomeError."""

    def __call__(self, home: Home, *options: str) -> Process: ...


def start_sync(home: Home, *options: str) -> Process:
    """`freshbooks sync` with these options, for the connection of `home`; raises HomeError."""
    return spawn(home, "freshbooks_hub.cli.main", "sync", *options)


def spawn(home: Home, module: str, *words: str) -> Process:
    """Run `module` as a program that finds `home`; what it prints goes to `logs/background.log`. Raises HomeError."""
    with background_log(home) as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, *words],
            env=os.environ | home.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C at a server reaches the process by `stop`, once.
            start_new_session=True,
        )


@contextmanager
def background_log(home: Home) -> Iterator[BinaryIO]:
    """What processes of `home` without a terminal print to: `logs/background.log`. Raises HomeError."""
    home.ensure()
    path = home.logs / "background.log"
    with disk_errors(home.logs):
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            yield log


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


def source_environment() -> dict[str, str]:
    """The environment of the source: the network's settings, and where FreshBooks is."""
    return _base() | {name: value for name, value in os.environ.items() if name in _NETWORK}


def dbt_environment(settings: dict[str, str]) -> dict[str, str]:
    """The environment of dbt: FRESHBOOKS_DBT_* of the shell, and over them `settings`."""
    carried = {name: value for name, value in os.environ.items() if name.startswith(_DBT)}
    return _base() | carried | settings | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


def _base() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name in _ALWAYS or name.startswith("LC_")}
    if packages := os.environ.get("PYTHONPATH"):
        # A relative folder would be another one in a process that works elsewhere.
        folders = [_absolute(folder) for folder in packages.split(os.pathsep) if folder]
        kept["PYTHONPATH"] = os.pathsep.join(folders)
    # UTF-8 whatever the locale, and no module of the folder in which the command was run.
    return kept | {"PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"}


def _absolute(folder: str) -> str:
    try:
        return str(Path(folder).absolute())
    except OSError:  # the working folder was deleted
        return folder
