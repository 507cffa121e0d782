"""Lines that several kinds of previews share. Text from the books stands behind labels, cleaned before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from freshbooks_hub.agent.actions.models import ActionPreview, Client, Entry, Line, Tax


def business_line(preview: ActionPreview) -> str:
    return f"Business      {preview.business.name} ({preview.business.id})"


def client_line(client: Client) -> str:
    return f"Client        {client.name} ({client.id})"


def invoice_lines(lines: Sequence[Line], currency: str) -> Iterator[str]:
    yield ""
    for line in lines:
        taxes = "".join(f" + {tax.name} {tax.percent} %" for tax in line.taxes)
        yield f"  {line.name}  {line.quantity} x {line.unit_cost} = {line.amount} {currency}{taxes}"
        if line.description:
            yield f"      {line.description}"
        yield from entry_lines(line.entries)
        if line.expense:
            yield f"      expense {line.expense.id}, cost {line.expense.cost}, markup {line.expense.markup_percent} %"
    yield ""


def entry_lines(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        service = f", {entry.service}" if entry.service else ""
        note = f"  {entry.note}" if entry.note else ""
        yield f"      {entry.date}  {entry.hours} h  {entry.person}{service}{note}"


def tax_lines(taxes: Sequence[Tax], currency: str) -> Iterator[str]:
    for tax in taxes:
        percent = f" {tax.percent} %" if tax.percent is not None else ""
        yield f"Tax           {tax.name}{percent}: {tax.amount} {currency}"
