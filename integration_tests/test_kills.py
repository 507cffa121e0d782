"""A sync that is killed anywhere costs nothing but its time."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from freshbooks_sandbox import Sandbox
from integration_tests.hub import AS_OF, ONLY, Hub
from integration_tests.truth import agree


@pytest.mark.long
def test_killed_at_ten_random_moments_one_clean_sync_gives_the_same_marts(tmp_path: Path) -> None:
    with Sandbox(seed="demo", rate_limit=None) as sandbox:
        undisturbed, disturbed = (Hub(tmp_path / name / "home", sandbox) for name in ("calm", "rough"))
        for hub in (undisturbed, disturbed):
            hub.home.parent.mkdir()
        undisturbed.connect()
        undisturbed.sync()
        disturbed.connect()  # from now on the other connection is dead: one grant lives per app and user
        rng = random.Random(20261031)
        ended = 0
        for _ in range(10):
            process = disturbed.start("sync", "--as-of", AS_OF, *ONLY)
            try:
                process.communicate(timeout=rng.uniform(0.5, 12))
                ended += 1
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
            time.sleep(0.2)
        assert ended < 10
        disturbed.sync()
        agree(disturbed)
        assert disturbed.marts() == undisturbed.marts()
