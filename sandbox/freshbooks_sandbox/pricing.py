"""Totals of an invoice, estimate or credit note from its lines (freshbooks-api.md 5).

line amount = qty * unit_cost, rounded half up, before tax. The percentage discount is taken off every
line before tax. Each tax is summed over its discounted lines and rounded once per document. A compounded
second tax is on top of the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from freshbooks_sandbox.values import ZERO, cents, decimal


@dataclass(frozen=True)
class Totals:
    subtotal: Decimal
    discount: Decimal  # zero or negative
    taxes: dict[tuple[str, str], Decimal]  # (name, percent) -> amount

    @property
    def tax(self) -> Decimal:
        return sum(self.taxes.values(), ZERO)

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.discount + self.tax


def line_taxes(line: dict[str, Any], base: Decimal) -> list[tuple[tuple[str, str], Decimal]]:
    """((name, percent), unrounded amount) of the taxes of one line with the discounted `base`."""
    first = ZERO
    taxes = []
    for slot in ("1", "2"):
        name, percent = line.get(f"taxName{slot}"), decimal(line.get(f"taxAmount{slot}"))
        if not name or not percent:
            continue
        on_top = first if slot == "2" and line.get("compounded_tax") else ZERO
        amount = (base + on_top) * percent / 100
        first = amount if slot == "1" else first
        taxes.append(((str(name), str(line[f"taxAmount{slot}"])), amount))
    return taxes


def price(lines: Iterable[dict[str, Any]], discount_percent: Decimal, *, by_line: bool = False) -> Totals:
    """`by_line`: each line's tax is rounded, instead of the sum of all."""
    subtotal = ZERO
    taxes: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    keep = 1 - discount_percent / 100
    for line in lines:
        amount = decimal(line["amount"])
        subtotal += amount
        for key, tax in line_taxes(line, amount * keep):
            taxes[key] += cents(tax) if by_line else tax
    discount = -cents(subtotal * discount_percent / 100)
    return Totals(subtotal, discount, {key: cents(tax) for key, tax in taxes.items()})
