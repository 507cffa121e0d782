"""Profit and loss: a tree of rows with one amount per period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from freshbooks_sandbox import responses
from freshbooks_sandbox.ledger.documents import documents, portion
from freshbooks_sandbox.reports.ask import RESOLUTIONS, Ask, periods
from freshbooks_sandbox.values import ZERO, Row, cents, money

_LABEL = {
    "invoice": "Invoice",
    "credit": "Credit",
    "other_income": "Other Income",
    "expense": "Expenses",
    "bill": "Bills",
}
Data = list[Decimal]


def profit_and_loss(ask: Ask) -> Row:
    months, shown = RESOLUTIONS.get(ask.get("resolution"), (None, None))
    if ask.get("resolution") and months is None:
        value = ask.get("resolution")
        message = f"Invalid value '{value}' for field 'resolution'."
        raise responses.accounting(422, 1004, message, "resolution", "report", value)
    spans = periods(ask.start, ask.end, months) if months else [(ask.start, ask.end)]
    sums: dict[tuple[str, str], Data] = defaultdict(lambda: [ZERO] * len(spans))
    for key, label, day, amount in _flows(ask):
        index = next(i for i, (first, last) in enumerate(spans) if first <= day <= last)
        sums[key, label][index] += amount
    nothing = [ZERO] * len(spans)
    sales = _branch(
        ask,
        "Sales",
        "credit",
        [
            _row(ask, label, "credit", values)
            for (key, label), values in sorted(sums.items())
            if key == "sales"
        ],
        nothing,
    )
    goods = _spending(ask, sums, cogs=True)
    costs = [_negative(ask, row) for row in goods]
    cogs = _branch(ask, "Cost of Goods Sold", "credit", costs, nothing)
    gross = _sum([_data(sales), _data(cogs)], nothing)
    expenses = _spending(ask, sums, cogs=False)
    spent = _sum(map(_data, expenses), nothing)
    net = [a - b for a, b in zip(gross, spent, strict=True)]
    return {
        **ask.head(),
        "cash_based": ask.cash_based,
        "resolution": shown,
        "dates": [{"start_date": first, "end_date": last} for first, last in spans],
        "labels": [first for first, _ in spans],
        "income": [sales, cogs],
        "expenses": expenses,
        "gross_margin": _margin(gross, _data(sales)),
        "total_income": _row(ask, "Gross Profit", "credit", gross),
        "total_expenses": _row(ask, "Total Expenses", "debit", spent),
        "net_profit": _row(ask, f"Net Profit ({ask.code})", "credit", net),
    }


def _flows(ask: Ask) -> Iterator[tuple[str, str, str, Decimal]]:
    """("sales" or a category's key, label, day, net amount) inside the period."""
    for document in documents(ask.books):
        if document.code != ask.code:
            continue
        for day, before, after in document.recognised(cash=ask.cash_based):
            if ask.holds(day):
                for part in document.parts:
                    key = "sales" if document.is_sale else part.key
                    yield key, _LABEL[document.kind], day, portion(part.amount, before, after)


def _spending(ask: Ask, sums: dict[tuple[str, str], Data], *, cogs: bool) -> list[Row]:
    """Parent category -> category -> Expenses, Bills."""
    tree = ask.books["expense_categories"]
    leaves: dict[int, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for (key, label), values in sorted(sums.items()):
        if key != "sales":
            category = tree[int(key.removeprefix("category:"))]
            if category["is_cogs"] == cogs:
                parent = category["parentid"] or category["id"]
                leaves[parent][category["id"]].append(_row(ask, label, "debit", values))
    rows = []
    for parent, below in leaves.items():
        name = tree[parent]["category"]
        children = [
            _branch(ask, f"{name} (general)" if id_ == parent else tree[id_]["category"], "debit", kinds)
            for id_, kinds in below.items()
        ]
        rows.append(_branch(ask, name, "debit", sorted(children, key=_description)))
    return sorted(rows, key=_description)


def _description(row: Row) -> str:
    return str(row["description"])


def _data(row: Row) -> Data:
    return [Decimal(value["amount"]) for value in row["data"]]


def _sum(columns: Iterable[Data], nothing: Data) -> Data:
    return [sum(values, ZERO) for values in zip(nothing, *columns, strict=True)]


def _row(ask: Ask, text: str, side: str, data: Data, children: list[Row] | None = None) -> Row:
    return {
        "description": text,
        "entry_type": side,
        "data": [ask.money(value) for value in data],
        "total": ask.money(sum(data, ZERO)),
        "children": children or [],
    }


def _branch(ask: Ask, text: str, side: str, children: list[Row], nothing: Data | None = None) -> Row:
    nothing = nothing if nothing is not None else [ZERO] * len(children[0]["data"])
    return _row(ask, text, side, _sum(map(_data, children), nothing), children)


def _negative(ask: Ask, row: Row) -> Row:
    """A cost as a part of income."""
    children = [_negative(ask, child) for child in row["children"]]
    return _row(ask, row["description"], "credit", [-value + ZERO for value in _data(row)], children)


def _margin(gross: Data, sales: Data) -> Row:
    def percent(part: Decimal, whole: Decimal) -> dict[str, str]:
        return money(cents(part * 100 / whole) if whole else ZERO, "%")

    return {
        "description": "Gross Margin",
        "entry_type": "none",
        "data": [percent(part, whole) for part, whole in zip(gross, sales, strict=True)],
        "total": percent(sum(gross, ZERO), sum(sales, ZERO)),
        "children": [],
    }
