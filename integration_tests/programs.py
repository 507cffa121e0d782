"""Programs that some tests need beside Python's packages. Without one they are skipped, saying what to install."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

POSTGRESQL = Path("/usr/lib/postgresql")


class Missing(pytest.skip.Exception):
    """Skips a test; all that lack the same program are one line of pytest's summary (conftest.py)."""


def chromium() -> Path:
    """The browser: that of CHROMIUM, or the one of PATH."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    return _needed(found, "Chromium", "chromium; or name another one in CHROMIUM")


def postgresql() -> Path:
    """The folder of the newest server's programs: Debian keeps one per version, outside of PATH."""
    found = [*POSTGRESQL.glob("*/bin/initdb"), *filter(None, [shutil.which("initdb")])]
    newest = max(map(Path, found), key=lambda path: path.parts, default=None)
    return _needed(newest, "A PostgreSQL server", "postgresql").parent


def java() -> Path:
    """Spark's."""
    return _needed(shutil.which("java"), "Java", "openjdk-17-jre-headless")


def systemd_analyze() -> Path:
    return _needed(shutil.which("systemd-analyze"), "systemd-analyze", "systemd")


def _needed(found: str | Path | None, program: str, package: str) -> Path:
    if found is None or not Path(found).exists():
        raise Missing(f"{program} is not installed (Debian: apt install {package})")
    return Path(found)
