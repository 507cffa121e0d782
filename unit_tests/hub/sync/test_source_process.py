"""Where a sync starts the source several times, it is imported once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from freshbooks_hub.core import forks
from freshbooks_hub.core.forks import Forked
from freshbooks_hub.sync.source_process import COMMAND, imported_once, start


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_the_source_is_forked_within_the_block_alone(tmp_path: Path) -> None:
    with imported_once(COMMAND, needed=True):
        running = start(COMMAND, ["spec"], tmp_path)
        assert isinstance(running.process, Forked)
        assert b'"SPEC"' in running.stdout.read()
        assert running.process.wait(30) == 0
        running.end()
    assert forks.inherited is None


@pytest.mark.parametrize(("command", "needed"), [(COMMAND, False), (("another", "source"), True)])
def test_nothing_is_imported_for_one_start_or_another_source(command: tuple[str, ...], needed: bool) -> None:
    with imported_once(command, needed=needed):
        assert forks.inherited is None
