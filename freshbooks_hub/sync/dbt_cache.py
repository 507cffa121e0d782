"""What dbt made of the project, kept for all homes of a user: parsing costs as much as building, and so does compiling.

The project as it parsed it, and the statements of its last whole build (replay.py). dbt checks by itself whether a
parsed project that it finds in its target folder still stands for the project, and parses anew where it does not; the
name of a file says for which project and which releases of dbt it is. So whatever goes wrong here costs time and
nothing else.
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

PARSED = "partial_parse.msgpack"
PACKAGES = ("dbt-core", "dbt-adapters", "dbt-duckdb")


def place(name: str, project: Path, content: str) -> Path:
    """The file `name` for this very project, whose files have the digest `content`, under these releases of dbt."""
    versions = [importlib.metadata.version(package) for package in PACKAGES]
    return platformdirs.user_cache_path("freshbooks") / f"{digest(str(project), content, *versions)}-{name}"


def digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def lend(kept: Path, target: Path) -> None:
    """Give the `target` folder of a home that never built what another home's build has parsed."""
    with suppress(OSError):
        if not (target / PARSED).exists() and is_ours(kept):
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kept, target / PARSED)


def keep(made: Path, kept: Path) -> None:
    """Keep the file `made` by a build as `kept`, in place of what belongs to other projects and releases."""
    with suppress(OSError):
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(kept, made.read_bytes())
        current = kept.name.partition("-")[0]
        for other in kept.parent.glob(f"*-{made.name}"):
            if other.name.partition("-")[0] != current:
                other.unlink()


def is_ours(path: Path) -> bool:
    """Whether nobody else can have written the file: dbt runs what it parsed, and we what it compiled."""
    return all(_is_ours(one) for one in (path.parent, path))


def _is_ours(path: Path) -> bool:
    found = path.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
