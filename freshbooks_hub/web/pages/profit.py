"""Profit: FreshBooks' own profit and loss over twelve months, currency by currency, and all together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.reporting_currency import ReportingCurrency
from freshbooks_hub.web.marts import Marts, Row, opened, page_gaps
from freshbooks_hub.web.views import choose_business, place, render

MONTHS = 12
BASES = ("accrual", "cash")
# Section of the report, and our label.
LINES = (("total income", "Income"), ("total expenses", "Expenses"), ("net profit", "Net profit"))
ZERO = Decimal(0)

Told = dict[tuple[str, str, date], Decimal | None]  # by currency, section and month


@dataclass(frozen=True)
class Line:
    """An amount for each month, null where it is unknown."""

    label: str
    values: list[Decimal | None]

    @property
    def total(self) -> Decimal | None:
        """Over all months shown; null as soon as one of them is unknown."""
        known = [value for value in self.values if value is not None]
        return sum(known, ZERO) if len(known) == len(self.values) else None


@dataclass(frozen=True)
class Table:
    """Income, expenses and profit in one currency; `missing`: why the first unknown month is unknown."""

    code: str
    lines: list[Line]
    missing: str = ""


def page(request: Request) -> Response:
    """`/profit`, `?basis=cash`"""
    basis = next((name for name in BASES if name == request.query_params.get("basis")), BASES[0])
    with opened(place(request).home.marts) as marts:
        choice = choose_business(request, marts)
        rows = _rows(marts, choice.current, basis)
        gaps = page_gaps(marts, choice.current, "profit_and_loss")
    months = sorted({row["start_date"]: row["end_date"] for row in rows}.items())[-MONTHS:]
    told = {(row["currency_code"], row["section"], row["start_date"]): row["line_amount"] for row in rows}
    currencies = [
        _table(code, months, told) for code in sorted({row["currency_code"] for row in rows}) if code
    ]
    together, problem = _together(place(request).home.marts, currencies, months)
    return render(
        request,
        "profit.html",
        zone=choice.zone,
        choice=choice,
        gaps=gaps,
        basis=basis,
        months=[first for first, _ in months],
        tables=[*([together] if together else []), *(table for table in currencies if _has_any(table))],
        together=together,
        problem=problem,
    )


def _rows(marts: Marts | None, business: Row | None, basis: str) -> list[Row]:
    if marts is None or business is None:
        return []
    return marts.rows(
        "SELECT currency_code, section, start_date, end_date, line_amount FROM profit_and_loss "
        "WHERE business_id = ? AND basis = ? AND section IN ('total income', 'total expenses', 'net profit') "
        "AND start_date <= (SELECT max(as_of_date) FROM fb_freshness)",
        business["business_id"],
        basis,
    )


def _table(code: str, months: list[tuple[date, date]], told: Told) -> Table:
    """The reports of a currency begin with its first amount; a month that lacks one after that is unknown."""
    begun = min(month for currency, _, month in told if currency == code)
    lines = [
        Line(
            label, [told.get((code, section, first), ZERO if first < begun else None) for first, _ in months]
        )
        for section, label in LINES
    ]
    return Table(code, lines)


def _has_any(table: Table) -> bool:
    return any(value != ZERO for line in table.lines for value in line.values)


def _together(
    marts: Path, currencies: list[Table], months: list[tuple[date, date]]
) -> tuple[Table | None, str]:
    """All currencies in the reporting currency, each month at the rates of its last day; and what is wrong with it.

    Profit is what is left of the income shown above it. Nothing unless the user has set a reporting currency.
    """
    try:
        reporting = ReportingCurrency.beside(marts)
    except HubError as error:
        return None, str(error)
    if reporting is None or not currencies:
        return None, ""
    missing = ""
    lines = []
    for index, (_, label) in enumerate(LINES[:-1]):
        values = []
        for number, (_, last) in enumerate(months):
            amounts = {table.code: table.lines[index].values[number] for table in currencies}
            total = reporting.total(amounts, last)
            values.append(total.amount)
            missing = missing or total.missing or ""
        lines.append(Line(label, values))
    income, expenses = lines
    profit = [
        None if earned is None or spent is None else earned - spent
        for earned, spent in zip(income.values, expenses.values, strict=True)
    ]
    return Table(reporting.code, [*lines, Line(LINES[-1][1], profit)], missing), ""


routes = [Route("/profit", page)]
