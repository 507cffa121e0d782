"""The figures that Home shows of a business, currency by currency, each by the SQL of one mart."""
# ruff: noqa: S608 - names and spans of ours

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from freshbooks_hub.agent.reads.periods import known_sum
from freshbooks_hub.web.marts import Marts, Row

FORECAST_WEEKS = 4
ZERO = Decimal(0)


@dataclass(frozen=True)
class Source:
    """Where figures come from: `names` are the columns of `sql` after the currency, `$1` is the business.

    They are unknown when one of `streams` cannot be read.
    """

    mart: str
    streams: frozenset[str]
    names: tuple[str, ...]
    sql: str


# The day of the figures, and the spans up to it; "before" is the same days a year earlier.
_DAY = "WITH day AS (SELECT max(as_of_date) AS today FROM fb_freshness WHERE business_id = $1) "
_SPANS = {
    "month": "date_trunc('month', today) AND today",
    "month_before": "date_trunc('month', today) - INTERVAL 1 YEAR AND today - INTERVAL 1 YEAR",
    "year": "date_trunc('year', today) AND today",
    "year_before": "date_trunc('year', today) - INTERVAL 1 YEAR AND today - INTERVAL 1 YEAR",
}
_FORECAST = (
    "SELECT currency_code, {sum} FROM cash_forecast WHERE business_id = $1 "
    f"AND week_start_date < as_of_date + 1 + 7 * {FORECAST_WEEKS} GROUP BY currency_code"
)
SOURCES = (
    Source(
        "outstanding_balances",
        frozenset({"invoices"}),
        ("owed", "overdue"),
        f"SELECT currency_code, {known_sum('outstanding_amount')}, {known_sum('overdue_amount')} "
        "FROM outstanding_balances WHERE business_id = $1 GROUP BY currency_code",
    ),
    Source(
        "payments",
        frozenset({"payments", "invoices"}),
        ("collected",),
        f"{_DAY} SELECT currency_code, CASE WHEN NOT bool_or(is_cash AND is_counted IS NULL) THEN "
        "coalesce(sum(payment_amount) FILTER (is_cash AND is_counted), 0) END FROM payments, day "
        f"WHERE business_id = $1 AND payment_date BETWEEN {_SPANS['month']} GROUP BY currency_code",
    ),
    # FreshBooks' profit and loss has whole months; its ledger has days, which add up to it (fb_reconciliation).
    Source(
        "general_ledger",
        frozenset({"journal_entry_details"}),
        tuple(f"profit_{name}" for name in _SPANS),
        f"{_DAY} SELECT currency_code, "
        + ", ".join(
            "CASE WHEN bool_or(account_type IS NULL) THEN NULL ELSE coalesce(sum(credit_amount - debit_amount) "
            f"FILTER (account_type IN ('income', 'expense') AND posting_date BETWEEN {span}), 0) END"
            for span in _SPANS.values()
        )
        + " FROM general_ledger, day WHERE business_id = $1 "
        "AND posting_date >= date_trunc('year', today) - INTERVAL 1 YEAR GROUP BY currency_code",
    ),
    Source(
        "cash_forecast",
        frozenset({"invoices", "invoice_profiles"}),
        ("expected_in",),
        _FORECAST.format(sum=known_sum("money_in_amount")),
    ),
    Source(
        "cash_forecast",
        frozenset({"bills", "expenses"}),
        ("expected_out",),
        # Late invoices have no money out, even if what they bring in is unknown.
        _FORECAST.format(sum=known_sum("money_out_amount", "cash_source IN ('bills', 'expenses')")),
    ),
    Source(
        "unbilled_time",
        frozenset({"time_entries", "projects"}),
        ("unbilled",),
        "SELECT currency_code, coalesce(sum(unbilled_amount), 0) FROM unbilled_time WHERE business_id = $1 "
        "AND currency_code IS NOT NULL GROUP BY currency_code",
    ),
)
NAMES = tuple(name for source in SOURCES for name in source.names)
MARTS = tuple(dict.fromkeys(source.mart for source in SOURCES))


@dataclass(frozen=True)
class Figures:
    """One business in one currency: amounts by name (NAMES), None where unknown."""

    code: str
    amounts: dict[str, Decimal | None]

    @property
    def any(self) -> bool:
        """Whether there is something to show: an amount, or one that is unknown in part."""
        return any(self.amounts.values())


@dataclass(frozen=True)
class Days:
    """The day of the figures, and how far back the ledger goes; None if unknown."""

    today: date | None
    first_posting: date | None

    def compares(self, first: date, last: date, read_from: date | None) -> bool:
        """Whether the ledger covers the days from `first` to `last`; `read_from`: FreshBooks is read from then on."""
        if self.first_posting is None or self.first_posting > last:
            return False
        return read_from is None or read_from <= first


def days_of(marts: Marts, business: int) -> Days:
    """Of this business."""
    [row] = marts.rows(
        "SELECT max(as_of_date) AS today FROM fb_freshness WHERE business_id = $1", business
    ) or [{"today": None}]
    first = marts.rows("SELECT min(posting_date) AS day FROM general_ledger WHERE business_id = $1", business)
    return Days(row["today"], first[0]["day"] if first else None)


def figures_of(marts: Marts, business: Row, missing: frozenset[str]) -> list[Figures]:
    """By currency, the business's own first; `missing`: streams of this business that are not available."""
    amounts: dict[str, dict[str, Decimal | None]] = {}
    known: set[str] = set()
    for source in SOURCES:
        if source.streams & missing or not marts.has(source.mart):
            continue
        known |= set(source.names)
        for row in marts.rows(source.sql, business["business_id"]):
            code, *values = row.values()
            amounts.setdefault(code, {}).update(zip(source.names, values, strict=True))
    found = [
        Figures(code, {name: given.get(name, ZERO if name in known else None) for name in NAMES})
        for code, given in amounts.items()
    ]
    return by_currency((one for one in found if one.any), business["base_currency_code"])


def by_currency(found: Iterable[Figures], own: str | None) -> list[Figures]:
    """The currency `own` first, then by their codes."""
    return sorted(found, key=lambda one: (one.code != own, one.code))
