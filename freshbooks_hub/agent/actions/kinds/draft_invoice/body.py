"""Whether the draft is in FreshBooks, and whether its time shows as billed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from freshbooks_hub.agent.actions.action_kind import Candidates, StoredAction
from freshbooks_hub.agent.actions.api import Json, Lost, NeverSent, Refused
from freshbooks_hub.agent.actions.books import DELETED, Books, decimal, name_of
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoicePreview, entry_fingerprint
from freshbooks_hub.agent.actions.models import Money, Result

# FreshBooks may round a tax by itself; a draft within this of the approved total may be ours.
NEAR = Decimal("0.05")


def find(books: Books, action: StoredAction) -> Candidates:
    """Living invoices of the client and day whose lines agree, or whose total nearly does."""
    sent, preview = _sent(action), _preview(action)
    rows = books.invoices_of(sent["customerid"], sent["create_date"])
    matches = tuple(int(row["id"]) for row in rows if not differences(sent, row))
    total = Decimal(preview.total)
    near = (int(row["id"]) for row in rows if abs(decimal(row["amount"]) - total) <= NEAR)
    return Candidates(matches, tuple(number for number in near if number not in matches))


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The draft as FreshBooks has it, compared with what was approved."""
    row = books.invoice(record_id)
    if row is None or row.get("vis_state") == DELETED:
        return None
    preview = _preview(action)
    found = differences(_sent(action), row)
    if decimal(row["amount"]) != Decimal(preview.total):
        found = (*found, "total")
    message = "The draft is in FreshBooks. It is not sent; sending is an action of its own."
    if found:
        message = "The draft is in FreshBooks, but it differs from what was approved. Check it there."
    return Result(
        code="drafted",
        message=message,
        record_id=record_id,
        record_number=name_of(row.get("invoice_number")),
        after=name_of(row.get("v3_status")),
        total=Money(amount=str(decimal(row["amount"])), currency=preview.currency),
        differences=found,
    )


def exists(books: Books, record_id: int) -> bool:
    row = books.invoice(record_id)
    return row is not None and row.get("vis_state") != DELETED


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
            _text(ours["name"]) == _text(theirs.get("name"))
            and _text(ours["description"]) == _text(theirs.get("description"))
            and decimal(ours["qty"]) == decimal(theirs.get("qty"))
            and decimal(ours["unit_cost"]) == decimal(theirs.get("unit_cost"))
            and all(_tax(ours, slot) == _tax(theirs, slot) for slot in "12")
            and int(ours.get("expenseid") or 0) == int(theirs.get("expenseid") or 0)
        )
        if not same:
            found.append(f"line {number}")
    return tuple(found)


def mark_time(books: Books, action: StoredAction, result: Result) -> Result | None:
    """Mark the billed time in FreshBooks and read it back: does FreshBooks show it as billed?

    Marking is safe to repeat. An entry that somebody changed meanwhile is left as it is, since a PUT would
    undo the change. None: there is nothing to mark, or FreshBooks could not be asked.
    """
    known = action.watch["entries"]
    if not known or result.linked_in_freshbooks is not None:
        return None
    preview = _preview(action)
    waiting = {str(row["id"]): row for row in books.unbilled_entries(preview.project_id)}
    marks = {step.name.removeprefix("mark "): step for step in action.steps if step.name.startswith("mark ")}
    for number, step in marks.items():
        row = waiting.get(number)
        if row is None or entry_fingerprint(row) != known[number] or step.body is None:
            continue
        try:
            books.api.send(step.method, step.path, step.body)
        except Refused:
            break  # the others would be refused alike: no scope, or FreshBooks does not take it
        except (Lost, NeverSent):
            return None
    left = {str(row["id"]) for row in books.unbilled_entries(preview.project_id)}
    return result.model_copy(update={"linked_in_freshbooks": not left & known.keys()})


def _preview(action: StoredAction) -> DraftInvoicePreview:
    assert isinstance(action.preview, DraftInvoicePreview)
    return action.preview


def _sent(action: StoredAction) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(action.step("create").body or "{}", parse_float=Decimal)["invoice"]
    return sent


def _text(value: object) -> str:
    return " ".join(str(value or "").split())


def _tax(line: Json, slot: str) -> tuple[str, Decimal]:
    name, percent = _text(line.get(f"taxName{slot}")), decimal(line.get(f"taxAmount{slot}"))
    return (name, percent) if name and percent else ("", Decimal(0))
