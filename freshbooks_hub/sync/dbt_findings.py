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
from freshbooks_hub.core.labels import plural
from freshbooks_hub.sync.batch_sql import literal

UNCHANGED = "The earlier marts are unchanged."
VERBOSE = "`freshbooks build --verbose` shows the details"
# A check of this name fails when most rows of its stream cannot be read: the API changed, not a row.
READABLE = "_is_readable"
# What a data test returns if it holds several checks (dbt_project/tests/generic/checks.sql).
CHECK, ROW = "check_name", "failing_row"
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


@dataclass(frozen=True)
class Finding:
    """What a check found, `count` rows of which `rows` are some; or a node that failed, with dbt's `message`."""

    name: str
    kind: str
    count: int = 0
    rows: tuple[dict[str, Any], ...] = ()
    message: str | None = None

    def sentence(self) -> str:
        if self.message is not None:
            return f"The {self.kind} {self.name} failed: {_short(self.message, 200)}."
        shown = "; ".join(_keys(row) for row in self.rows[:SHOWN_ROWS])
        return (
            f"The check {self.name} found {plural(self.count, 'wrong row')}{f': {shown}' if shown else ''}."
        )

    def details(self) -> list[str]:
        if self.message is not None:
            return [self.name, self.message, ""]
        return [self.name, *(json.dumps(row, default=str, ensure_ascii=False) for row in self.rows), ""]


def details_file(home: Home) -> Path:
    """Where the rows that the last build's checks found are kept, mode 0600."""
    return home.logs / "checks.txt"


def _warned_file(home: Home) -> Path:
    return home.logs / "warnings.json"


def warned(home: Home) -> dict[str, int]:
    """Check to the number of rows that it found in the last build without holding it back."""
    try:
        checks: dict[str, int] = json.loads(_warned_file(home).read_bytes())
    except (OSError, ValueError):
        return {}
    return checks


def failure(home: Home, databases: Databases, results: Path, output: str) -> TransformFailed:
    """Why the build failed. The rows that its checks found are written to `details_file`."""
    outcomes = _outcomes(results)
    failed = [o for o in outcomes or [] if o["status"] in {"error", "fail"}]
    if not failed:
        said = [line.strip() for line in output.splitlines() if line.strip()]
        why = "dbt could not start" if outcomes is None else "dbt failed"
        last = f": {_short(said[-1], 200)}" if said else ""
        return TransformFailed(f"The marts could not be built: {why}{last}. {UNCHANGED} {VERBOSE}.", output)
    warnings(home, databases, results)
    findings, details = _kept(home, databases, failed)
    others = len(findings) - 1
    more = f" {others} more failed too." if others else ""
    text = f"{findings[0].sentence()}{more} {UNCHANGED} {VERBOSE}."
    unreadable = frozenset(
        finding.name.removesuffix(READABLE)
        for finding in findings
        if finding.message is None and finding.name.endswith(READABLE)
    )
    return StreamsUnreadable(text, details, unreadable) if unreadable else TransformFailed(text, details)


def warnings(home: Home, databases: Databases, results: Path) -> list[str]:
    """What the checks found that does not hold the marts back, a sentence each; also kept for `warned`."""
    outcomes = [o for o in _outcomes(results) or [] if o["status"] == "warn"]
    findings, _ = _kept(home, databases, outcomes)
    with disk_errors(home.logs):
        write_private(_warned_file(home), json.dumps({f.name: f.count for f in findings}).encode())
    return [finding.sentence() for finding in findings]


def _outcomes(results: Path) -> list[dict[str, Any]] | None:
    try:
        outcomes: list[dict[str, Any]] = json.loads(results.read_bytes())["results"]
    except (OSError, ValueError, KeyError):
        return None
    return outcomes


def _kept(home: Home, databases: Databases, outcomes: list[dict[str, Any]]) -> tuple[list[Finding], str]:
    """The findings, and all of their details, which are kept in the file."""
    findings = [finding for outcome in outcomes for finding in _findings(databases, outcome)]
    text = "\n".join(line for finding in findings for line in finding.details())
    with disk_errors(home.logs):
        write_private(details_file(home), text.encode())
    return findings, text


def _findings(databases: Databases, outcome: dict[str, Any]) -> list[Finding]:
    """One finding; of a data test with several checks, one of each check that found rows."""
    kind, _, name = outcome["unique_id"].split(".")[:3]
    if kind != "test" or outcome["status"] not in {"fail", "warn"}:
        return [Finding(name, kind, message=str(outcome.get("message")))]
    found = _found(databases, name, outcome["failures"], outcome["compiled_code"])
    return found or [Finding(name, kind, outcome["failures"])]


def _found(databases: Databases, test: str, failures: int, query: str) -> list[Finding]:
    """What the compiled `test` finds in the unpublished build; nothing where it cannot be asked."""
    try:
        with duckdb.connect(databases.work, read_only=True) as db:
            db.execute(f"ATTACH {literal(str(databases.raw))} AS raw (READ_ONLY)")
            db.execute(f"ATTACH {literal(str(databases.marts))} AS marts_next (READ_ONLY)")
            rows = db.sql(query)
            if rows.columns != [CHECK, ROW]:
                return [Finding(test, "test", failures, _some(rows))]
            checks = rows.aggregate(f"{CHECK}, count(*)").order(CHECK).fetchall()
            return [
                Finding(name, "test", count, _some(rows.filter(f"{CHECK} = {literal(name)}").project(ROW)))
                for name, count in checks
            ]
    except duckdb.Error:
        return []


def _some(rows: duckdb.DuckDBPyRelation) -> tuple[dict[str, Any], ...]:
    return tuple(dict(zip(rows.columns, row, strict=True)) for row in rows.limit(KEPT_ROWS).fetchall())


def _keys(row: dict[str, Any]) -> str:
    """The columns of a narrow row; of a wide one, which is a row of the books, only those that identify it."""
    if ROW in row:
        return _short(str(row[ROW]), SHOWN_COLUMNS * SHOWN_LENGTH)
    if len(row) > SHOWN_COLUMNS:
        named = [name for name in row if name.endswith("_id") and name != "account_id"]
        row = {name: row[name] for name in (named or list(row))[:SHOWN_COLUMNS]}
    return ", ".join(f"{name}={_short(str(value), SHOWN_LENGTH)}" for name, value in row.items())


def _short(text: str, length: int) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= length else f"{line[: length - 1]}…"
