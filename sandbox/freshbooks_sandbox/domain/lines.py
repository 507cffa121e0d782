"""Lines of invoices, estimates and credit notes."""

from __future__ import annotations

from typing import Any

from freshbooks_sandbox import responses
from freshbooks_sandbox.domain.common import amount, percent
from freshbooks_sandbox.pricing import Totals, price
from freshbooks_sandbox.values import Row, cents, decimal, money, plain


def normalise(lines: Any, obj: str, code: str) -> list[Row]:
    """Complete lines from the writable keys a caller sent; ids and stamps are the document's business."""
    if not isinstance(lines, list):
        raise responses.accounting(422, 1034, "'lines' must be a list.", "lines", obj)
    return [_line(line, number, obj, code) for number, line in enumerate(lines, 1)]


def _line(sent: Row, number: int, obj: str, code: str) -> Row:
    unit_cost = amount(sent.get("unit_cost", "0"), code, "unit_cost", obj)
    qty = decimal(amount_text(sent.get("qty", 1), "qty", obj))
    line: Row = {
        "taskno": number,
        "type": int(sent.get("type", 0)),
        "name": sent.get("name", ""),
        "description": sent.get("description", ""),
        "qty": plain(qty),
        "unit_cost": unit_cost,
        "amount": money(cents(qty * decimal(unit_cost)), unit_cost["code"]),
        "compounded_tax": bool(sent.get("compounded_tax", False)),
    }
    for slot in ("1", "2"):
        line[f"taxName{slot}"] = sent.get(f"taxName{slot}")
        line[f"taxAmount{slot}"] = plain(percent(sent.get(f"taxAmount{slot}"), f"taxAmount{slot}", obj))
        line[f"taxNumber{slot}"] = sent.get(f"taxNumber{slot}")
    return line


def amount_text(value: Any, name: str, obj: str) -> str:
    try:
        return str(decimal(value))
    except ValueError:
        raise responses.accounting(422, 1015, f"The field '{name}' must be a number.", name, obj) from None


def reprice(document: Row) -> Totals:
    """Set `amount` and `discount_total` from lines and `discount_value`; the other totals follow later."""
    code = document["currency_code"]
    totals = price(document["lines"], decimal(document["discount_value"]), by_line="_tax_by_line" in document)
    document["amount"] = money(totals.total, code)
    discount = "-0.00" if totals.discount == 0 else str(totals.discount)
    document["discount_total"] = {"amount": discount, "code": code}
    document["description"] = document["lines"][0]["description"] if document["lines"] else ""
    return totals
