"""The weekly summary: balances owed and overdue, money received, profit, and what needs the owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal

import duckdb

from freshbooks_hub.agent.actions.waiting import waiting
from freshbooks_hub.agent.reads.periods import known_sum
from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.clock import month_end, named_zone
from freshbooks_hub.core.currencies import amount_text
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.labels import day_text, plural
from freshbooks_hub.marts.gaps import find_gaps
from freshbooks_hub.marts.open import ONE_LOOK, open_marts
from freshbooks_hub.marts.rows import accounting_businesses, rows_of

MORNING = time(8)
OWED = (
    f"SELECT currency_code, {known_sum('outstanding_amount')}, {known_sum('overdue_amount')} "  # noqa: S608 - our own
    "FROM outstanding_balances WHERE business_id = ? GROUP BY currency_code ORDER BY currency_code"
)
COLLECTED = (
    "SELECT currency_code, CASE WHEN bool_and(is_counted IS NOT NULL) THEN sum(payment_amount) END FROM payments "
    "WHERE business_id = ? AND is_cash AND is_counted IS NOT FALSE AND payment_date BETWEEN ? AND ? "
    "GROUP BY currency_code ORDER BY currency_code"
)
PROFIT = (
    "SELECT currency_code, line_amount FROM profit_and_loss WHERE business_id = ? AND basis = 'accrual' "
    "AND section = 'net profit' AND start_date = ? ORDER BY currency_code"
)


@dataclass(frozen=True)
class Summary:
    """Plain text; every amount with its currency, nothing added up across currencies."""

    title: str
    text: str


def zone_of(home: Home) -> tzinfo:
    """The time zone of the first business with accounting; UTC when it is unknown."""
    try:
        with open_marts(home.marts, ONE_LOOK) as db:
            row = rows_of(
                db, "SELECT time_zone FROM businesses ORDER BY account_id IS NULL, business_id LIMIT 1"
            )
    except HubError:
        row = []
    return (named_zone(row[0][0]) if row else None) or UTC


def monday_morning(now: datetime, zone: tzinfo) -> datetime:
    """Eight o'clock of this week's Monday in `zone`."""
    today = now.astimezone(zone).date()
    return datetime.combine(today - timedelta(days=today.weekday()), MORNING, zone)


def summary(home: Home, monday: date) -> Summary:
    """Of the week before `monday`. Raises HubError when the marts cannot be read."""
    first, last = monday - timedelta(days=7), monday - timedelta(days=1)
    lines: list[str] = []
    with open_marts(home.marts, ONE_LOOK) as db:
        for number, name, as_of in accounting_businesses(db):
            lines += _business(db, number, clean(name or f"Business {number}", 80), as_of, first, last)
        gaps = sorted({gap.label for gap in find_gaps(db)})
        wrong = rows_of(db, "SELECT count(*) FROM fb_reconciliation WHERE NOT is_ok")
    asked = waiting(home)
    lines += [f"To approve: {plural(asked, 'action') if asked else 'nothing'}"]
    if gaps:
        lines.append(f"Not available: {', '.join(gaps)}")
    if wrong and wrong[0][0]:
        lines.append(f"Figures that do not match FreshBooks: {wrong[0][0]:,}")
    return Summary(f"week of {day_text(first)} to {day_text(last)}", "\n".join(lines))


def _business(
    db: duckdb.DuckDBPyConnection, number: int, name: str, as_of: date, first: date, last: date
) -> list[str]:
    owed = rows_of(db, OWED, number)
    missing = frozenset(gap.stream for gap in find_gaps(db, business_id=number))
    month = last.replace(day=1)
    so_far = " so far" if as_of < month_end(month) else ""
    nothing = "unknown" if "invoices" in missing else "nothing"
    paid = "unknown" if {"invoices", "payments"} & missing else "nothing"
    return [
        f"{name}, as of {day_text(as_of)}",
        f"  Owed to you: {_amounts(((code, amount) for code, amount, _ in owed), nothing)}",
        f"  Overdue: {_amounts(((code, late) for code, _, late in owed), nothing)}",
        f"  Collected {day_text(first)} to {day_text(last)}: "
        f"{_amounts(rows_of(db, COLLECTED, number, first, last), paid)}",
        f"  Profit of {month:%B %Y}{so_far} (as billed): {_amounts(rows_of(db, PROFIT, number, month), 'unknown')}",
        "",
    ]


def _amounts(found: Iterable[tuple[str, Decimal | None]], nothing: str) -> str:
    amounts = [
        f"{code} {'unknown' if amount is None else amount_text(amount, code)}"
        for code, amount in found
        if amount is None or amount
    ]
    return ", ".join(amounts) or nothing
