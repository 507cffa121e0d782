"""Record a payment that arrived on an invoice (freshbooks-api.md 5, 7.7)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from freshbooks_api.client import Json, single
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    Candidates,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
    changed_since,
    delete_record,
    proof_message,
)
from freshbooks_hub.agent.actions.audit import canonical
from freshbooks_hub.agent.actions.books import (
    Books,
    as_client,
    decimal,
    is_draft,
    is_living,
    name_of,
    same_text,
)
from freshbooks_hub.agent.actions.kinds.record_payment.request import (
    RecordPaymentPreview,
    RecordPaymentRequest,
    describe,
)
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import Money
from freshbooks_hub.agent.actions.values import as_amount, as_day
from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.currencies import with_code

NOTE_LIMIT = 500
PATH = "payments/payments"


def prepare(context: ProposalContext, request: RecordPaymentRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused saying what speaks against it."""
    books = context.books
    invoice = books.find_invoice(request.invoice_id)
    number, owed = int(invoice["id"]), decimal(invoice.get("outstanding"))
    if is_draft(invoice):
        raise ActionRefused("not_sent", "The invoice is a draft. Send it, or mark it as sent, first.")
    if owed <= 0:
        raise ActionRefused("already_paid", "Nothing is owed on this invoice.", invoice_id=number)
    today = context.today
    currency = str(invoice["currency_code"])
    amount = owed if request.amount is None else as_amount(request.amount, currency)
    day = today if request.date is None else as_day(request.date)
    _check(amount, owed, day, today, request.overpayment)
    twins = [row for row in _payments_of(books, number) if _is_equal(row, amount, day)]
    if twins and not request.another_payment:
        raise ActionRefused(
            "look_alike",
            "This invoice already has a payment of this amount and date. If the user says that it is another one, "
            "propose it with another_payment.",
            payment_ids=[int(row["id"]) for row in twins],
        )
    client = books.client(int(invoice["customerid"]))
    if client is None:
        raise ActionRefused("client_unknown", "The invoice's client is deleted in FreshBooks.")
    business_id = books.business.business_id
    preview = RecordPaymentPreview(
        heading=f"Record a payment: {with_code(amount, currency)}",
        business=books.business.shown(),
        currency=currency,
        client=as_client(client),
        invoice_id=number,
        invoice_number=name_of(invoice.get("invoice_number")),
        amount=str(amount),
        date=day,
        type=request.type,
        note=clean(request.note, NOTE_LIMIT),
        owed=str(owed),
        left=str(max(owed - amount, Decimal("0.00"))),
        warnings=_warnings(invoice, amount, owed, day, bool(twins)),
    )
    sent = {
        "invoiceid": number,
        "amount": {"amount": preview.amount, "code": currency},
        "date": day.isoformat(),
        "type": preview.type,
        "note": preview.note,
    }
    same = "" if not request.another_payment else f"/{len(twins) + 1}"
    return Proposal(
        steps=(Step("create", "POST", books.path(PATH), canonical({"payment": sent})),),
        preview=preview,
        amount=amount,
        keys=(f"payment/{business_id}/{number}/{amount.normalize():f}/{day}{same}",),
        watch={"owed": str(owed)},
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` when what is owed is not what it was."""
    invoice = context.books.invoice(action.preview_as(RecordPaymentPreview).invoice_id)
    if (
        invoice is None
        or not is_living(invoice)
        or decimal(invoice.get("outstanding")) != Decimal(action.watch["owed"])
    ):
        raise ActionRefused(
            "stale",
            "What is owed on the invoice changed in FreshBooks after the approval. Nothing was written; propose it "
            "again.",
        )


def find(books: Books, action: StoredAction) -> Candidates:
    """Payments on the invoice that agree in all that was sent, or in amount and date."""
    sent, preview = action.sent("payment"), action.preview_as(RecordPaymentPreview)
    rows = [
        row
        for row in _payments_of(books, preview.invoice_id)
        if _is_equal(row, _booked(preview), preview.date)
    ]
    return Candidates.of(rows, lambda row: _differences(sent, row, preview))


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The payment as FreshBooks has it, and the invoice's balance with it."""
    row, preview = _payment(books, record_id), action.preview_as(RecordPaymentPreview)
    if row is None or not is_living(row):
        return None
    found = _differences(action.sent("payment"), row, preview)
    invoice = books.invoice(preview.invoice_id) or {}
    return Result(
        code="paid",
        message=proof_message("The payment is in FreshBooks.", "payment", found),
        record_id=record_id,
        record_number=preview.invoice_number,
        after=name_of(invoice.get("v3_status")),
        total=Money(amount=str(decimal(row["amount"])), currency=preview.currency),
        differences=found,
    )


def exists(books: Books, record_id: int) -> bool:
    return is_living(_payment(books, record_id))


def undo(books: Books, action: StoredAction, record_id: int) -> None:
    """Delete the payment, if it is as it was sent; the invoice is owed again."""
    row, preview = _payment(books, record_id), action.preview_as(RecordPaymentPreview)
    # The excess over the invoice became a credit note, which would remain.
    overpaid = Decimal(preview.amount) > Decimal(preview.owed)
    if (
        row is not None
        and is_living(row)
        and (overpaid or _differences(action.sent("payment"), row, preview))
    ):
        raise changed_since()
    delete_record(books, books.path(PATH, record_id), "payment", lambda: exists(books, record_id))


def _payment(books: Books, payment_id: int) -> Json | None:
    """One payment, deleted or not."""
    body = books.api.get(books.path(PATH, payment_id))
    return single(body, "payment") if body else None


def _payments_of(books: Books, invoice_id: int) -> list[Json]:
    """Living payments on an invoice."""
    params = [("search[invoiceid]", str(invoice_id))]
    rows = books.api.rows(books.path(PATH), "payments", params)
    return [row for row in rows if row.get("invoiceid") == invoice_id and is_living(row)]


def _check(amount: Decimal, owed: Decimal, day: date, today: date, overpayment: bool) -> None:
    if amount <= 0:
        raise ActionRefused("invalid_amount", "The amount of a payment is more than 0.")
    if day > today:
        raise ActionRefused("invalid_date", "The date of a payment is not in the future.")
    if amount > owed and not overpayment:
        raise ActionRefused(
            "over_owed",
            f"Only {owed} is owed on this invoice. If the user says that more was paid, propose it with overpayment.",
            owed=str(owed),
        )


def _warnings(invoice: Json, amount: Decimal, owed: Decimal, day: date, twins: bool) -> tuple[str, ...]:
    found = []
    if amount > owed:
        found.append("This is more than is owed; FreshBooks makes a credit of the rest.")
    if twins:
        found.append(
            "The invoice already has a payment of this amount and date; the agent says that this is another."
        )
    if day.isoformat() < str(invoice.get("create_date")):
        found.append("The payment is dated before the invoice.")
    return tuple(found)


def _booked(preview: RecordPaymentPreview) -> Decimal:
    """The payment as booked: FreshBooks moves what exceeds the invoice out of it (freshbooks-api.md 5)."""
    return min(Decimal(preview.amount), Decimal(preview.owed))


def _is_equal(row: Json, amount: Decimal, day: date) -> bool:
    return decimal(row.get("amount")) == amount and row.get("date") == day.isoformat()


def _differences(sent: Json, row: Json, preview: RecordPaymentPreview) -> tuple[str, ...]:
    """The fields in which FreshBooks holds another value than was sent."""
    theirs = decimal(row.get("amount"))
    found = [] if theirs in (Decimal(preview.amount), _booked(preview)) else ["amount"]
    names = ("invoiceid", "date", "type", "note")
    return (*found, *(name for name in names if not same_text(sent[name], row.get(name))))


KIND = ActionKind(
    name="record_payment",
    write="payment",
    label="Record payment",
    title="Record a payment",
    description="Propose to record a payment that arrived on an invoice, in full or in part. A person approves it.",
    request=RecordPaymentRequest,
    preview=RecordPaymentPreview,
    streams=("payments", "invoices", "clients", "credit_notes"),
    record="payment",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    exists=exists,
    undo=undo,
    position=5,
)
