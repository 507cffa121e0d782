"""The tables of a pack. Each is read once, row by row, and says which part of its period it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from freshbooks_hub.core.currencies import in_decimals
from freshbooks_hub.core.labels import day_text
from freshbooks_hub.marts.gaps import find_gaps, find_rejected, missing, set_aside
from freshbooks_hub.marts.pack import queries
from freshbooks_hub.marts.pack.scope import Scope
from freshbooks_hub.marts.pack.statements import profit_and_loss_rows, sales_tax_rows
from freshbooks_hub.marts.rows import Row, rows_of

BATCH = 2000


@dataclass(frozen=True)
class Table:
    """`file`: its name without an extension. `covers`: the days that it covers, in words.

    `notes`: sentences, what it lacks of the period. `missing`: there is nothing at all, and the notes say why.
    Cells are text, whole numbers, days and exact decimals in the currency of the column Currency; None is unknown, or
    nothing to say.
    """

    title: str
    file: str
    columns: tuple[str, ...]
    covers: str
    notes: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]
    missing: bool = False


def tables(db: duckdb.DuckDBPyConnection, scope: Scope) -> list[Table]:
    """Those of a pack, in its order; the cover says of each what it has. `db` looks up names in schema marts."""
    return [
        build(db, scope)
        for build in (
            _profit_and_loss,
            _balance_sheet,
            _trial_balance,
            _general_ledger,
            _sales_tax,
            _receivables,
            _payables,
            _reconciliation,
        )
    ]


def _profit_and_loss(db: duckdb.DuckDBPyConnection, scope: Scope) -> Table:
    shown = scope.months
    read = {
        row[0]
        for row in rows_of(db, queries.PROFIT_AND_LOSS_MONTHS, scope.business.id, scope.basis, *_days(scope))
    }
    notes = (
        [*_not_read(shown, read), "Gross margin, a percentage of each month, is not in it."] if read else []
    )
    columns = ("Currency", "Section", "Line", *(f"{month:%b %Y}" for month in shown), "Total")

    def rows() -> Iterator[Row]:
        found = rows_of(db, queries.PROFIT_AND_LOSS, scope.business.id, scope.basis)
        return _in_currency(profit_and_loss_rows(found, shown))

    covers = f"{_period(scope)}, {scope.basis} basis"
    return _table(db, scope, "profit_and_loss", "Profit and loss", columns, covers, notes, rows, bool(read))


def _balance_sheet(db: duckdb.DuckDBPyConnection, scope: Scope) -> Table:
    found = rows_of(db, queries.BALANCE_SHEET_DAY, scope.business.id, scope.last)
    day = found[0][0] if found else None
    notes = []
    if day and day != scope.end:
        notes.append(
            f"It is of {day_text(day)}, the last day before {day_text(scope.end)} that it was read for."
        )
    columns = (
        "Currency", "As of", "Level", "Type", "Term", "Account number", "Account", "Sub-account", "Balance",
    )  # fmt: skip
    rows = _query(db, queries.BALANCE_SHEET, scope.business.id, day)
    covers = f"as of {day_text(day or scope.end)}"
    return _table(db, scope, "balance_sheet", "Balance sheet", columns, covers, notes, rows, bool(day))


def _trial_balance(db: duckdb.DuckDBPyConnection, scope: Scope) -> Table:
    read = {row[0] for row in rows_of(db, queries.TRIAL_BALANCE_MONTHS, scope.business.id, *_days(scope))}
    notes = _not_read(scope.months, read) if read else []
    if len(read) > 1:
        notes.append("One for each month: balances at its end, income and expenses of that month alone.")
    columns = (
        "Currency", "From", "To", "Account number", "Account", "Sub-account number", "Sub-account", "Debit", "Credit",
    )  # fmt: skip
    rows = _query(db, queries.TRIAL_BALANCE, scope.business.id, *_days(scope))
    covers = _period(scope)
    return _table(db, scope, "trial_balance", "Trial balance", columns, covers, notes, rows, bool(read))


def _general_ledger(db: duckdb.DuckDBPyConnection, scope: Scope) -> Table:
    found = rows_of(db, queries.LEDGER_DAYS, scope.business.id)
    first = found[0][0] if found else None
    notes = (
        [f"The first posting that is known is of {day_text(first)}."] if first and first > scope.start else []
    )
    columns = (
        "Currency", "Date", "Posting", "Entry", "Name", "Description", "Kind", "Account number", "Account",
        "Account type", "Sub-account number", "Sub-account", "Client", "Debit", "Credit",
    )  # fmt: skip
    rows = _query(db, queries.LEDGER, scope.business.id, *_days(scope))
    covers = _period(scope)
    known = bool(first) or _is_read(db, scope, "general_ledger")
    return _table(db, scope, "general_ledger", "General ledger", columns, covers, notes, rows, known)


def _sales_tax(db: duckdb.DuckDBPyConnection, scope: Scope) -> Table:
    columns = (
        "Currency", "Tax", "Month", "Tax collected", "Tax paid", "Net tax", "Sales taxed", "Purchases taxed", "Unknown",
    )  # fmt: skip

    def rows() -> Iterator[Row]:
        found = rows_of(db, queries.SALES_TAX, scope.business.id, scope.basis, *_days(scope))
        return _in_currency(sales_tax_rows(found))

    covers = f"{_period(scope)}, {scope.basis} basis"
    known = bool(rows_of(db, queries.SALES_TAX_ANY, scope.business.id)) or _is_read(db, scope, "sales_tax")
    return _table(db, scope, "sales_tax", "Sales tax", columns, covers, [], rows, known)


def _receivables(db: duckdb.DuckDBPyConnection, scope: Scope) -> Table:
    columns = (
        "Currency", "Client", "Invoice", "Issued", "Due", "Total", "Outstanding", "Days overdue", "Aging", "Unknown",
    )  # fmt: skip
    return _aging(db, scope, "ar_aging", "Accounts receivable aging", columns, queries.RECEIVABLES)


def _payables(db: duckdb.DuckDBPyConnection, scope: Scope) -> Table:
    columns = (
        "Currency", "Vendor", "Bill", "Issued", "Due", "Total", "Outstanding", "Days overdue", "Aging", "Unknown",
    )  # fmt: skip
    return _aging(db, scope, "ap_aging", "Accounts payable aging", columns, queries.PAYABLES)


def _aging(
    db: duckdb.DuckDBPyConnection,
    scope: Scope,
    mart: str,
    title: str,
    columns: tuple[str, ...],
    statement: str,
) -> Table:
    """What was open on the last day; unknown, not empty, before the first day in the mart."""
    days = [
        day for statement in queries.AGING_DAYS for (day,) in rows_of(db, statement, scope.business.id) if day
    ]
    rows = _query(db, statement, scope.business.id, scope.last)
    known = _has_any(rows) or (_is_read(db, scope, mart) and scope.last >= min(days, default=scope.last))
    notes = []
    if not known and days:
        notes.append(f"What was open is known from {day_text(min(days))} on.")
    elif known and scope.last != scope.end:
        notes.append(f"It is of {day_text(scope.last)}, the last day that was read.")
    return _table(db, scope, mart, title, columns, f"as of {day_text(scope.last)}", notes, rows, known)


def _reconciliation(db: duckdb.DuckDBPyConnection, scope: Scope) -> Table:
    columns = (
        "Currency",
        "Check",
        "Kind",
        "From",
        "To",
        "Here",
        "FreshBooks or expected",
        "Difference",
        "Matches",
    )
    rows = _query(db, queries.RECONCILIATION, scope.business.id, *_days(scope))
    covers, known = _period(scope), _has_any(rows) or _is_read(db, scope, "fb_reconciliation")
    return _table(db, scope, "fb_reconciliation", "Reconciliation", columns, covers, [], rows, known)


def _table(
    db: duckdb.DuckDBPyConnection,
    scope: Scope,
    mart: str,
    title: str,
    columns: tuple[str, ...],
    covers: str,
    notes: Sequence[str],
    rows: Callable[[], Iterator[Row]],
    known: bool,
) -> Table:
    """With what the business's gaps say of the mart; where it is not known, it always says why."""
    lacking = [str(gap) for gap in find_gaps(db, {mart}, scope.business.id)]
    if rejected := find_rejected(db, {mart}, scope.business.id):
        lacking.append(set_aside(rejected))
    if not known and not lacking:
        lacking += [] if notes else [NOT_SYNCED if mart not in STATEMENTS else NOT_REPORTED]
    file = mart.removeprefix("fb_")
    return Table(title, file, columns, covers, (*notes, *lacking), rows, missing=not known)


