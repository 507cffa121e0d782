"""Balances: what is owed, by whom, and how late. Every figure is in one currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.agent.reads.periods import known_sum
from freshbooks_hub.core.currencies import amount_text
from freshbooks_hub.core.reporting_currency import Total
from freshbooks_hub.web.charts import Bar, bars
from freshbooks_hub.web.lists.listing import Column, Kind, Link
from freshbooks_hub.web.marts import Marts, Row, opened, page_gaps
from freshbooks_hub.web.reports import Reporting, files_of
from freshbooks_hub.web.request_context import choose_business, context_of
from freshbooks_hub.web.views import render

# Column, the invoices' word for it, ours, colour: from not due yet to oldest.
BUCKETS = (
    ("current_amount", "current", "Not due yet", "age0"),
    ("overdue_1_30_amount", "1-30", "1–30 days overdue", "age1"),
    ("overdue_31_60_amount", "31-60", "31–60 days overdue", "age2"),
    ("overdue_61_90_amount", "61-90", "61–90 days overdue", "age3"),
    ("overdue_91_plus_amount", "91+", "Over 90 days overdue", "age4"),
)


@dataclass(frozen=True)
class Later:
    """A column of what is dated after the as-of day and in no other amount; `what` is not `done` by that day."""

    column: str
    label: str
    what: str
    done: str


LATER = (
    Later("issued_later_amount", "Issued later", "Invoices dated", "counted"),
    Later("paid_later_amount", "Paid later", "Payments dated", "deducted"),
)
AMOUNTS = (
    "outstanding_amount",
    "overdue_amount",
    "draft_amount",
    "overpaid_amount",
    "unapplied_credit_amount",
    *(later.column for later in LATER),
    *(column for column, *_ in BUCKETS),
)
SHOWN = 25  # overdue invoices; the list of invoices has all
CLIENTS = 100  # of a currency; the file has all
LARGEST = "outstanding_amount DESC, client_name, client_id"
MOST = f"QUALIFY row_number() OVER (PARTITION BY currency_code ORDER BY {LARGEST}) <= {CLIENTS}"

Counts = dict[tuple[str, str], int]  # open invoices by currency and bucket


@dataclass(frozen=True)
class Bucket:
    """One step of lateness: its invoices and what is open on them; `word` is the invoices' for it."""

    word: str
    label: str
    look: str
    invoices: int
    amount: Decimal | None


@dataclass(frozen=True)
class Currency:
    """The balances of one currency: totals by column, the aging chart, the clients behind it.

    A total is null where one of its parts is unknown, for `gap_reason`.
    """

    code: str
    totals: dict[str, Decimal | None]
    gap_reason: str | None
    buckets: list[Bucket]
    chart: Markup
    clients: list[Row]
    client_count: int

    @property
    def later(self) -> list[Later]:
        """Those with an amount."""
        return [later for later in LATER if self.totals[later.column]]


@dataclass(frozen=True)
class Together:
    """The totals of all currencies in the reporting currency, at the user's own rates; `problem`: it cannot be read."""

    code: str = ""
    outstanding: Total | None = None
    overdue: Total | None = None
    problem: str = ""


def page(request: Request) -> Response:
    """`/balances`"""
    with opened(context_of(request).home.marts) as marts:
        choice = choose_business(request, marts)
        totals, clients = _totals(marts, choice.current), _balances(marts, choice.current, MOST)
        late, late_count = _overdue(marts, choice.current)
        counts = _counts(marts, choice.current)
        gaps = page_gaps(marts, choice.current, "outstanding_balances", "invoices")
    as_of = totals[0]["as_of_date"] if totals else None
    currencies = [_currency(one, clients, counts) for one in totals]
    return render(
        request,
        "balances.html",
        zone=choice.zone,
        choice=choice,
        gaps=gaps,
        as_of=as_of,
        currencies=currencies,
        together=_together(context_of(request).home.marts, currencies, as_of) if as_of else None,
        late=late,
        late_count=late_count,
    )


def _together(marts: Path, currencies: list[Currency], day: date) -> Together | None:
    """None unless the user has set a reporting currency."""
    reporting = Reporting.beside(marts)
    if reporting.currency is None:
        return Together(problem=reporting.problem) if reporting.problem else None
    outstanding, overdue = (
        reporting.currency.total({currency.code: currency.totals[name] for currency in currencies}, day)
        for name in ("outstanding_amount", "overdue_amount")
    )
    return Together(reporting.currency.code, outstanding, overdue)


