"""Tax: sales tax collected and paid, tax by tax, for the return of a month or a quarter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.agent.reads.periods import known_sum as sum_sql
from freshbooks_hub.core.clock import month_end
from freshbooks_hub.core.currencies import known_sum
from freshbooks_hub.web.lists.accounting import BASES
from freshbooks_hub.web.lists.listing import Column, Kind
from freshbooks_hub.web.marts import Marts, Row, opened, page_gaps
from freshbooks_hub.web.monthly import today_of
from freshbooks_hub.web.reports import basis_of, files_of
from freshbooks_hub.web.request_context import choose_business, context_of
from freshbooks_hub.web.views import render

STEPS = {"quarter": 3, "month": 1}
# Column of sales_tax and its label. Sums over taxes have no meaning for what is taxed, which counts once for each tax.
AMOUNTS = (
    ("taxable_collected_amount", "Sales taxed"),
    ("tax_collected_amount", "Tax collected"),
    ("taxable_paid_amount", "Purchases taxed"),
    ("tax_paid_amount", "Tax paid"),
    ("net_tax_amount", "Owed"),
)


@dataclass(frozen=True)
class TaxRow:
    """One tax in the days `first` to `last`: amounts by column, null where unknown."""

    tax: str
    first: date
    last: date
    amounts: dict[str, Decimal | None]


@dataclass(frozen=True)
class Currency:
    """The taxes of one currency: `periods` newest first with their rows, and each tax over the whole year."""

    code: str
    periods: list[tuple[str, list[TaxRow]]]
    year: list[TaxRow]

    def total(self, column: str) -> Decimal | None:
        """Over the year and all taxes."""
        return known_sum(row.amounts[column] for row in self.year)


def page(request: Request) -> Response:
    """`/tax`, `?basis=cash&by=month&year=2025`"""
    asked = request.query_params
    basis = basis_of(request)
    by = "month" if asked.get("by") == "month" else "quarter"
    with opened(context_of(request).home.marts) as marts:
        choice = choose_business(request, marts)
        today = today_of(marts)
        years = _years(marts, choice.current, today)
        year = next((year for year in years if str(year) == asked.get("year")), today.year if today else 0)
        rows = _rows(marts, choice.current, basis, year)
        gaps = page_gaps(marts, choice.current, "sales_tax")
    return render(
        request,
        "tax.html",
        zone=choice.zone,
        choice=choice,
        gaps=gaps,
        basis=basis,
        bases=BASES,
        by=by,
        year=year,
        years=years,
        today=today,
        amounts=AMOUNTS,
        currencies=_currencies(rows, by),
    )


def _years(marts: Marts | None, business: Row | None, today: date | None) -> list[int]:
    """Those with a tax, and this one; the newest first."""
    if marts is None or business is None or today is None:
        return []
    rows = marts.rows(
        "SELECT DISTINCT year(month_start_date) AS year FROM sales_tax WHERE business_id = ? AND month_start_date <= ?",
        business["business_id"],
        today,
    )
    return sorted({today.year, *(row["year"] for row in rows)}, reverse=True)


def _rows(marts: Marts | None, business: Row | None, basis: str, year: int) -> list[Row]:
    """A row for each currency, month and tax."""
    if marts is None or business is None:
        return []
    return marts.rows(
        "SELECT currency_code, month_start_date, coalesce(tax_name, 'no name') AS tax_name, "  # noqa: S608 - ours
        + ", ".join(f"{sum_sql(column)} AS {column}" for column, _ in AMOUNTS)
        + " FROM sales_tax WHERE business_id = ? AND basis = ? AND year(month_start_date) = ? "
        "GROUP BY ALL ORDER BY currency_code, month_start_date, tax_name",
        business["business_id"],
        basis,
        year,
    )


def _currencies(rows: list[Row], by: str) -> list[Currency]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["currency_code"], []).append(row)
    return [_currency(code, of_code, by) for code, of_code in sorted(found.items())]


def _currency(code: str, rows: list[Row], by: str) -> Currency:
    periods: dict[date, list[Row]] = {}
    for row in rows:
        month = row["month_start_date"]
        periods.setdefault(month.replace(month=(month.month - 1) // STEPS[by] * STEPS[by] + 1), []).append(
            row
        )
    year = rows[0]["month_start_date"].year
    return Currency(
        code,
        [
            (_name(first, by), _taxes(part, first, _end(first, by)))
            for first, part in sorted(periods.items(), reverse=True)
        ],
        _taxes(rows, date(year, 1, 1), date(year, 12, 31)),
    )


def _taxes(rows: Iterable[Row], first: date, last: date) -> list[TaxRow]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["tax_name"], []).append(row)
    return [
        TaxRow(tax, first, last, {column: known_sum(row[column] for row in months) for column, _ in AMOUNTS})
        for tax, months in sorted(found.items())
    ]


def _name(first: date, by: str) -> str:
    return f"{first:%B %Y}" if by == "month" else f"Q{(first.month + 2) // 3} {first.year}"


def _end(first: date, by: str) -> date:
    return month_end(first.replace(month=first.month + STEPS[by] - 1))


# In a file each tax has a row for each month and currency.
FILE = (
    Column("month_start_date", "Month, from", Kind.day),
    Column("tax_name", "Tax"),
    Column("currency_code", "Currency"),
    *(Column(name, label, Kind.money) for name, label in AMOUNTS),
)


def _file_rows(request: Request, marts: Marts, business: Row) -> list[Row]:
    """Of the year and on the basis that the page shows."""
    today = today_of(marts)
    asked = request.query_params.get("year")
    year = next((year for year in _years(marts, business, today) if str(year) == asked), today and today.year)
    return _rows(marts, business, basis_of(request), year) if year else []


routes = [Route("/tax", page), *files_of("/tax", "Sales tax by month", FILE, _file_rows)]
