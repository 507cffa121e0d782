"""Whether the expense is in FreshBooks, and what it holds there."""

from __future__ import annotations

import json

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import Candidates, StoredAction, digest_text
from freshbooks_hub.agent.actions.books import DELETED, Books, decimal
from freshbooks_hub.agent.actions.kinds.create_expense.prepare import is_equal, purchase_of
from freshbooks_hub.agent.actions.kinds.create_expense.request import CreateExpensePreview
from freshbooks_hub.agent.actions.models import Money, Result


def find(books: Books, action: StoredAction) -> Candidates:
    """Living expenses of the day, vendor and amount; the key of our own upload on one is proof."""
    sent, preview = _sent(action), _preview(action)
    purchase = purchase_of(preview)
    rows = [row for row in books.expenses_on(preview.date.isoformat()) if is_equal(purchase, row)]
    uploaded = action.row["receipt_hash"]
    for row in rows:
        key = (row.get("attachment") or {}).get("jwt")
        # Its absence proves nothing.
        if uploaded and key and digest_text(str(key)) == uploaded:
            return Candidates(matches=(int(row["id"]),))
    matches = tuple(int(row["id"]) for row in rows if not differences(sent, row))
    return Candidates(matches, tuple(int(row["id"]) for row in rows if int(row["id"]) not in matches))


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The expense as FreshBooks has it, compared with what was approved."""
    row = books.expense(record_id)
    if row is None or row.get("vis_state") == DELETED:
        return None
    preview = _preview(action)
    found = differences(_sent(action), row)
    if preview.receipt and not row.get("attachment"):
        found = (*found, "receipt")
    message = "The expense is in FreshBooks."
    if found:
        message = "The expense is in FreshBooks, but it differs from what was approved. Check it there."
    return Result(
        code="booked",
        message=message,
        record_id=record_id,
        total=Money(amount=str(decimal(row["amount"])), currency=preview.currency),
        differences=found,
    )


def exists(books: Books, record_id: int) -> bool:
    row = books.expense(record_id)
    return row is not None and row.get("vis_state") != DELETED


def differences(sent: Json, row: Json) -> tuple[str, ...]:
    """The fields where FreshBooks holds something else than was sent."""
    found = []
    for name, value in sent.items():
        if name == "attachment":
            continue
        theirs = row.get(name)
        if name == "amount" or name.startswith("taxAmount"):
            same = decimal(value) == decimal(theirs) and value["code"] == (theirs or {}).get("code")
        else:
            same = _text(value) == _text(theirs)
        if not same:
            found.append(name)
    return tuple(found)


def _preview(action: StoredAction) -> CreateExpensePreview:
    assert isinstance(action.preview, CreateExpensePreview)
    return action.preview


def _sent(action: StoredAction) -> Json:
    sent: Json = json.loads(action.step("create").body or "{}")["expense"]
    return sent


def _text(value: object) -> str:
    return " ".join(str(value if value is not None else "").split())
