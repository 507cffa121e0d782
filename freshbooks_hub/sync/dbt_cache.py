"""What dbt made of the project, kept for all homes of a user: parsing costs as much as building, and so does compiling.

The project as it parsed it, and the statements of its last whole build (replay.py). dbt checks by itself whether a
parsed project that it finds in its target folder still matches the project, and parses anew where it does not; the
name of a file says for which project and which releases of dbt it is. A wheel and an image bring the statements of
their own project along. So whatever goes wrong here costs time and nothing else.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import json
import os
import shutil
import stat
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs

from freshbooks_api.streams import AVAILABILITY
from freshbooks_hub.core.files import write_private

PARSED = "partial_parse.msgpack"
# Written when a wheel or an image is built (preparation.py); a checkout has none.
SHIPPED = Path(__file__).with_name("statements.json.gz")
PACKAGES = ("dbt-core", "dbt-adapters", "dbt-duckdb")
# What the source says of each stream: a few rows, which everything draws on.
ACCOUNT = f"model.freshbooks.stg_freshbooks__{AVAILABILITY}"


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


@dataclass(frozen=True)
class Statement:
    """What dbt executed for one model, seed or data test.

    `parents`: the ids of the nodes and sources that it reads. `code`: of a test alone, the query whose rows its
    statement counts. `warns`: a test that holds nothing back. `rows`: the query of a model of which single rows can be
    renewed (renewal.py).
    """

    unique_id: str
    parents: tuple[str, ...]
    statement: str
    code: str | None = None
    warns: bool = False
    rows: str | None = None


@dataclass(frozen=True)
class Statements:
    """A whole build: DuckDB's settings, the other databases to attach, schemas to make, and statements in order.

    In `attach` the path of a database is `{its name}`.
    """

    settings: Mapping[str, Any]
    attach: tuple[str, ...]
    schemas: tuple[str, ...]
    nodes: tuple[Statement, ...]

    def write(self, path: Path) -> None:
        """Raises OSError."""
        write_private(path, _packed(asdict(self)))

    def ship(self, path: Path, content: str) -> None:
        """Write them for everybody who installs this release: of the project with this digest. Raises OSError."""
        path.write_bytes(_packed({"content": content, **asdict(self)}))

    @classmethod
    def shipped(cls, content: str, path: Path = SHIPPED) -> Statements | None:
        """Those of this release; None where there are none, or the project has been changed since."""
        return cls._load(path, content)

    @classmethod
    def read(cls, path: Path) -> Statements | None:
        """None where there are none, or somebody else may have written them."""
        try:
            return cls._load(path) if is_ours(path) else None
        except OSError:
            return None

    @classmethod
    def _load(cls, path: Path, content: str | None = None) -> Statements | None:
        """None where they cannot be read, or are of a project with another `content`."""
        try:
            kept = json.loads(gzip.decompress(path.read_bytes()))
            if kept.pop("content", None) != content:
                return None
            nodes = tuple(Statement(**node) for node in kept.pop("nodes"))
            return cls(**kept, nodes=nodes)
        except (OSError, EOFError, ValueError, TypeError, KeyError, zlib.error):
            return None

    def downstream(self, tables: set[str] | None) -> Iterator[Statement]:
        """What depends on these raw tables; None: everything. The source's account is always built."""
        chosen = {f"source.freshbooks.freshbooks.{table}" for table in tables or ()}
        for node in self.nodes:
            if tables is None or not chosen.isdisjoint(node.parents):
                chosen.add(node.unique_id)
                yield node
            elif node.unique_id == ACCOUNT:
                yield node


def _packed(told: dict[str, Any]) -> bytes:
    return gzip.compress(json.dumps(told).encode(), 6, mtime=0)
