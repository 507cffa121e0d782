"""The taxes of a document's lines, and what its lines add up to, in Decimal.

A tax is summed over its lines and rounded once per document (freshbooks-api.md 5).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.books import Books, decimal, name_of
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.actions.preview import Line, Tax
from freshbooks_hub.agent.text import folded

CENT = Decimal("0.01")


@dataclass(frozen=True)
class TaxSet:
    """Up to two taxes of a line; `compounded`: the second is on top of the first."""

    taxes: tuple[Tax, ...] = ()
    compounded: bool = False


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def charged_taxes(
    books: Books, names: Sequence[str] | None, client_id: int
) -> tuple[TaxSet, tuple[str, ...]]:
    """The taxes of these names, an empty list for none; None: those of the client's latest invoice.

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
    told = f"No tax is charged, as asked. The client's latest invoice ({latest}) had {', '.join(before)}."
    return TaxSet(), (told,) if before else ()


def taxes_by_name(books: Books, names: Sequence[str]) -> TaxSet:
    """The account's taxes of these names; raises ActionRefused `tax_unknown`."""
    known = {folded(str(tax["name"])): tax for tax in books.taxes()}
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
    """The taxes of the client's latest invoice, and that invoice's id.

    FreshBooks keeps no tax on a client. Raises ActionRefused `taxes_unknown` when there is no invoice to go by,
    or its lines do not agree, and the account has taxes at all.
    """
    sets, latest = latest_taxes(books, client_id)
    if latest is not None and len(sets) <= 1:
        return (sets.pop() if sets else TaxSet()), latest
    known = books.taxes()
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


def totals(lines: Sequence[Line], compounded: bool) -> tuple[Decimal, tuple[Tax, ...], Decimal]:
    """Subtotal, the taxes with their amounts, and the total."""
    subtotal = sum((Decimal(line.amount) for line in lines), Decimal(0))
    sums = added_up(
        (Decimal(line.amount), [(tax.name, tax.percent or "0") for tax in line.taxes], compounded)
        for line in lines
    )
    taxes = tuple(
        Tax(name=name, percent=percent, amount=str(cents(amount))) for (name, percent), amount in sums.items()
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
