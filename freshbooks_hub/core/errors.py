"""Errors written for people: what happened, why, and what to do next, in one or two sentences."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class HubError(Exception):
    """A failure the user can read; the command line prints the message and exits with 1.

    `code` is for programs: `not_connected` of NotConnected, and so on.
    """

    code = "failed"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__.lstrip("_")).lower()


class Stopped(HubError):
    """A person stopped the command with Ctrl-C; the message says what was kept."""


class HomeError(HubError):
    """The hub's folder cannot be used: not writable, disk full."""


class NotConnected(HubError):
    """No FreshBooks connection is stored in this home."""


class InvalidConfig(HubError):
    """A connector config does not have the shape that docs/connector.md shows."""


class SyncBusy(HubError):
    """Another sync of the same connection is running."""


class SourceFailed(HubError):
    """The source reported an error, or ended without completing its streams."""


class LoadFailed(HubError):
    """Records could not be written into raw.duckdb."""


class TransformFailed(HubError):
    """dbt failed; the earlier marts were left as they were. `details` may hold rows of the books: for `--verbose`."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


class QueryFailed(HubError):
    """A query on the published marts could not be answered."""


NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


def from_os_error(error: OSError, path: Path) -> HomeError:
    """Turn an operating system error on `path` into a sentence."""
    if error.errno in NO_SPACE:
        return HomeError(f"The disk that holds {path} is full. Free some space and run the command again.")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return HomeError(
            f"{path} is not writable for this user. "
            "Change its owner or point FRESHBOOKS_HOME to a folder you can write to."
        )
    return HomeError(f"{path} cannot be used: {error.strerror or error}. Point FRESHBOOKS_HOME elsewhere.")


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Translate operating system errors of the block into `HomeError`."""
    try:
        yield
    except OSError as error:
        raise from_os_error(error, path) from error
