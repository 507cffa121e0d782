"""Batches that come again as they were, of which nothing is staged or merged.

FreshBooks' filters include their bound, so a read that finds nothing new still brings the rows of the last change, and
lists without a filter bring all. A merge of the batch that was merged last changes nothing; what that was is kept as
a digest, in the transaction of its merge.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import duckdb

from freshbooks_hub.sync.batch_sql import OBSERVED_AT
from freshbooks_hub.sync.catalog import StreamTable

# Rows of a batch worth a look; a larger one is part of a larger read, and rarely the same.
SMALL = 2000
# When a line was written, and of rows without a stamp of their own when they were read: the same row says another one.
_EMITTED = re.compile(rb'"emitted_at":\d+')
_OBSERVED = re.compile(rb'"observed_at":"[^"]*"')


def digest_of(table: StreamTable, spool: Path, rows: int) -> str | None:
    """Of what the record lines of `spool` say, in their order; None for a batch that is not small."""
    if rows > SMALL:
        return None
    content = _EMITTED.sub(b"", spool.read_bytes())
    if table.cursor == OBSERVED_AT:
        content = _OBSERVED.sub(b"", content)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


class LastBatches:
    """The digest of each table's last batch. Writes belong to the transaction of the caller."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        db.execute(
            "CREATE TABLE IF NOT EXISTS freshbooks_sync.last_batch (table_name VARCHAR PRIMARY KEY, digest VARCHAR)"
        )
        self._known: dict[str, str | None] = {}
        self.read()

    def read(self) -> None:
        """What is stored: after a transaction that was rolled back, less than was kept."""
        self._known = dict(self._db.execute("FROM freshbooks_sync.last_batch").fetchall())

    def is_repeated(self, table: str, digest: str | None) -> bool:
        """Whether the last batch of the table said the same."""
        return digest is not None and self._known.get(table) == digest

    def keep(self, table: str, digest: str | None) -> None:
        """This batch was merged; None: the table changed otherwise, or by one that is not looked at."""
        if self._known.get(table) == digest:
            return
        self._db.execute("INSERT OR REPLACE INTO freshbooks_sync.last_batch VALUES (?, ?)", [table, digest])
        self._known[table] = digest
