"""The lines of invoices and estimates: as they are asked for, sent, and found again and compared in FreshBooks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import Candidates
from freshbooks_hub.agent.actions.audit import canonical
from freshbooks_hub.agent.actions.books import decimal, one_line, same_text
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.actions.preview import Line
from freshbooks_hub.agent.actions.taxes import TaxSet, cents
from freshbooks_hub.agent.text import clean

# FreshBooks may round a tax by itself; a document within this of the approved total may be ours.
NEAR = Decimal("0.05")
MOST_LINES = 100
NAME_LIMIT = 100
DESCRIPTION_LIMIT = 500


class GivenLine(BaseModel, frozen=True, extra="forbid"):
    """A line as it is asked for."""

    name: str
    description: str = ""
    quantity: Annotated[str, Field(description="Decimal text")] = "1"
    unit_cost: Annotated[str, Field(description="Decimal text, before tax")]


def given_lines(lines: Sequence[GivenLine], tax: TaxSet) -> list[Line]:
    """The lines with their amounts; raises ActionRefused `invalid_line` naming what is wrong with one."""
    if not 0 < len(lines) <= MOST_LINES:
        raise ActionRefused("invalid_line", f"Give 1 to {MOST_LINES} lines.")
    return [_given_line(number, line, tax) for number, line in enumerate(lines, 1)]


def _given_line(number: int, line: GivenLine, tax: TaxSet) -> Line:
    name = clean(line.name, NAME_LIMIT)
    if not name:
        raise ActionRefused("invalid_line", f"Line {number} has no name.")
    if not re.fullmatch(r"\d{1,6}(\.\d{1,2})?", line.quantity) or not Decimal(line.quantity):
        raise ActionRefused(
            "invalid_line", f"The quantity of line {number} is no number above 0, such as 1.50."
        )
    if not re.fullmatch(r"\d{1,9}(\.\d{1,2})?", line.unit_cost):
        raise ActionRefused("invalid_line", f"The unit cost of line {number} is no number, such as 120.00.")
    return Line(
        name=name,
        description=clean(line.description, DESCRIPTION_LIMIT),
        quantity=line.quantity,
        unit_cost=line.unit_cost,
        amount=str(cents(Decimal(line.quantity) * Decimal(line.unit_cost))),
        taxes=tax.taxes,
    )


def currency_of(client: Json) -> str:
    """The currency that a client is billed in; raises ActionRefused `currency_unknown`."""
    currency = str(client.get("currency_code") or "")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise ActionRefused(
            "currency_unknown", "The client has no currency in FreshBooks. Set one there first."
        )
    return currency


def sent_line(line: Line, currency: str, tax: TaxSet) -> dict[str, Any]:
    """A line as it is sent."""
    sent: dict[str, Any] = {
        "type": 1 if line.expense else 0,
        "name": line.name,
        "description": line.description,
        "qty": line.quantity,
        "unit_cost": {"amount": line.unit_cost, "code": currency},
    }
    if line.expense:
        sent["expenseid"] = line.expense.id
    for slot, item in enumerate(line.taxes, 1):
        sent |= {f"taxName{slot}": item.name, f"taxAmount{slot}": item.percent}
    if tax.compounded and len(line.taxes) == 2:
        sent["compounded_tax"] = True
    return sent


def exact_body(value: dict[str, Any]) -> str:
    """The exact text to send. A quantity is a JSON number (freshbooks-api.md 7.2), written without a float."""
    # A quote inside text is escaped, so this pattern meets keys only.
    return re.sub(r'"qty":"(\d+(?:\.\d+)?)"', r'"qty":\1', canonical(value))


def differences(sent: dict[str, Any], row: Json) -> tuple[str, ...]:
    """The fields where FreshBooks holds something else than was sent.

    The total is not among them: equal lines make it, and FreshBooks may round a tax in its own way.
    """
    lines = row.get("lines") or []
    found = [
        name
        for name in ("customerid", "create_date", "currency_code")
        if str(row.get(name)) != str(sent[name])
    ]
    if len(lines) != len(sent["lines"]):
        return (*found, "lines")
    for number, (ours, theirs) in enumerate(zip(sent["lines"], lines, strict=True), 1):
        same = (
            same_text(ours["name"], theirs.get("name"))
            and same_text(ours["description"], theirs.get("description"))
            and decimal(ours["qty"]) == decimal(theirs.get("qty"))
            and decimal(ours["unit_cost"]) == decimal(theirs.get("unit_cost"))
            and all(_tax(ours, slot) == _tax(theirs, slot) for slot in "12")
            and int(ours.get("expenseid") or 0) == int(theirs.get("expenseid") or 0)
        )
        if not same:
            found.append(f"line {number}")
    return tuple(found)


def differences_and_total(sent: dict[str, Any], row: Json, total: str) -> tuple[str, ...]:
    """The differences, with the total if it is not the approved one."""
    found = differences(sent, row)
    return found if decimal(row["amount"]) == Decimal(total) else (*found, "total")


def candidates(rows: Sequence[Json], sent: dict[str, Any], total: str) -> Candidates:
    """Of documents of the client and day: those whose lines agree, and those whose total nearly does."""
    matches = tuple(int(row["id"]) for row in rows if not differences(sent, row))
    near = (int(row["id"]) for row in rows if abs(decimal(row["amount"]) - Decimal(total)) <= NEAR)
    return Candidates(matches, tuple(number for number in near if number not in matches))


def _tax(line: Json, slot: str) -> tuple[str, Decimal]:
    name, percent = one_line(line.get(f"taxName{slot}")), decimal(line.get(f"taxAmount{slot}"))
    return (name, percent) if name and percent else ("", Decimal(0))
