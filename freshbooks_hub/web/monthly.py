"""Money by month: FreshBooks' own profit and loss, revenue and cash, each next to the same months a year earlier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pendulum

from freshbooks_hub.agent.reads.periods import known_sum as sum_sql
from freshbooks_hub.core.clock import month_end
from freshbooks_hub.core.currencies import known_sum
from freshbooks_hub.core.reporting_currency import ReportingCurrency
from freshbooks_hub.web.marts import Marts, Row

MONTHS = 12
ZERO = Decimal(0)
# Section of the report, its name here and its label.
PROFIT = (
    ("total income", "income", "Income"),
    ("total expenses", "expenses", "Expenses"),
    ("net profit", "profit", "Net profit"),
)
# Column of cash_monthly, its name here, its label, and the streams without which it is unknown.
CASH = (
    ("accrued_amount", "billed", "Billed", frozenset({"invoices"})),
    ("collected_amount", "collected", "Collected", frozenset({"invoices", "payments"})),
    (
        "money_in_amount",
        "money_in",
        "Money in",
        frozenset({"invoices", "payments", "credit_notes", "other_income"}),
    ),
    ("money_out_amount", "money_out", "Money out", frozenset({"expenses", "bills", "bill_payments"})),
)
NET = ("net_cash", "Net cash")

Told = dict[tuple[str, str, date], Decimal | None]  # by currency, name of the line and month


@dataclass(frozen=True)
class Period:
    """Months in order, `name` says which: "2025", or "" for the last twelve. `today`: the day of the figures."""

    name: str
    months: tuple[date, ...]
    today: date

    @classmethod
    def asked(cls, name: str | None, today: date) -> Period:
        """The months of the year `name` up to `today`; the last twelve when it names no year before or of `today`."""
        year = int(name) if name and name.isascii() and name.isdigit() and len(name) == 4 else 0
        if 1900 < year <= today.year:
            last = 12 if year < today.year else today.month
            return cls(str(year), tuple(date(year, month, 1) for month in range(1, last + 1)), today)
        newest = pendulum.date(today.year, today.month, 1)
        months = (newest.subtract(months=back) for back in reversed(range(MONTHS)))
        return cls("", tuple(date(m.year, m.month, 1) for m in months), today)

    @property
    def before(self) -> tuple[date, ...]:
        """The same months a year earlier."""
        return tuple(month.replace(year=month.year - 1) for month in self.months)

    @property
    def first(self) -> date:
        """Its first day."""
        return self.months[0]

    @property
    def last(self) -> date:
        """Its last day."""
        return month_end(self.months[-1])

    @property
    def is_open(self) -> bool:
        """Whether its last month is not over yet."""
        return self.today < self.last


@dataclass(frozen=True)
class Line:
    """An amount for each month, and for the same month a year before; null where it is unknown."""

    name: str
    label: str
    values: list[Decimal | None]
    before: list[Decimal | None]

    @property
    def total(self) -> Decimal | None:
        """Over all months shown; null as soon as one of them is unknown."""
        return known_sum(self.values)

    @property
    def total_before(self) -> Decimal | None:
        """The same for the year before."""
        return known_sum(self.before)


@dataclass(frozen=True)
class Table:
    """Lines of one currency. `begun`: the first month that is known of the business; `missing`: what is unknown."""

    code: str
    profit: list[Line]
    cash: list[Line]
    begun: date
    missing: str = ""

    @property
    def lines(self) -> list[Line]:
        """All of them."""
        return [*self.profit, *self.cash]

    @property
    def short(self) -> list[Line]:
        """Those that a business is compared by: profit, revenue and net cash."""
        return [line for line in self.lines if line.name not in ("money_in", "money_out")]

    @property
    def any(self) -> bool:
        """Whether a month shown has an amount, or an unknown one."""
        return any(value != ZERO for line in self.lines for value in line.values)


def today_of(marts: Marts | None) -> date | None:
    """The day that the marts were made for."""
    rows = marts.rows("SELECT max(as_of_date) AS day FROM fb_freshness") if marts else []
    return rows[0]["day"] if rows else None


def tables_of(
    marts: Marts, business: int, basis: str, period: Period, missing: frozenset[str]
) -> list[Table]:
    """By currency; `missing`: streams of this business that are not available."""
    reported = _profit(marts, business, basis, period.today)
    moved = _cash(marts, business, period.today)
    codes = sorted({code for code, _, _ in (*reported, *moved)})
    begun = min((month for _, _, month in (*reported, *moved)), default=period.first)
    return [table for code in codes if (table := _table(code, reported, moved, period, begun, missing)).any]


def _profit(marts: Marts, business: int, basis: str, today: date) -> Told:
    rows = marts.rows(
        "SELECT currency_code, section, start_date, line_amount FROM profit_and_loss WHERE business_id = ? "
        "AND basis = ? AND section IN ('total income', 'total expenses', 'net profit') AND start_date <= ?",
        business,
        basis,
        today,
    )
    names = {section: name for section, name, _ in PROFIT}
    return {
        (row["currency_code"], names[row["section"]], row["start_date"]): row["line_amount"] for row in rows
    }


def _cash(marts: Marts, business: int, today: date) -> Told:
    columns = ", ".join(f"{sum_sql(column)} AS {name}" for column, name, _, _ in CASH)
    rows = marts.rows(
        f"SELECT currency_code, month_start_date, {columns} FROM cash_monthly "  # noqa: S608 - columns of ours
        "WHERE business_id = ? AND month_start_date <= ? GROUP BY ALL",
        business,
        today,
    )
    return {
        (row["currency_code"], name, row["month_start_date"]): row[name]
        for row in rows
        for _, name, _, _ in CASH
    }


def _table(
    code: str, reported: Told, moved: Told, period: Period, begun: date, missing: frozenset[str]
) -> Table:
    # Reports of a currency begin with its first amount; a month that lacks one after that is unknown.
    reports = min((month for currency, _, month in reported if currency == code), default=None)
    without_report = None if "report_profit_and_loss" in missing or not reported else ZERO

    def report(name: str, month: date) -> Decimal | None:
        if month < begun:
            return None
        return reported.get(
            (code, name, month), without_report if reports is None or month < reports else None
        )

    def move(name: str, needs: frozenset[str], month: date) -> Decimal | None:
        if month < begun or needs & missing or not moved:
            return None
        return moved.get((code, name, month), ZERO)

    profit = [
        Line(name, label, [report(name, m) for m in period.months], [report(name, m) for m in period.before])
        for _, name, label in PROFIT
    ]
    cash = [
        Line(
            name,
            label,
            [move(name, needs, m) for m in period.months],
            [move(name, needs, m) for m in period.before],
        )
        for _, name, label, needs in CASH
    ]
    return Table(code, profit, [*cash, _difference(*NET, cash[-2], cash[-1])], begun)


def _difference(name: str, label: str, more: Line, less: Line) -> Line:
    def months(ones: list[Decimal | None], others: list[Decimal | None]) -> list[Decimal | None]:
        return [None if a is None or b is None else a - b for a, b in zip(ones, others, strict=True)]

    return Line(name, label, months(more.values, less.values), months(more.before, less.before))


def added(tables: Iterable[Table]) -> list[Table]:
    """Tables of several businesses together, within each currency."""
    found: dict[str, list[Table]] = {}
    for table in tables:
        found.setdefault(table.code, []).append(table)
    return [_added(found[code]) for code in sorted(found)]


def _added(tables: list[Table]) -> Table:
    def lines(parts: Sequence[list[Line]]) -> list[Line]:
        return [
            replace(
                same[0],
                values=[known_sum(month) for month in zip(*(line.values for line in same), strict=True)],
                before=[known_sum(month) for month in zip(*(line.before for line in same), strict=True)],
            )
            for same in zip(*parts, strict=True)
        ]

    begun = min(table.begun for table in tables)
    return Table(tables[0].code, lines([t.profit for t in tables]), lines([t.cash for t in tables]), begun)


def together(reporting: ReportingCurrency, tables: list[Table], period: Period) -> Table:
    """The profit of all currencies in the reporting currency, each month at the rates of its last day.

    Profit is what is left of the income shown above it.
    """
    missing = ""

    def months(index: int, days: Sequence[date], *, before: bool) -> list[Decimal | None]:
        nonlocal missing
        values = []
        for number, month in enumerate(days):
            lines = {table.code: table.profit[index] for table in tables}
            amounts = {code: (one.before if before else one.values)[number] for code, one in lines.items()}
            total = reporting.total(amounts, month_end(month))
            values.append(total.amount)
            missing = missing or ("" if before else total.missing or "")
        return values

    income, expenses = (
        Line(
            name, label, months(index, period.months, before=False), months(index, period.before, before=True)
        )
        for index, (_, name, label) in enumerate(PROFIT[:2])
    )
    _, name, label = PROFIT[2]
    profit = [income, expenses, _difference(name, label, income, expenses)]
    return Table(reporting.code, profit, [], min(table.begun for table in tables), missing)


def forecast_of(marts: Marts, business: int) -> list[Row]:
    """By currency and week: expected `money_in` and `money_out`, null where unknown, and the number of documents."""
    return marts.rows(
        f"SELECT currency_code, week_start_date, {sum_sql('money_in_amount')} AS money_in, "  # noqa: S608 - as above
        f"{sum_sql('money_out_amount', _OUT)} AS money_out, sum(document_count)::BIGINT AS documents, "
        "string_agg(DISTINCT cash_source, ', ' ORDER BY cash_source) FILTER (document_count > 0) AS sources "
        "FROM cash_forecast WHERE business_id = ? GROUP BY ALL ORDER BY currency_code, week_start_date",
        business,
    )


# Late invoices have no money out, even if what they bring in is unknown.
_OUT = "cash_source IN ('bills', 'expenses')"
# What the forecast's rows are made of; without one of them its sum is unknown.
FORECAST_IN, FORECAST_OUT = frozenset({"invoices", "invoice_profiles"}), frozenset({"bills", "expenses"})
