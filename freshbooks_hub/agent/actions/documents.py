"""The lines of invoices and estimates with their taxes: requested, totalled, sent, found again and compared.

A tax is summed over its lines and rounded once per document (freshbooks-api.md 5), to the decimals of the currency.
Whether FreshBooks knows those of each currency is not known: its amounts of a draft are read back and reported.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import Candidates, proof_message
from freshbooks_hub.agent.actions.audit import canonical
from freshbooks_hub.agent.actions.books import Books, decimal, name_of, one_line, same_text
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import Line, Money, Tax
from freshbooks_hub.agent.actions.values import is_amount
from freshbooks_hub.agent.text import clean, folded
from freshbooks_hub.core.currencies import decimals, rounded

# FreshBooks may round a tax by itself; a document within this of the approved total may be ours: so many of the
# currency's smallest unit, and so many hundredths, if it rounds to those whatever the currency is.
NEAR = Decimal(5)
MOST_LINES = 100
NAME_LIMIT = 100
DESCRIPTION_LIMIT = 500


@dataclass(frozen=True)
class TaxSet:
    """Up to two taxes of a line; `compounded`: the second is on top of the first."""

    taxes: tuple[Tax, ...] = ()
    compounded: bool = False


class GivenLine(BaseModel, frozen=True, extra="forbid"):
    """A line as requested."""

    name: str
    description: str = ""
    quantity: Annotated[str, Field(description="Decimal text")] = "1"
    unit_cost: Annotated[str, Field(description="Decimal text, before tax")]


def given_lines(lines: Sequence[GivenLine], tax: TaxSet, currency: str) -> list[Line]:
    """The lines with their amounts in `currency`; raises ActionRefused `invalid_line` naming what is wrong with one."""
    if not 0 < len(lines) <= MOST_LINES:
        raise ActionRefused("invalid_line", f"Give 1 to {MOST_LINES} lines.")
    return [_given_line(number, line, tax, currency) for number, line in enumerate(lines, 1)]


def _given_line(number: int, line: GivenLine, tax: TaxSet, currency: str) -> Line:
    name = clean(line.name, NAME_LIMIT)
    if not name:
        raise ActionRefused("invalid_line", f"Line {number} has no name.")
    if not re.fullmatch(r"\d{1,6}(\.\d{1,2})?", line.quantity) or not Decimal(line.quantity):
        raise ActionRefused(
            "invalid_line", f"The quantity of line {number} is no number above 0, such as 1.50."
        )
    if not is_amount(line.unit_cost, currency):
        raise ActionRefused(
            "invalid_line", f"The unit cost of line {number} is no amount in {currency}, such as 120.00."
        )
    return Line(
        name=name,
        description=clean(line.description, DESCRIPTION_LIMIT),
        quantity=line.quantity,
        unit_cost=line.unit_cost,
        amount=str(rounded(Decimal(line.quantity) * Decimal(line.unit_cost), currency)),
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


def charged_taxes(
    books: Books, names: Sequence[str] | None, client_id: int
) -> tuple[TaxSet, tuple[str, ...]]:
    """The taxes of these names, none for an empty list; None: those of the client's latest invoice.

    With what the approver is to be warned of: taxes that were taken over, and none where there were some before.
    """
    if names is None:
        tax, source = taxes_of_client(books, client_id)
        kind = "Taxes are" if tax.taxes else "No tax is charged,"
        taken = f"{kind} as on the client's latest invoice ({source})."
        return tax, (taken,) if source is not None else ()
    if names:
        return taxes_by_name(books, names), ()
    # A model may give an empty list without meaning it.
    sets, latest = latest_taxes(books, client_id)
    before = sorted({f"{tax.name} {tax.percent} %" for found in sets for tax in found.taxes})
    warning = f"No tax is charged, as asked. The client's latest invoice ({latest}) had {', '.join(before)}."
    return TaxSet(), (warning,) if before else ()


def taxes_by_name(books: Books, names: Sequence[str]) -> TaxSet:
    """The account's taxes of these names; raises ActionRefused `tax_unknown`."""
    known = {folded(str(tax["name"])): tax for tax in _taxes_of_account(books)}
    chosen = [known.get(folded(name)) for name in names]
    found = [tax for tax in chosen if tax is not None]
    if len(found) < len(names) or len(found) > 2:
        raise ActionRefused(
            "tax_unknown",
            "An invoice line takes up to two taxes, by the names they have in FreshBooks.",
            taxes=[{"name": name_of(tax["name"]), "percent": str(tax["amount"])} for tax in known.values()],
        )
    taxes = tuple(Tax(name=name_of(tax["name"]), percent=str(tax["amount"])) for tax in found)
    return TaxSet(taxes, compounded=len(found) == 2 and bool(found[1].get("compound")))


