"""Money: profit, revenue and cash by month against the year before, and the money that is expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from freshbooks_hub.core.clock import month_end
from freshbooks_hub.web.charts import OpenSeries, grouped
from freshbooks_hub.web.lists.accounting import BASES
from freshbooks_hub.web.lists.listing import Column, Kind
from freshbooks_hub.web.marts import Marts, PageGaps, Row, opened, page_gaps
from freshbooks_hub.web.monthly import (
    CASH,
    FORECAST_IN,
    FORECAST_OUT,
    NET,
    PROFIT,
    Line,
    Period,
    Table,
    added,
    forecast_of,
    tables_of,
    today_of,
    together,
)
from freshbooks_hub.web.reports import Reporting, basis_of, files_of
from freshbooks_hub.web.request_context import choose_business, context_of
from freshbooks_hub.web.views import link, render

MARTS = ("profit_and_loss", "cash_monthly", "cash_forecast")
# Where the rows behind a figure are; those of the profit and loss are postings, on the accrual basis alone. Money in
# and money out have theirs in several lists.
ROWS: dict[str, tuple[str, dict[str, str]]] = {
    "income": ("/ledger", {"accounts": "gross"}),
    "expenses": ("/ledger", {"accounts": "operating"}),
    "profit": ("/ledger", {"accounts": "profit"}),
    "billed": ("/invoices", {}),
    "collected": ("/payments", {"status": "received"}),
}
OF_REPORT = frozenset({"income", "expenses", "profit"})


@dataclass(frozen=True)
class OfBusiness:
    """A business with its tables by currency."""

    business: Row
    tables: list[Table]
    gaps: PageGaps


@dataclass(frozen=True)
class Week:
    """Expected money in the week that begins on `first`; null if unknown. `sources`: what it is made of."""

    first: date
    money_in: Decimal | None
    money_out: Decimal | None
    sources: str

    @property
    def net(self) -> Decimal | None:
        """Null where one of the two is unknown."""
        return None if self.money_in is None or self.money_out is None else self.money_in - self.money_out


def page(request: Request) -> Response:
    """`/money`, `?basis=cash&year=2025&currency=CAD&business=all`"""
    asked = request.query_params
    basis = basis_of(request)
    with opened(context_of(request).home.marts) as marts:
        choice = choose_business(request, marts)
        today = today_of(marts)
        shown = [business for business in choice.shown if business["account_id"]]
        period = Period.asked(asked.get("year"), today) if today else None
        found = [_of_business(marts, one, basis, period) for one in shown] if marts and period else []
        weeks = {} if choice.everything or marts is None else _weeks(marts, found)
        first_year = _first_year(marts, shown)
    own = next((business["base_currency_code"] for business in shown), None)
    tables = sorted(
        added(table for one in found for table in one.tables),
        key=lambda table: (table.code != own, table.code),
    )
    currencies = [table.code for table in tables]
    code = asked.get("currency") if asked.get("currency") in currencies else None
    reporting = Reporting.beside(context_of(request).home.marts)
    whole = together(reporting.currency, tables, period) if reporting.currency and tables and period else None
    return render(
        request,
        "money.html",
        zone=choice.zone,
        choice=choice,
        basis=basis,
        bases=BASES,
        period=period,
        years=range(today.year, min(first_year or today.year, today.year) - 1, -1) if today else (),
        currencies=currencies,
        code=code,
        found=found,
        tables=[table for table in tables if code in (None, table.code)],
        charts={table.code: _chart(table, period) for table in tables} if period else {},
        weeks={name: rows for name, rows in weeks.items() if code in (None, name)},
        whole=whole,
        problem=reporting.problem,
        rows_of=rows_of,
    )


def profit(request: Request) -> Response:
    """`/profit`, where the profit stood before."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{context_of(request).base}/money{query}", 301)


def rows_of(request: Request, name: str, code: str, first: date, last: date, basis: str) -> str:
    """The address of the rows behind an amount of the days `first` to `last`; empty if there are none."""
    if name not in ROWS or (name in OF_REPORT and basis == "cash"):
        return ""
    path, query = ROWS[name]
    days = {"from": first, "to": month_end(last)}
    return link(request, path, currency=code, **query, **days)


def _of_business(marts: Marts, business: Row, basis: str, period: Period) -> OfBusiness:
    gaps = page_gaps(marts, business, *MARTS)
    tables = tables_of(marts, business["business_id"], basis, period, gaps.missing)
    return OfBusiness(business, tables, gaps)


def _first_year(marts: Marts | None, businesses: list[Row]) -> int | None:
    ids = [business["business_id"] for business in businesses]
    rows = (
        marts.rows(
            "SELECT min(start_date) AS first FROM profit_and_loss WHERE list_contains(?, business_id) "
            "UNION ALL SELECT min(month_start_date) FROM cash_monthly WHERE list_contains(?, business_id)",
            ids,
            ids,
        )
        if marts
        else []
    )
    return min((row["first"].year for row in rows if row["first"]), default=None)


def _chart(table: Table, period: Period) -> Markup:
    income, expenses, _ = table.profit
    return grouped(
        f"Income and expenses in {table.code}, {period.first:%B %Y} to {period.last:%B %Y}",
        period.months,
        [_series(income, "series1"), _series(expenses, "series2")],
        table.code,
    )


def _series(line: Line, look: str) -> OpenSeries:
    return OpenSeries(line.label, line.values, look)


def _weeks(marts: Marts, found: list[OfBusiness]) -> dict[str, list[Week]]:
    """By currency."""
    weeks: dict[str, list[Week]] = {}
    for one in found:
        lacking = one.gaps.missing
        for row in forecast_of(marts, one.business["business_id"]):
            week = Week(
                row["week_start_date"],
                None if FORECAST_IN & lacking else row["money_in"],
                None if FORECAST_OUT & lacking else row["money_out"],
                row["sources"] or "",
            )
            weeks.setdefault(row["currency_code"], []).append(week)
    return {
        code: rows for code, rows in weeks.items() if any(w.money_in != 0 or w.money_out != 0 for w in rows)
    }


# In a file each month has a row for each currency.
FILE = (
    Column("month", "Month, from", Kind.day),
    Column("currency_code", "Currency"),
    *(Column(name, label, Kind.money) for _, name, label in PROFIT),
    *(Column(name, label, Kind.money) for _, name, label, _ in CASH),
    Column(*NET, Kind.money),
)


def _file_rows(request: Request, marts: Marts, business: Row) -> list[Row]:
    """Of the months, basis and currency that the page shows."""
    asked, today = request.query_params, today_of(marts)
    if today is None:
        return []
    period = Period.asked(asked.get("year"), today)
    found = _of_business(marts, business, basis_of(request), period)
    return [
        {"month": month, "currency_code": table.code} | {line.name: line.values[at] for line in table.lines}
        for at, month in enumerate(period.months)
        for table in found.tables
        if asked.get("currency") in (None, "", table.code)
    ]


routes = [
    Route("/money", page),
    Route("/profit", profit),
    *files_of("/money", "Money by month", FILE, _file_rows),
]
