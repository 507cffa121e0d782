"""Publishing: a checked marts file takes the place of the old one in a single rename."""

from __future__ import annotations

from pathlib import Path

import duckdb

from freshbooks_hub.core.errors import TransformFailed, disk_errors
from freshbooks_hub.core.files import replace_durably


def publish(new: Path, target: Path) -> None:
    """Rename the built file `new` over `target`; readers have the old or the new marts, whole.

    A write-ahead log beside the file would be left behind by the rename and its rows lost, so it is folded
    in first. Raises TransformFailed or HomeError; `target` is untouched then.
    """
    log = new.with_name(f"{new.name}.wal")
    if log.exists():
        try:
            with duckdb.connect(new) as db:
                db.execute("CHECKPOINT")
        except duckdb.Error as error:
            raise TransformFailed(
                f"The new marts could not be finished: {error} The earlier marts are unchanged."
            ) from error
    if log.exists():
        raise TransformFailed("The new marts still have unwritten rows. The earlier marts are unchanged.")
    with disk_errors(target.parent):
        new.chmod(0o600)
        replace_durably(new, target)
