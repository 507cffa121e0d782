"""dbt in a process of its own: `python -m freshbooks_hub.sync.dbt_process LOG RESULTS ARGUMENT…`.

dbt's own command formats each of some 6,000 events for the terminal and again for its log before it drops nearly all
of them, writes megabytes of manifest that nobody here reads, and looks for garbage all the while: half of the CPU of a
small build. So dbt is called by its interface for programs, `dbtRunner`. Its results (`run_results.json`) go to the
file RESULTS, what it says to the file LOG, and errors to standard error too. The exit code is 0 where dbt succeeded.
"""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from typing import Any

from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner

LOG_BYTES = 10 * 1024 * 1024
# Of dbt's own logs: each formats every event, whatever its level.
NO_LOGS = ("--log-level", "none", "--log-level-file", "none")
LEVELS = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


def _log(path: str) -> logging.Logger:
    lines = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    form = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    lines.setFormatter(form)
    errors = logging.StreamHandler()
    errors.setLevel(logging.ERROR)
    log = logging.Logger("dbt build")
    log.addHandler(lines)
    log.addHandler(errors)
    return log


def main(arguments: Sequence[str]) -> int:
    """Run dbt with these arguments."""
    log_file, results, *words = arguments
    log = _log(log_file)

    def note(event: Any) -> None:
        if level := LEVELS.get(event.info.level):
            log.log(level, "%s", event.info.msg)

    quiet = [*NO_LOGS, "--no-use-colors", "--no-write-json"]
    done = dbtRunner(callbacks=[note]).invoke(["--no-version-check", *quiet, *words])
    if isinstance(done.result, RunExecutionResult):
        done.result.write(results)
    if done.exception:
        log.error("%s", done.exception)
    return 0 if done.success else 1


if __name__ == "__main__":
    # The process ends before its garbage would matter.
    gc.disable()
    sys.exit(main(sys.argv[1:]))
