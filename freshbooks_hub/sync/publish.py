"""Publishing: a checked marts file takes the place of the old one in a single rename."""

from __future__ import annotations

from pathlib import Path

import duckdb

from freshbooks_hub.core.errors import TransformFailed, disk_errors
from freshbooks_hub.core.files import replace_durably
from freshbooks_hub.sync.batch_sql import quoted


def publish(new: Path, target: Path) -> None:
    """Rename the built file `new` over `target`; readers have the old or the new marts, whole.

    Its marts get a view in schema `main` each, so that a reader finds them without a prefix too. A write-ahead log
    beside the file would be left behind by the rename and its rows lost, so it is folded in first. Raises
    TransformFailed or HomeError; `target` is untouched then.
    """
    try:
        with duckdb.connect(new) as db:
            _name_without_prefix(db)
            db.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise TransformFailed(
            f"The new marts could not be finished: {error} The earlier marts are unchanged."
        ) from error
    if new.with_name(f"{new.name}.wal").exists():
        raise TransformFailed("The new marts still have unwritten rows. The earlier marts are unchanged.")
    with disk_errors(target.parent):
        new.chmod(0o600)
        replace_durably(new, target)


def _name_without_prefix(db: duckdb.DuckDBPyConnection) -> None:
    """Views over the marts that are there now: one of an earlier build refuses a table whose columns changed."""
    views = db.execute(
        "SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'"
    ).fetchall()
    for (view,) in views:
        db.execute(f"DROP VIEW main.{quoted(view)}")
    for (table,) in db.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts'"
    ).fetchall():
        db.execute(f"CREATE VIEW main.{quoted(table)} AS SELECT * FROM marts.{quoted(table)}")  # noqa: S608 - names of ours
