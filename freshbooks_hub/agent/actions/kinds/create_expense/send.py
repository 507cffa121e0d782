"""Send an expense, find it again in FreshBooks, and compare it with what was approved.

Its receipt is uploaded first, and the key of the upload goes with the expense (freshbooks-api.md 7.5). An upload books
nothing and is listed nowhere, so it is safe to repeat.
"""

from __future__ import annotations

import re
from decimal import Decimal

from freshbooks_api.client import Json, Lost, NeverSent, single
from freshbooks_hub.agent.actions import receipts
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    Candidates,
    NotBegun,
    Step,
    StoredAction,
    changed_since,
    delete_record,
    proof_message,
    send_first_step,
)
from freshbooks_hub.agent.actions.audit import digest_text
from freshbooks_hub.agent.actions.books import DELETED, Books, decimal, is_living, on_day
from freshbooks_hub.agent.actions.kinds.create_expense.request import (
    VENDOR_LIMIT,
    CreateExpensePreview,
    Purchase,
)
from freshbooks_hub.agent.actions.models import Result
from freshbooks_hub.agent.actions.preview import Money
from freshbooks_hub.agent.text import clean, folded

UPLOAD = "upload"  # the step before `create`
# What fits into the body unchanged.
_KEY = re.compile(r"[A-Za-z0-9_.~+/=-]{1,4096}")


def send(context: ActionContext, action: StoredAction) -> Json:
    """Upload the receipt, if any, and book the expense. Raises NeverSent, Lost, Refused, NotBegun."""
    first = action.steps[0]
    if first.name != UPLOAD:
        return send_first_step(context, action)
    key = _upload(context, action, first)
    create = action.step("create")
    # From here on the expense may exist: how it is settled later depends on this note.
    context.note(step=create.name, receipt_hash=digest_text(key))
    # The quotes of a text value are escaped, so this meets the one key `jwt` of the body.
    body = (create.body or "").replace(f'"jwt":"{placeholder(first.receipt or "")}"', f'"jwt":"{key}"')
    return context.books.api.send(create.method, create.path, body)


def _upload(context: ActionContext, action: StoredAction, step: Step) -> str:
    """The key of the upload. Raises NotBegun after some attempts, Refused at once."""
    assert isinstance(action.preview, CreateExpensePreview)
    receipt = action.preview.receipt
    assert receipt is not None  # the step is there for it
    content = receipts.kept(context.home, receipt.sha256)
    if content is None:
        raise _not_uploaded()
    for attempt in range(1, context.timing.attempts + 1):
        try:
            answer = context.books.api.upload(step.path, receipt.filename, receipt.media_type, content)
        except (Lost, NeverSent):
            answer = {}
        key = (single(answer, "attachment") or {}).get("jwt")
        if isinstance(key, str) and _KEY.fullmatch(key):
            return key
        context.clock.sleep(attempt)
    raise _not_uploaded()


def find(books: Books, action: StoredAction) -> Candidates:
    """Living expenses of the day, vendor and amount; the key of our own upload on one is proof."""
    sent, preview = action.sent("expense"), action.preview_as(CreateExpensePreview)
    purchase = purchase_of(preview)
    rows = [row for row in expenses_on(books, preview.date.isoformat()) if is_equal(purchase, row)]
    uploaded = action.row["receipt_hash"]
    for row in rows:
        key = (row.get("attachment") or {}).get("jwt")
        # Its absence proves nothing.
        if uploaded and key and digest_text(str(key)) == uploaded:
            return Candidates(matches=(int(row["id"]),))
    return Candidates.of(rows, lambda row: differences(sent, row))


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The expense as FreshBooks has it, compared with what was approved."""
    row = _expense(books, record_id)
    if row is None or row.get("vis_state") == DELETED:
        return None
    preview = action.preview_as(CreateExpensePreview)
    found = differences(action.sent("expense"), row)
    if preview.receipt and not row.get("attachment"):
        found = (*found, "receipt")
    return Result(
        code="booked",
        message=proof_message("The expense is in FreshBooks.", "expense", found),
        record_id=record_id,
        total=Money(amount=str(decimal(row["amount"])), currency=preview.currency),
        differences=found,
    )


def exists(books: Books, record_id: int) -> bool:
    return is_living(_expense(books, record_id))


def undo(books: Books, action: StoredAction, record_id: int) -> None:
    """Delete the expense, if it is as it was sent and on no invoice."""
    row = _expense(books, record_id)
    if (
        row is not None
        and is_living(row)
        and (row.get("invoiceid") or differences(action.sent("expense"), row))
    ):
        raise changed_since()
    delete_record(
        books, books.path("expenses/expenses", record_id), "expense", lambda: exists(books, record_id)
    )


def _expense(books: Books, expense_id: int) -> Json | None:
    """One expense with its attachment, deleted or not."""
    body = books.api.get(books.path("expenses/expenses", expense_id), [("include[]", "attachment")])
    return single(body, "expense") if body else None


def differences(sent: Json, row: Json) -> tuple[str, ...]:
    """The fields in which FreshBooks holds another value than was sent."""
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


def purchase_of(preview: CreateExpensePreview) -> Purchase:
    return Purchase(preview.vendor, preview.date, Decimal(preview.amount), preview.currency)


def is_equal(purchase: Purchase, row: Json) -> bool:
    """Whether an expense of FreshBooks, of the same day, has the vendor and the amount of the purchase."""
    return (
        folded(clean(str(row.get("vendor") or ""), VENDOR_LIMIT)) == folded(purchase.vendor)
        and decimal(row["amount"]) == purchase.amount
        and row["amount"].get("code") == purchase.currency
    )


def placeholder(sha256: str) -> str:
    """The value in the approved body that is replaced by the key of the upload."""
    return f"receipt sha256 {sha256}"


def expenses_on(books: Books, day: str) -> list[Json]:
    """Living expenses of one date."""
    params = [*on_day(day), ("include[]", "attachment")]
    rows = books.api.rows(books.path("expenses/expenses"), "expenses", params)
    return [row for row in rows if row.get("date") == day and row.get("vis_state") != DELETED]


def _text(value: object) -> str:
    return " ".join(str(value if value is not None else "").split())


def _not_uploaded() -> NotBegun:
    return NotBegun(
        "receipt_not_uploaded",
        "The receipt could not be uploaded. The expense was not created; propose it again later.",
    )
