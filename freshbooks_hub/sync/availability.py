"""What can be read of which business, as the source's stream `stream_availability` says; kept for the status.

Codes, not words: `read`, `short` (read to its end, but FreshBooks counts rows that it does not send), `not_granted`,
`gated`, `refused`, `not_applicable`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass

from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home

STREAM = "stream_availability"
COLUMNS = ("business_id", "stream_name", "status", "missing_scopes", "row_count", "counted")


@dataclass(frozen=True)
class Outcome:
    """How the last read of a stream of a business ended. `missing_scopes`: names with spaces between them.

    `row_count` of `counted` rows were sent, where the status is `short`.
    """

    business_id: int
    stream: str
    status: str
    missing_scopes: str | None = None
    row_count: int | None = None
    counted: int | None = None


class Availability:
    """The outcomes of one connection, in hub.sqlite."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def keep(self, outcomes: Iterable[Outcome]) -> None:
        """Put these in place of all earlier ones."""
        with self._connection() as db:
            db.execute("DELETE FROM stream_availability")
            db.executemany(
                "INSERT INTO stream_availability VALUES (?, ?, ?, ?, ?, ?)", map(astuple, outcomes)
            )

    def outcomes(self, business_ids: Iterable[int] = ()) -> list[Outcome]:
        """By business and stream; of these businesses, or of all."""
        if not self._home.history.exists():
            return []
        chosen = set(business_ids)
        with self._connection() as db:
            rows = db.execute("SELECT * FROM stream_availability ORDER BY business_id, stream").fetchall()
        return [Outcome(*row) for row in rows if not chosen or row["business_id"] in chosen]

    def _connection(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._home.history)
