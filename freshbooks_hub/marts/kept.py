"""Published marts kept open between two looks: to start DuckDB costs more CPU than most pages.

A publication is a new file, so what is open never changes; it is closed as soon as another one is published.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import duckdb

from freshbooks_hub.marts.open import ONE_LOOK, connect, damage_told, use_marts

MOST = 4  # files; each holds in memory what was read of it

_Version = tuple[int, int, int]
_open: dict[Path, tuple[_Version | None, duckdb.DuckDBPyConnection]] = {}
_lock = Lock()


@contextmanager
def kept_marts(marts: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """As `open_marts`, on one thread: a connection of its own to a database that stays open."""
    with damage_told(marts):
        database = _database(marts)  # closed once nobody holds it
        with database.cursor() as db:
            use_marts(db, marts)
            yield db


def _database(marts: Path) -> duckdb.DuckDBPyConnection:
    with _lock:
        for path, (version, _) in list(_open.items()):
            if _version_of(path) != version:
                del _open[path]
        # The one that was used last is let go last.
        found = _open.pop(marts, None) or (_version_of(marts), connect(marts, ONE_LOOK))
        _open[marts] = found
        for path in list(_open)[:-MOST]:
            del _open[path]
        return found[1]


def _version_of(path: Path) -> _Version | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
