"""The audit log: append-only, each entry hashed together with the one before it.

The database refuses edits and deletions; a file edited behind its back breaks the chain. The newest entry is
mirrored in `audit.head` beside hub.sqlite, so that cutting off the tail shows too. Whoever rewrites the whole
chain and the mirror is not detected: keep a copy of `freshbooks audit verify --json` elsewhere if that matters.
"""

from __future__ import annotations

import hashlib
import json
import re
from sqlite3 import Connection, Row
from typing import Any

from filelock import FileLock

from freshbooks_hub.agent.actions.models import Channel
from freshbooks_hub.agent.actions.preview import Shape
from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.clock import SystemClock, exact_stamp
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home

FIRST = "0" * 64
TEXT_LIMIT = 120
# Long runs without a space are tokens, not words: JSON web tokens, keys. A SHA-256 may stay.
_LONG = re.compile(r"[A-Za-z0-9_\-.~+/]{40,}=*")
_SHA256 = re.compile("[0-9a-f]{64}")


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: one text for one value, so that nothing nested can change unnoticed.

    Raises TypeError for floats: money and quantities are text.
    """
    _check_no_float(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """SHA-256 of the canonical text, as hexadecimal."""
    return digest_text(canonical(value))


def digest_text(text: str) -> str:
    """SHA-256 of a text, as hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


class Finding(Shape):
    """The result of `audit verify`: `seq` is the entry where the chain breaks, None if it is intact."""

    ok: bool
    entries: int
    seq: int | None = None
    problem: str | None = None


class Audit:
    """Who did what, when, through which channel, and with what result."""

    def __init__(self, home: Home, clock: SystemClock) -> None:
        self._home = home
        self._clock = clock
        self._head = home.root / "audit.head"

    def append(
        self,
        db: Connection,
        event: str,
        who: str,
        *,
        action_id: str | None = None,
        channel: Channel | None = None,
        **detail: Any,
    ) -> None:
        """Add an entry within the caller's transaction, so that no change is without its entry."""
        last = self.head(db)
        entry = {
            "seq": (last[0] if last else 0) + 1,
            "at": exact_stamp(self._clock.now()),
            "who": _plain(who),
            "channel": channel.value if channel else None,
            "event": event,
            "action_id": action_id,
            "detail": canonical(_plain(detail)),
            "previous": last[1] if last else FIRST,
        }
        names = (*entry, "hash")
        marks = ", ".join("?" * len(names))
        db.execute(
            f"INSERT INTO audit_log ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - our own names
            [*entry.values(), digest(entry)],
        )

    def record(self, event: str, who: str, *, action_id: str | None = None, **detail: Any) -> None:
        """Add an entry in a transaction of its own."""
        with transaction(self._home.history) as db:
            self.append(db, event, who, action_id=action_id, **detail)
            head = self.head(db)
        if head:
            self.mirror(head)

    def of_event(self, event: str) -> list[dict[str, Any]]:
        """Every entry of one event, oldest first."""
        with transaction(self._home.history) as db:
            rows = db.execute("SELECT * FROM audit_log WHERE event = ? ORDER BY seq", [event])
            return [dict(row) | {"detail": json.loads(row["detail"])} for row in rows]

    def head(self, db: Connection) -> tuple[int, str] | None:
        """Number and hash of the newest entry, within the caller's transaction; None when the log is empty."""
        last = db.execute("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1").fetchone()
        return (last["seq"], last["hash"]) if last else None

    def mirror(self, head: tuple[int, str]) -> None:
        """Write an entry's number and hash beside the database, after its commit; the newest stays."""
        with FileLock(self._home.root / "audit.lock", mode=0o600):
            if self._mirrored() <= head[0]:
                content = canonical({"seq": head[0], "hash": head[1]})
                write_private(self._head, content.encode())

    def _mirrored(self) -> int:
        """The number of the mirrored entry; 0 when none can be read."""
        try:
            return int(json.loads(self._head.read_bytes())["seq"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def entries(self, limit: int = 200) -> list[dict[str, Any]]:
        """The newest entries, newest first."""
        with transaction(self._home.history) as db:
            rows = db.execute("SELECT * FROM audit_log ORDER BY seq DESC LIMIT ?", [limit])
            return [dict(row) | {"detail": json.loads(row["detail"])} for row in rows]

    def verify(self) -> Finding:
        """Follow the chain from its first entry to the mirrored head."""
        with transaction(self._home.history) as db:
            rows = db.execute("SELECT * FROM audit_log ORDER BY seq").fetchall()
        previous = FIRST
        for expected, row in enumerate(rows, 1):
            problem = _problem(row, expected, previous)
            if problem:
                return Finding(ok=False, entries=len(rows), seq=expected, problem=problem)
            previous = row["hash"]
        problem = self._missing_tail(rows)
        return Finding(ok=not problem, entries=len(rows), seq=len(rows) if problem else None, problem=problem)

    def _missing_tail(self, rows: list[Row]) -> str | None:
        if not self._head.exists():
            return "The file audit.head is missing." if rows else None
        try:
            head = json.loads(self._head.read_bytes())
            seq, known = int(head["seq"]), head["hash"]
        except (ValueError, KeyError, TypeError):
            return "The file audit.head is damaged."
        # The mirror is written after the commit, so a crash may leave it behind, never ahead.
        if seq > len(rows):
            return f"The newest entries are missing: {seq} were written, {len(rows)} are there."
        return None if rows[seq - 1]["hash"] == known else "The newest entries were replaced."


def _problem(row: Row, expected: int, previous: str) -> str | None:
    if row["seq"] != expected:
        return f"Entry {expected} is missing."
    if row["previous"] != previous:
        return f"Entry {expected} does not follow the one before it."
    body = {name: row[name] for name in row.keys() if name != "hash"}  # noqa: SIM118 - of a sqlite3.Row
    return None if row["hash"] == digest(body) else f"Entry {expected} was changed."


def _plain(value: Any) -> Any:
    """JSON values with short, clean text and nothing that looks like a credential."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    text = clean(str(value), TEXT_LIMIT)
    return text if _SHA256.fullmatch(text) else _LONG.sub("[redacted]", text)


def _check_no_float(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no place in a payload")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_no_float(item)
