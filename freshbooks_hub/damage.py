"""A file that is damaged, told in one sentence: what to delete, and what is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from freshbooks_hub.errors import HomeError

# A wrong checksum comes as the bare `duckdb.Error`.
_KINDS = (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)


class MartsDamaged(HomeError):
    """The published marts are there and cannot be read."""


@contextmanager
def damaged_marts(path: Path) -> Iterator[None]:
    """Raise MartsDamaged where the block finds that the marts at `path` cannot be read."""
    try:
        yield
    except duckdb.Error as error:
        if type(error) is not duckdb.Error and not isinstance(error, _KINDS):
            raise
        raise MartsDamaged(
            f"{path} is damaged ({said(error)}). Nothing is lost: build it anew from the raw tables with "
            f"`rm {path} && freshbooks build`."
        ) from error


def said(error: Exception) -> str:
    """What the database said, short."""
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__
