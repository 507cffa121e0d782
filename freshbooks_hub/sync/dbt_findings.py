"""What a dbt build found, in a sentence or two for the owner; whole rows go into a private file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from freshbooks_hub.core.errors import TransformFailed, disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home
from freshbooks_hub.sync.batch_sql import literal

UNCHANGED = "The earlier marts are unchanged."
VERBOSE = "`freshbooks build --verbose` shows the details"
# A test of this name fails when most rows of its stream cannot be read: the API changed, not a row.
READABLE = "_is_readable"
SHOWN_ROWS, SHOWN_COLUMNS, SHOWN_LENGTH = 3, 4, 60
KEPT_ROWS = 50


class StreamsUnreadable(TransformFailed):
    """Too many rows of `streams` cannot be read; there may be other failures beside that."""

    def __init__(self, message: str, details: str, streams: frozenset[str]) -> None:
        super().__init__(message, details)
        self.streams = streams


@dataclass(frozen=True)
class Databases:
    """The files of a build, in which the rows that a check found can be looked at."""

    work: Path
    raw: Path
    marts: Path


def details_file(home: Home) -> Path:
    """Where the rows that the last build's checks found are kept, mode 0600."""
    return home.logs / "checks.txt"


def failure(home: Home, databases: Databases, results: Path, output: str) -> TransformFailed:
    """Why the build failed. The rows that its checks found are written to `details_file`."""
    outcomes = _outcomes(results)
    failed = [o for o in outcomes or [] if o["status"] in {"error", "fail"}]
    if not failed:
        said = [line.strip() for line in output.splitlines() if line.strip()]
        why = "dbt could not start" if outcomes is None else "dbt failed"
        last = f": {_short(said[-1], 200)}" if said else ""
        return TransformFailed(f"The marts could not be built: {why}{last}. {UNCHANGED} {VERBOSE}.", output)
    sentences, details = _told(home, databases, failed)
    others = len(failed) - 1
    more = f" {others} more failed too." if others else ""
    text = f"{sentences[0]}{more} {UNCHANGED} {VERBOSE}."
    unreadable = frozenset(
        name.removesuffix(READABLE)
        for name in (_name(o) for o in failed if o["status"] == "fail")
        if name.endswith(READABLE)
    )
    return StreamsUnreadable(text, details, unreadable) if unreadable else TransformFailed(text, details)


def warnings(home: Home, databases: Databases, results: Path) -> list[str]:
    """What the checks found that does not hold the marts back, a sentence each."""
    warned = [o for o in _outcomes(results) or [] if o["status"] == "warn"]
    return _told(home, databases, warned)[0]


def _outcomes(results: Path) -> list[dict[str, Any]] | None:
    try:
        outcomes: list[dict[str, Any]] = json.loads(results.read_bytes())["results"]
    except (OSError, ValueError, KeyError):
        return None
    return outcomes


def _told(home: Home, databases: Databases, outcomes: list[dict[str, Any]]) -> tuple[list[str], str]:
    """A sentence for each outcome, and all of the details, which are kept in the file."""
    sentences, details = [], []
    for outcome in outcomes:
        kind, name = outcome["unique_id"].split(".")[0], _name(outcome)
        if kind == "test" and outcome["status"] in {"fail", "warn"}:
            rows = _rows(databases, outcome.get("compiled_code"))
            number = outcome["failures"]
            shown = "; ".join(_keys(row) for row in rows[:SHOWN_ROWS])
            found = f"{number:,} wrong row{'' if number == 1 else 's'}"
            sentences.append(f"The check {name} found {found}{f': {shown}' if shown else ''}.")
            details += [name, *(json.dumps(row, default=str, ensure_ascii=False) for row in rows), ""]
        else:
            message = str(outcome.get("message"))
            sentences.append(f"The {kind} {name} failed: {_short(message, 200)}.")
            details += [name, message, ""]
    text = "\n".join(details)
    with disk_errors(home.logs):
        write_private(details_file(home), text.encode())
    return sentences, text


def _name(outcome: dict[str, Any]) -> str:
    return str(outcome["unique_id"].split(".")[2])


def _rows(databases: Databases, query: str | None) -> list[dict[str, Any]]:
    """Some rows that the compiled test `query` finds in the unpublished build; none where it cannot be asked."""
    if not query:
        return []
    try:
        with duckdb.connect(databases.work, read_only=True) as db:
            db.execute(f"ATTACH {literal(str(databases.raw))} AS raw (READ_ONLY)")
            db.execute(f"ATTACH {literal(str(databases.marts))} AS marts_next (READ_ONLY)")
            cursor = db.execute(f"SELECT * FROM ({query}) LIMIT {KEPT_ROWS}")  # noqa: S608 - dbt's own SQL
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except duckdb.Error:
        return []


def _keys(row: dict[str, Any]) -> str:
    """A narrow row whole; of a wide one, which is a row of the books, only what names it."""
    if len(row) > SHOWN_COLUMNS:
        named = [name for name in row if name.endswith("_id") and name != "account_id"]
        row = {name: row[name] for name in (named or list(row))[:SHOWN_COLUMNS]}
    return ", ".join(f"{name}={_short(str(value), SHOWN_LENGTH)}" for name, value in row.items())


def _short(text: str, length: int) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= length else f"{line[: length - 1]}…"
