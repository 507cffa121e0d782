"""The cover of a pack: its scope, what each file holds, what is missing, and whether it ties to FreshBooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from freshbooks_hub.core.clock import named_zone
from freshbooks_hub.core.labels import plural
from freshbooks_hub.marts.pack.scope import BASES, Scope
from freshbooks_hub.marts.pack.tables import Table
from freshbooks_hub.marts.rows import rows_of

LISTED = 20  # differences; the table Reconciliation has all


@dataclass(frozen=True)
class Part:
    """A heading, and lines of a name and a sentence; the name may be empty."""

    heading: str
    lines: tuple[tuple[str, str], ...]


def cover(
    db: duckdb.DuckDBPyConnection,
    scope: Scope,
    contents: Sequence[Table],
    now: datetime,
    counts: Mapping[str, int] | None = None,
) -> list[Part]:
    """`counts`: rows of each table by its file, once they are written."""
    return [
        Part("Accountant's pack", tuple(_facts(scope, now))),
        Part("What it holds", tuple((table.title, _holds(table, counts)) for table in contents)),
        Part("Reconciliation", tuple(("", line) for line in _reconciliation(db, scope))),
        Part("How to read it", tuple(("", line) for line in HOW)),
    ]


def as_text(parts: Sequence[Part]) -> str:
    """For README.txt."""
    lines: list[str] = []
    for part in parts:
        lines += [part.heading, "=" * len(part.heading)]
        lines += [f"{name}: {text}" if name else text for name, text in part.lines]
        lines.append("")
    return "\n".join(lines)


HOW = (
    "Amounts are in the currency that each row names. Nothing is converted, and currencies are never added up.",
    "An empty amount is unknown, not nought.",
    "Profit and loss, balance sheet and trial balance are FreshBooks' own reports. The other tables are made from the "
    "documents and postings that were read from FreshBooks.",
)


def _facts(scope: Scope, now: datetime) -> list[tuple[str, str]]:
    zone = named_zone(scope.business.time_zone) or UTC
    made = now.astimezone(zone)
    facts = [
        ("Business", f"{scope.business.name} (FreshBooks business {scope.business.id})"),
        ("Period", f"{scope.start} to {scope.end}"),
        ("Basis", f"{BASES[scope.basis]}; it applies to profit and loss and sales tax"),
        ("As of", f"{scope.business.as_of}, the day up to which the books were read"),
        ("Made", f"{made:%Y-%m-%d %H:%M} ({scope.business.time_zone if zone is not UTC else 'UTC'})"),
    ]
    if scope.last < scope.end:
        facts.insert(
            2, ("Not complete", f"The period is not over: nothing after {scope.last} is in the pack.")
        )
    return facts


def _holds(table: Table, counts: Mapping[str, int] | None) -> str:
    if table.missing:
        return " ".join(["NOT IN THIS PACK.", *table.notes])
    rows = f", {plural(counts[table.file], 'row')}" if counts else ""
    return " ".join([f"{table.file}.csv, {table.covers}{rows}.", *table.notes])


def _reconciliation(db: duckdb.DuckDBPyConnection, scope: Scope) -> list[str]:
    """Checks of this period, and those of the present."""
    where = "FROM fb_reconciliation WHERE business_id = ? AND (end_date IS NULL OR end_date BETWEEN ? AND ?)"
    values = [scope.business.id, scope.start, scope.end]
    counted = rows_of(db, f"SELECT count(*), count(*) FILTER (NOT is_ok) {where}", *values)
    checks, wrong = counted[0] if counted else (0, 0)
    differing = rows_of(
        db,
        "SELECT check_name, end_date, our_amount, freshbooks_amount, currency_code "
        f"{where} AND NOT is_ok ORDER BY abs(difference_amount) DESC LIMIT {LISTED}",
        *values,
    )
    if not checks:
        return ["Nothing of this period could be compared with FreshBooks' reports."]
    if not wrong:
        return [
            f"{plural(checks, 'check')} against FreshBooks' reports and of internal consistency: all match."
        ]
    lines = [f"{wrong:,} of {plural(checks, 'check')} {'does' if wrong == 1 else 'do'} not match:"]
    for name, day, here, there, currency in differing:
        until = f" up to {day}" if day else ""
        lines.append(
            f"- {name}{until}: {_amount_text(here)} here, {_amount_text(there)} expected ({currency})"
        )
    if wrong > len(differing):
        lines.append(f"- and {wrong - len(differing):,} more, in the table Reconciliation")
    return lines


def _amount_text(amount: object) -> str:
    return "unknown" if amount is None else f"{amount:,}"