def _currency(found: Row, clients: Iterable[Row], counts: Counts) -> Currency:
    """`found`: its totals; `clients`: those of all currencies."""
    code = str(found["currency_code"])
    totals = {name: found.get(name) for name in AMOUNTS}
    buckets = [
        Bucket(word, label, look, counts.get((code, word), 0), totals[column])
        for column, word, label, look in BUCKETS
    ]
    drawn = [
        Bar(b.label, b.amount, f"{code} {amount_text(b.amount, code)}", b.look)
        for b in buckets
        if b.amount is not None
    ]
    chart = bars(f"Outstanding in {code}, by days overdue", drawn)
    shown = [row for row in clients if str(row["currency_code"]) == code]
    return Currency(code, totals, found.get("gap_reason"), buckets, chart, shown, found["clients"])


def _counts(marts: Marts | None, business: Row | None) -> Counts:
    if marts is None or business is None:
        return {}
    rows = marts.rows(
        "SELECT currency_code, aging_bucket, count(*) AS invoices FROM invoices "
        "WHERE business_id = ? AND is_open GROUP BY ALL",
        business["business_id"],
    )
    return {(row["currency_code"], row["aging_bucket"]): row["invoices"] for row in rows}


def _totals(marts: Marts | None, business: Row | None) -> list[Row]:
    """By currency, the one with most clients first: amounts of two currencies cannot be compared."""
    if marts is None or business is None:
        return []
    # Marts of an earlier version lack some.
    there = set(marts.columns("outstanding_balances"))
    sums = [f"{known_sum(name)} AS {name}" for name in AMOUNTS if name in there]
    if "gap_reason" in there:
        sums.append("string_agg(DISTINCT gap_reason, ' ' ORDER BY gap_reason) AS gap_reason")
    return marts.rows(
        f"SELECT currency_code, count(*) AS clients, max(as_of_date) AS as_of_date, {', '.join(sums)} "  # noqa: S608
        "FROM outstanding_balances WHERE business_id = ? GROUP BY currency_code "
        "ORDER BY clients DESC, currency_code",
        business["business_id"],
    )


def _balances(marts: Marts | None, business: Row | None, most: str = "") -> list[Row]:
    if marts is None or business is None:
        return []
    return marts.rows(
        f"SELECT * FROM outstanding_balances WHERE business_id = ? {most} "  # noqa: S608 - a constant of ours
        f"ORDER BY currency_code, {LARGEST}",
        business["business_id"],
    )


def _overdue(marts: Marts | None, business: Row | None) -> tuple[list[Row], int]:
    """The most overdue invoices, and how many are overdue in all."""
    if marts is None or business is None:
        return [], 0
    overdue = "FROM invoices WHERE business_id = ? AND is_overdue"
    rows = marts.rows(
        "SELECT invoice_id, invoice_number, client_id, client_name, create_date, due_date, days_overdue, "
        f"currency_code, total_amount, outstanding_amount {overdue} "
        f"ORDER BY days_overdue DESC, invoice_id LIMIT {SHOWN}",
        business["business_id"],
    )
    counted = marts.rows(f"SELECT count(*) AS number {overdue}", business["business_id"])
    return rows, counted[0]["number"] if counted else 0


# In a file each client has a row for each currency.
FILE = (
    Column("client_name", "Client", link=Link("/clients/", "client_id"), empty="no name"),
    Column("client_status", "Status of the client"),
    Column("currency_code", "Currency"),
    Column("as_of_date", "As of", Kind.day),
    Column("outstanding_amount", "Outstanding", Kind.money),
    Column("overdue_amount", "Overdue", Kind.money),
    *(Column(column, label, Kind.money) for column, _, label, _ in BUCKETS),
    Column("open_invoice_count", "Open invoices", Kind.number),
    Column("oldest_due_date", "Oldest due", Kind.day),
    Column("draft_amount", "In drafts", Kind.money),
    Column("unapplied_credit_amount", "Unused credit", Kind.money),
    Column("overpaid_amount", "Overpaid", Kind.money),
    *(Column(later.column, later.label, Kind.money) for later in LATER),
)


def _file_rows(_: Request, marts: Marts, business: Row) -> list[Row]:
    """With what is unknown marked as such, where a part of the data could not be read."""
    return [
        row | {f"{name}__unknown": bool(row.get("gap_reason")) for name in AMOUNTS}
        for row in _balances(marts, business)
    ]


routes = [Route("/balances", page), *files_of("/balances", "Balances", FILE, _file_rows)]