def _is_read(db: duckdb.DuckDBPyConnection, scope: Scope, mart: str) -> bool:
    """Whether the mart exists and is complete enough that no rows really means none."""
    if not db.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [mart]).fetchone():
        return False
    return not missing(find_gaps(db, {mart}, scope.business.id))


def _has_any(rows: Callable[[], Iterator[Row]]) -> bool:
    return any(True for _ in rows())


def _query(db: duckdb.DuckDBPyConnection, statement: str, *values: Any) -> Callable[[], Iterator[Row]]:
    def rows() -> Iterator[Row]:
        try:
            cursor = db.execute(statement, values)
        except duckdb.CatalogException:  # a mart whose streams are not synced
            return
        while batch := cursor.fetchmany(BATCH):
            yield from _in_currency(batch)

    return rows


def _in_currency(rows: Iterable[Row]) -> Iterator[Row]:
    """Decimals with those of the row's currency, which is its first value."""
    for row in rows:
        yield tuple(in_decimals(cell, row[0]) if isinstance(cell, Decimal) else cell for cell in row)


def _not_read(wanted: list[date], read: set[date]) -> list[str]:
    absent = [month for month in wanted if month not in read]
    if not absent:
        return []
    named = ", ".join(f"{month:%B %Y}" for month in absent[:6]) + (" and more" if len(absent) > 6 else "")
    return [f"Nothing was read for {named}."]


def _days(scope: Scope) -> tuple[date, date]:
    """Those of the period that the books were read for."""
    return scope.start, scope.last


def _period(scope: Scope) -> str:
    return f"{day_text(scope.start)} to {day_text(scope.last)}"


STATEMENTS = ("profit_and_loss", "balance_sheet", "trial_balance")
NOT_REPORTED = "FreshBooks' report of this period was not read."
NOT_SYNCED = "The data behind it is not synced."
