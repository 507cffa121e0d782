"""Expenses: categories over twelve months, currency by currency."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pendulum
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.core.clock import month_end
from freshbooks_hub.web.charts import Series, columns
from freshbooks_hub.web.lists.listing import NONE, Column, Kind
from freshbooks_hub.web.marts import Marts, Row, opened, page_gaps
from freshbooks_hub.web.reports import files_of
from freshbooks_hub.web.request_context import choose_business, context_of
from freshbooks_hub.web.views import render

MONTHS = 12
COLOURS = 6  # categories with a colour of their own; the rest is one more
OTHER = "Other categories"
ZERO = Decimal(0)


@dataclass(frozen=True)
class Category:
    """A top-level category: its amount in each month, its colour, and what the list of expenses calls it."""

    name: str
    values: list[Decimal]
    look: str
    filter: str = ""

    @property
    def total(self) -> Decimal:
        """Over all months shown."""
        return sum(self.values, ZERO)


@dataclass(frozen=True)
class Currency:
    """The expenses of one currency. `drawn` are the colours of the chart, `categories` all rows of the table."""

    code: str
    chart: Markup
    drawn: list[Category]
    categories: list[Category]
    months: list[Decimal]
    count: int

    @property
    def total(self) -> Decimal:
        """Over all months shown."""
        return sum(self.months, ZERO)


def page(request: Request) -> Response:
    """`/expenses`"""
    with opened(context_of(request).home.marts) as marts:
        choice = choose_business(request, marts)
        rows = _rows(marts, choice.current)
        gaps = page_gaps(marts, choice.current, "expenses", "expense_categories")
    months = _last_months(max((row["month_start_date"] for row in rows), default=None))
    nameless = "Unknown category" if "expense_categories" in gaps.missing else "No category"
    currencies = [
        _currency(code, part, months, nameless) for code, part in _by_currency(rows, months).items()
    ]
    currencies.sort(key=lambda currency: (-currency.count, currency.code))
    return render(
        request,
        "expenses.html",
        zone=choice.zone,
        choice=choice,
        gaps=gaps,
        months=months,
        until=month_end(months[-1]) if months else None,
        currencies=currencies,
    )


def _rows(marts: Marts | None, business: Row | None) -> list[Row]:
    """Months without expenses have no row; the newest month ends the page's period."""
    if marts is None or business is None:
        return []
    return marts.rows(
        "SELECT split_part(category_path, ' > ', 1) AS category, month_start_date, currency_code, "
        "sum(total_amount) AS total_amount, sum(expense_count)::BIGINT AS expense_count "
        "FROM expense_categories WHERE business_id = ? "
        # A date typed far ahead must not push this year off the page.
        "AND month_start_date <= (SELECT max(as_of_date) FROM fb_freshness) GROUP BY ALL ORDER BY ALL",
        business["business_id"],
    )


def _last_months(newest: date | None) -> list[date]:
    if newest is None:
        return []
    last = pendulum.date(newest.year, newest.month, 1)
    return [last.subtract(months=back) for back in reversed(range(MONTHS))]


def _by_currency(rows: list[Row], months: list[date]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["month_start_date"] >= months[0]:
            found[row["currency_code"]].append(row)
    return found


def _currency(code: str, rows: list[Row], months: list[date], nameless: str) -> Currency:
    values: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO] * len(months))
    for row in rows:
        values[row["category"] or nameless][months.index(row["month_start_date"])] += row["total_amount"]
    largest = sorted(values, key=lambda name: (-sum(values[name], ZERO), name))
    categories = [
        Category(name, values[name], f"series{min(index, COLOURS) + 1}", NONE if name == nameless else name)
        for index, name in enumerate(largest)
    ]
    drawn = categories[:COLOURS]
    if rest := categories[COLOURS:]:
        summed = [sum(column, ZERO) for column in zip(*(c.values for c in rest), strict=True)]
        drawn = [*drawn, Category(rest[0].name if len(rest) == 1 else OTHER, summed, rest[0].look)]
    chart = columns(
        f"Expenses in {code} by category, {months[0]:%B %Y} to {months[-1]:%B %Y}",
        months,
        [Series(c.name, c.values, c.look) for c in drawn],
        code,
    )
    sums = [sum((c.values[i] for c in categories), ZERO) for i in range(len(months))]
    return Currency(code, chart, drawn, categories, sums, sum(row["expense_count"] for row in rows))


# In a file each category has a row for each month and currency with expenses.
FILE = (
    Column("month_start_date", "Month, from", Kind.day),
    Column("category", "Category"),
    Column("currency_code", "Currency"),
    Column("total_amount", "Spent", Kind.money),
    Column("expense_count", "Expenses", Kind.number),
)


def _file_rows(_: Request, marts: Marts, business: Row) -> list[Row]:
    """Of the months that the page shows."""
    rows = _rows(marts, business)
    months = _last_months(max((row["month_start_date"] for row in rows), default=None))
    return sorted(
        (row for row in rows if row["month_start_date"] >= months[0]),
        key=lambda row: (row["month_start_date"], row["category"] or "", row["currency_code"]),
    )


routes = [Route("/expenses", page), *files_of("/expenses", "Expenses by category", FILE, _file_rows)]
