"""A list of records in a JSON file of the home, with a version; changed under a lock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from filelock import FileLock

from freshbooks_hub.core.errors import HomeError, disk_errors
from freshbooks_hub.core.files import write_private

T = TypeVar("T")
PATIENCE = 10  # seconds for another change to end


class JsonList(Generic[T]):
    """`key` holds the records in the file. `read` and `written` convert one from and to its JSON object.

    `again`: what to do where the file is damaged. All calls are safe from any process; they raise HomeError.
    """

    def __init__(
        self,
        path: Path,
        key: str,
        version: int,
        read: Callable[[dict[str, Any]], T],
        written: Callable[[T], dict[str, Any]],
        again: str,
    ) -> None:
        self.path = path
        self._key, self._version = key, version
        self._read, self._written = read, written
        self._again = again

    def all(self) -> list[T]:
        """The records in their order; empty when there is no file."""
        with disk_errors(self.path):
            try:
                content = self.path.read_bytes()
            except FileNotFoundError:
                return []
        try:
            document = json.loads(content)
            if document["version"] > self._version:
                raise HomeError(
                    f"{self.path} was made by a newer version of this program. Install that version again: "
                    "pip install --upgrade source-freshbooks"
                )
            return [self._read(one) for one in document[self._key]]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise HomeError(f"{self.path} is damaged. {self._again}") from error

    @contextmanager
    def changed(self) -> Iterator[list[T]]:
        """The records, to be changed in place; saved when the block succeeds. The folder must exist."""
        lock = FileLock(self.path.with_name(f"{self.path.name}.lock"), timeout=PATIENCE, mode=0o600)
        with disk_errors(self.path.parent), lock:
            records = self.all()
            yield records
            document = {"version": self._version, self._key: [self._written(one) for one in records]}
            write_private(self.path, json.dumps(document, indent=1).encode())
