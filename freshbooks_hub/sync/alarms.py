"""What a person must fix: an alarm is raised once, and open from the first time it is raised until it is cleared."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from freshbooks_hub.core.clock import stamp
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.home import Home

CONNECTION = "connection"
MARTS = "marts"
HOME = "home"
NOTIFICATIONS = "notifications"


@dataclass(frozen=True)
class Alarm:
    """`kind`: connection, marts, home, notifications, or the name of a group. `message` ends with what to do."""

    kind: str
    message: str
    raised_at: datetime
    cleared_at: datetime | None


class Alarms:
    """The alarms of one connection; times are UTC."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def open(self) -> list[Alarm]:
        """What waits for a person now, oldest first."""
        return self._read("WHERE cleared_at IS NULL ORDER BY id")

    def all(self) -> list[Alarm]:
        """Every alarm there ever was, newest first."""
        return self._read("ORDER BY id DESC")

    def raise_(self, kind: str, message: str, now: datetime) -> bool:
        """Open an alarm; False when one of this kind is open already, which then says this `message`."""
        with self._connection() as db:
            known = db.execute(
                "SELECT message FROM alarms WHERE kind = ? AND cleared_at IS NULL", [kind]
            ).fetchone()
            if known:
                if known["message"] != message:  # a look that finds nothing new writes nothing
                    db.execute(
                        "UPDATE alarms SET message = ? WHERE kind = ? AND cleared_at IS NULL", [message, kind]
                    )
                return False
            db.execute(
                "INSERT INTO alarms (kind, message, raised_at) VALUES (?, ?, ?)", [kind, message, stamp(now)]
            )
            return True

    def clear(self, *kinds: str, now: datetime) -> None:
        """Close the open alarms of these kinds."""
        with self._connection() as db:
            db.executemany(
                "UPDATE alarms SET cleared_at = ? WHERE kind = ? AND cleared_at IS NULL",
                [(stamp(now), kind) for kind in kinds],
            )

    def _read(self, rest: str) -> list[Alarm]:
        if not self._home.history.exists():
            return []
        with self._connection() as db:
            rows = db.execute(f"SELECT * FROM alarms {rest}").fetchall()  # noqa: S608 - our own clauses
        return [
            Alarm(
                row["kind"],
                row["message"],
                datetime.fromisoformat(row["raised_at"]).astimezone(UTC),
                datetime.fromisoformat(row["cleared_at"]).astimezone(UTC) if row["cleared_at"] else None,
            )
            for row in rows
        ]

    def _connection(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._home.history)
