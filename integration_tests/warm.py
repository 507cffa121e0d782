"""Commands that are forked, as the syncs of `freshbooks serve` are.

Starting Python and importing the hub or the source would be most of what a command costs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping

from freshbooks_hub.core.forks import Channel, Forked, Request, Unavailable
from freshbooks_hub.sync.warm_syncs import WarmSyncs

Done = subprocess.CompletedProcess[str]
_syncs = WarmSyncs()  # its servers end with the tests' process


def freshbooks(words: tuple[str, ...], environment: Mapping[str, str]) -> Done:
    """`freshbooks` to its end, without anything on its standard input."""
    return _run(_syncs.fork, "freshbooks_hub.cli.main", "app", words, environment)


def source_freshbooks(*words: str) -> Done:
    """`source-freshbooks` to its end."""

    def fork(request: Request, stdout: int, stderr: int) -> Forked:
        return _syncs.source.channel(stderr).fork(request, stdout, stderr)

    return _run(fork, "source_freshbooks.run", "run", words, os.environ)


def sources() -> Channel | None:
    """For `forks.inherited` of tests whose syncs run in their own process; None where nothing is forked."""
    try:
        return _syncs.source.channel(sys.__stderr__.fileno())
    except Unavailable:
        return None


def _run(
    fork: Callable[[Request, int, int], Forked],
    module: str,
    function: str,
    words: tuple[str, ...],
    environment: Mapping[str, str],
) -> Done:
    request = Request(f"{module}:{function}", words, dict(environment))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        try:
            code = fork(request, out.fileno(), errors.fileno()).wait()
        except Unavailable:
            command = [sys.executable, "-m", module, *words]
            return subprocess.run(command, env=environment, text=True, capture_output=True, check=False)
        texts = []
        for file in (out, errors):
            file.seek(0)
            texts.append(file.read().decode())
    return Done(words, code, *texts)