def taxes_of_client(books: Books, client_id: int) -> tuple[TaxSet, int | None]:
    """The taxes of the client's latest invoice, and its id.

    FreshBooks keeps no tax on a client. Raises ActionRefused `taxes_unknown` when there is no invoice to go by,
    or its lines do not agree, and the account has taxes at all.
    """
    sets, latest = latest_taxes(books, client_id)
    if latest is not None and len(sets) <= 1:
        return (sets.pop() if sets else TaxSet()), latest
    known = _taxes_of_account(books)
    if not known:
        return TaxSet(), None
    raise ActionRefused(
        "taxes_unknown",
        "The client's earlier invoices do not show which taxes apply. Ask the user, and give their names as "
        "taxes (an empty list for none).",
        taxes=[{"name": name_of(tax["name"]), "percent": str(tax["amount"])} for tax in known],
    )


def latest_taxes(books: Books, client_id: int) -> tuple[set[TaxSet], int | None]:
    """The taxes on the lines of the client's latest invoice, empty for none, and that invoice's id."""
    latest = next((row for row in books.invoices_of(client_id) if row.get("lines")), None)
    if latest is None:
        return set(), None
    return {_tax_set(line) for line in latest["lines"]} - {TaxSet()}, int(latest["id"])


def _tax_set(line: Json) -> TaxSet:
    taxes = tuple(
        Tax(name=name_of(line[f"taxName{slot}"]), percent=str(line[f"taxAmount{slot}"]))
        for slot in "12"
        if line.get(f"taxName{slot}") and decimal(line.get(f"taxAmount{slot}"))
    )
    return TaxSet(taxes, compounded=len(taxes) == 2 and bool(line.get("compounded_tax")))


def totals(
    lines: Sequence[Line], compounded: bool, currency: str
) -> tuple[Decimal, tuple[Tax, ...], Decimal]:
    """Subtotal, the taxes with their amounts, and the total, of lines in `currency`."""
    subtotal = sum((Decimal(line.amount) for line in lines), Decimal(0))
    sums = added_up(
        (Decimal(line.amount), [(tax.name, tax.percent or "0") for tax in line.taxes], compounded)
        for line in lines
    )
    taxes = tuple(
        Tax(name=name, percent=percent, amount=str(rounded(amount, currency)))
        for (name, percent), amount in sums.items()
    )
    return subtotal, taxes, subtotal + sum((Decimal(tax.amount or "0") for tax in taxes), Decimal(0))


def added_up(
    lines: Iterable[tuple[Decimal, Sequence[tuple[str, str]], bool]],
) -> dict[tuple[str, str], Decimal]:
    """Each tax, by name and percent, over the lines, not rounded yet.

    `lines`: what is taxed, its taxes in order, and whether the second is on top of the first. Raises ActionRefused
    where a percent is no number.
    """
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for taxed, taxes, compounded in lines:
        base = taxed
        for number, (name, percent) in enumerate(taxes):
            amount = base * decimal(percent) / 100
            sums[name, percent] += amount
            if number == 0 and compounded:
                base += amount
    return sums


def _taxes_of_account(books: Books) -> list[Json]:
    return books.api.rows(books.path("taxes/taxes"), "taxes")


def sent_line(line: Line, currency: str, tax: TaxSet) -> dict[str, Any]:
    """A line as sent."""
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
    """The fields in which FreshBooks holds another value than was sent.

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


def drafted(
    message: str, record: str, row: Json, sent: dict[str, Any], approved: Money, number: str, status: str
) -> Result:
    """Of a draft that was found: `message`, unless it is not what was approved; FreshBooks' own total is what counts.

    `number` and `status` are the columns of `row` that hold these.
    """
    found = differences(sent, row)
    total = Money(amount=str(decimal(row["amount"])), currency=approved.currency)
    if decimal(row["amount"]) != Decimal(approved.amount):
        found = (*found, "total")
    if found == ("total",):
        text = (
            f"The {record} is in FreshBooks, line by line as approved, but FreshBooks makes its total {total.amount} "
            f"{total.currency} where {approved.amount} was approved. Check it there."
        )
    else:
        text = proof_message(message, record, found)
    return Result(
        code="drafted",
        message=text,
        record_id=int(row["id"]),
        record_number=name_of(row.get(number)),
        after=name_of(row.get(status)),
        total=total,
        differences=found,
    )


def candidates(rows: Sequence[Json], sent: dict[str, Any], total: str) -> Candidates:
    """Of documents of the client and day: those whose lines agree, and those whose total nearly does."""
    matches = tuple(int(row["id"]) for row in rows if not differences(sent, row))
    allowed = NEAR.scaleb(-min(2, decimals(sent["currency_code"])))
    near = (int(row["id"]) for row in rows if abs(decimal(row["amount"]) - Decimal(total)) <= allowed)
    return Candidates(matches, tuple(number for number in near if number not in matches))


def _tax(line: Json, slot: str) -> tuple[str, Decimal]:
    name, percent = one_line(line.get(f"taxName{slot}")), decimal(line.get(f"taxAmount{slot}"))
    return (name, percent) if name and percent else ("", Decimal(0))
