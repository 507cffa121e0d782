"""Whoever lacks a program that tests need reads in one line what to install; CI installs them all."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from integration_tests import programs

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "chromium": programs.chromium,
    "openjdk-17-jre-headless": programs.java,
    "postgresql": programs.postgresql,
    "systemd": programs.systemd_analyze,
}


@pytest.mark.parametrize(("package", "program"), PACKAGES.items())
def test_a_missing_program_skips_and_says_what_to_install(
    package: str, program: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(programs, "POSTGRESQL", tmp_path)
    with pytest.raises(pytest.skip.Exception, match=rf"is not installed \(Debian: apt install {package}\b"):
        program()


def test_ci_installs_each_of_them_and_fails_on_a_skip() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert set(PACKAGES) <= set(re.findall(r"packages\+=\((.+)\)", script))
    assert "export CI=1\n" in script
