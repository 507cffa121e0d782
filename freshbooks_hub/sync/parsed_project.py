"""The dbt project as dbt parsed it, kept for all homes of a user: parsing costs as much as building.

dbt checks by itself whether what it finds in its target folder still stands for the project, and parses anew where it
does not. So whatever goes wrong here costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

import platformdirs

from freshbooks_hub.core.files import write_private

NAME = "partial_parse.msgpack"
PACKAGES = ("dbt-core", "dbt-adapters", "dbt-duckdb")


def place(project: Path, content: str) -> Path:
    """The file for this very project, whose files have the digest `content`, under these releases of dbt."""
    versions = [importlib.metadata.version(package) for package in PACKAGES]
    digest = hashlib.sha256("\0".join([str(project), content, *versions]).encode()).hexdigest()
    return platformdirs.user_cache_path("freshbooks") / f"{digest[:16]}-{NAME}"


def lend(kept: Path, target: Path) -> None:
    """Give the `target` folder of a home that never built what another home's build has parsed."""
    with suppress(OSError):
        if not (target / NAME).exists() and _is_ours(kept.parent) and _is_ours(kept):
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kept, target / NAME)


def keep(kept: Path, target: Path) -> None:
    """Keep what a build parsed, in place of what belongs to earlier releases."""
    with suppress(OSError):
        if not kept.exists():
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(kept, (target / NAME).read_bytes())
            for other in kept.parent.glob(f"*-{NAME}"):
                if other != kept:
                    other.unlink()


def _is_ours(path: Path) -> bool:
    """dbt runs what it parsed, so nobody else may have written it."""
    found = path.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
