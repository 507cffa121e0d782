"""What dbt executed in a whole build, as it is kept for the builds after it (replay.py)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from freshbooks_api.streams import AVAILABILITY
from freshbooks_hub.core.files import write_private
from freshbooks_hub.sync import dbt_cache

# What the source says of each stream: a few rows, which everything draws on.
ACCOUNT = f"model.freshbooks.stg_freshbooks__{AVAILABILITY}"


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
        write_private(path, gzip.compress(json.dumps(asdict(self)).encode(), 6))

    @classmethod
    def read(cls, path: Path) -> Statements | None:
        """None where there are none, or somebody else may have written them."""
        try:
            if not dbt_cache.is_ours(path):
                return None
            told = json.loads(gzip.decompress(path.read_bytes()))
            nodes = tuple(Statement(**node) for node in told.pop("nodes"))
            return cls(**told, nodes=nodes)
        except (OSError, EOFError, ValueError, TypeError, KeyError):
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
