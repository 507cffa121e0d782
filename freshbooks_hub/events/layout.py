"""The layout of events.sqlite: the change record, events, endpoints. Created by the first export or subscription.

It is a file of its own, and not part of hub.sqlite, because it may be deleted: exports and webhooks then start again.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager

from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home

# As in core/migrations.py: a script never changes once it was released.
_FIRST = """
CREATE TABLE record (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL -- random: a token of another file is not taken for one of this
);
INSERT INTO record VALUES (1, lower(hex(randomblob(4))));
CREATE TABLE watched (
    name TEXT PRIMARY KEY, -- a mart, or a state that follows from one
    version TEXT NOT NULL, -- of what was looked at last
    columns TEXT NOT NULL, -- of the rows then
    last_seq INTEGER NOT NULL,
    oldest_seq INTEGER NOT NULL -- what was removed up to here is forgotten
);
CREATE TABLE objects (
    watched TEXT NOT NULL REFERENCES watched (name) ON DELETE CASCADE,
    key TEXT NOT NULL, -- a JSON list
    state TEXT NOT NULL,
    seq INTEGER NOT NULL, -- of its last change
    removed_at TEXT,
    PRIMARY KEY (watched, key)
) WITHOUT ROWID;
CREATE INDEX objects_by_seq ON objects (watched, seq);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    code TEXT NOT NULL,
    object TEXT NOT NULL,
    at TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX events_by_object ON events (object, seq);
CREATE TABLE endpoints (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    codes TEXT NOT NULL, -- with spaces between them
    secret TEXT NOT NULL,
    private INTEGER NOT NULL, -- whether it may be an address of a private network
    added_at TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0, -- in a row
    retry_at TEXT, -- nothing is sent before
    last_error TEXT,
    last_delivery_at TEXT
);
CREATE TABLE deliveries (
    endpoint_id TEXT NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'given up')),
    attempts INTEGER NOT NULL DEFAULT 0,
    retry_at TEXT,
    error TEXT,
    PRIMARY KEY (endpoint_id, seq)
);
CREATE INDEX pending_deliveries ON deliveries (endpoint_id, seq) WHERE state = 'pending';
"""

MIGRATIONS = (_FIRST,)


def events_file(home: Home) -> AbstractContextManager[sqlite3.Connection]:
    """One transaction on the file; raises HomeError as `core.database.transaction` does."""
    return transaction(home.events, MIGRATIONS)
