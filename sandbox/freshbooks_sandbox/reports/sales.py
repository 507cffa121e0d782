"""Invoice details and item sales, line by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from freshbooks_sandbox import responses
from freshbooks_sandbox.domain.settlement import seen_status
from freshbooks_sandbox.ledger.documents import counts, issued
from freshbooks_sandbox.pricing import line_taxes, price
from freshbooks_sandbox.reports.ask import Ask
from freshbooks_sandbox.values import ZERO, Row, cents, decimal, plain

_DATES = {"issue": "create_date", "paid": "date_paid"}


def invoice_details(ask: Ask) -> Row:
    date_type = ask.get("date_type") or "issue"
    if date_type not in _DATES:
        message = f"Invalid value '{date_type}' for field 'date_type'."
        raise responses.accounting(422, 1004, message, "date_type", "report", date_type)
    statuses, clients_asked = _list(ask, "statusids"), _list(ask, "clientids")
    by_client: dict[int, list[Row]] = defaultdict(list)
    for row in _of_period(ask, _DATES[date_type]):
        status = {seen_status(row, ask.today), str(row["status"])}
        if (
            counts(row)
            and (not statuses or status & set(statuses))
            and (not clients_asked or str(row["customerid"]) in clients_asked)
        ):
            by_client[row["customerid"]].append(_details(ask, row))
    clients = []
    for key, invoices in by_client.items():
        client = ask.books["clients"][key]
        who = {name: client[name] for name in ("userid", "organization", "fname", "lname", "email")}
        clients.append({**who, "invoices": invoices, "summary": _summary(ask, invoices)})
    return {
        **ask.head(),
        "date_type": date_type,
        "statusids": statuses,
        "clientids": clients_asked,
        "clients": sorted(clients, key=lambda c: (c["organization"].lower(), c["userid"])),
        "summary": _summary(ask, [row for client in clients for row in client["invoices"]]),
    }


def _list(ask: Ask, name: str) -> list[str]:
    """A flat list, its values separated by commas."""
    return [value for value in ask.get(name).split(",") if value]


def _of_period(ask: Ask, column: str = "create_date") -> Iterable[Row]:
    rows = ask.books["invoices"].values()
    return (r for r in rows if r["currency_code"] == ask.code and ask.holds(r[column] or ""))


def _summary(ask: Ask, rows: list[Row]) -> Row:
    names = ("total", "paid", "outstanding")
    return {name: ask.money(sum((decimal(row[name]) for row in rows), ZERO)) for name in names}


def _details(ask: Ask, row: Row) -> Row:
    rate = decimal(row["discount_value"])
    totals = price(row["lines"], rate, by_line="_tax_by_line" in row)
    numbers = {line[f"taxName{slot}"]: line[f"taxNumber{slot}"] for line in row["lines"] for slot in "12"}
    return {
        "invoiceid": row["id"],
        "invoice_number": row["invoice_number"],
        "create_date": row["create_date"],
        "due_offset_days": row["due_offset_days"],
        "date_paid": row["date_paid"],
        "po_number": row["po_number"],
        "currency_code": row["currency_code"],
        "v3_status": seen_status(row, ask.today),
        "lines": [_line(ask, line, 1 - rate / 100) for line in row["lines"]],
        "subtotal": ask.money(totals.subtotal),
        "discount_total": row["discount_total"],
        "tax": ask.money(totals.tax),
        "tax_summaries": [
            {"tax_name": name, "tax_number": numbers[name], "tax_rate": rate_, "tax_total": ask.money(value)}
            for (name, rate_), value in totals.taxes.items()
        ],
        "total": row["amount"],
        "paid": row["paid"],
        "outstanding": row["outstanding"],
    }


def _line(ask: Ask, line: Row, keep: Decimal) -> Row:
    """Taxes here are amounts, though they carry the name of the percents on an invoice's line."""
    taxes = {key[0]: cents(value) for key, value in line_taxes(line, decimal(line["amount"]) * keep)}
    first, second = (taxes.get(line[f"taxName{slot}"], ZERO) for slot in "12")
    return {
        "lineid": line["lineid"],
        "taskno": line["taskno"],
        "name": line["name"],
        "description": line["description"],
        "qty": line["qty"],
        "rate": line["unit_cost"],
        "amount": line["amount"],
        "tax_name1": line["taxName1"],
        "tax_amount1": ask.money(first),
        "tax_name2": line["taxName2"],
        "tax_amount2": ask.money(second),
        "total": ask.money(decimal(line["amount"]) + first + second),
    }


def item_sales(ask: Ask) -> Row:
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in _of_period(ask):
        if issued(row):
            for line, discount in zip(row["lines"], _discounts(row), strict=True):
                by_name[line["name"]].append(_sale(ask, row, line, discount))
    items = [{"name": name, **_totals(ask, rows), "invoices": rows} for name, rows in sorted(by_name.items())]
    every = [row for rows in by_name.values() for row in rows]
    none: Row = {"clientids": [], "item_names": [], "statusids": []}
    return {**ask.head(), **none, **_totals(ask, every), "items": items}


def _discounts(invoice: Row) -> list[Decimal]:
    """Each line's share of the discount, rounded; the last one takes what is left."""
    rate = decimal(invoice["discount_value"])
    shares = [-cents(decimal(line["amount"]) * rate / 100) for line in invoice["lines"][:-1]]
    rest = decimal(invoice["discount_total"]) - sum(shares, ZERO)
    return [*shares, rest] if invoice["lines"] else []


def _sale(ask: Ask, row: Row, line: Row, discount: Decimal) -> Row:
    return {
        "invoiceid": row["id"],
        "invoice_number": row["invoice_number"],
        "create_date": row["create_date"],
        "qty": line["qty"],
        "unit_cost": line["unit_cost"],
        "amount": line["amount"],
        "discount": ask.money(discount + ZERO),
        "v3_status": seen_status(row, ask.today),
        "organization": row["organization"],
        "fname": row["fname"],
        "lname": row["lname"],
    }


def _totals(ask: Ask, rows: list[Row]) -> Row:
    return {
        "total": ask.money(sum((decimal(row["amount"]) for row in rows), ZERO)),
        "total_discount": ask.money(sum((decimal(row["discount"]) for row in rows), ZERO)),
        "total_qty": plain(sum((decimal(row["qty"]) for row in rows), Decimal(0))),
    }
