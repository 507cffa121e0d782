"""Remind a client of an overdue invoice by e-mail.

FreshBooks has no call for a reminder: the invoice is sent again with other words (freshbooks-api.md 7.3, D). The only
trace of that is the invoice's stamp. Where the answer is lost and the stamp did not move, a person is asked, since a
second mail is worse than a late one.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    Candidates,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
)
from freshbooks_hub.agent.actions.audit import canonical, digest
from freshbooks_hub.agent.actions.books import (
    Books,
    as_client,
    decimal,
    is_draft,
    is_living,
    name_of,
)
from freshbooks_hub.agent.actions.issuing import addresses, own_words
from freshbooks_hub.agent.actions.kinds.send_reminder.request import (
    ENGLISH,
    SendReminderPreview,
    SendReminderRequest,
    describe,
    known,
    words,
)
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import Money
from freshbooks_hub.agent.actions.values import is_address
from freshbooks_hub.core.currencies import with_code

NOT_DUE = ("disputed", "paid", "autopaid")


def prepare(context: ProposalContext, request: SendReminderRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused, `not_overdue` when nothing is overdue."""
    books = context.books
    invoice = books.find_invoice(request.invoice_id)
    number, owed, due = int(invoice["id"]), decimal(invoice.get("outstanding")), invoice.get("due_date")
    today = context.today
    if is_draft(invoice) or owed <= 0 or invoice.get("v3_status") in NOT_DUE or not due:
        raise ActionRefused(
            "not_overdue", "This invoice is a draft, paid or disputed: there is nothing to remind of."
        )
    days = (today - date.fromisoformat(due)).days
    if days <= 0:
        raise ActionRefused("not_overdue", "This invoice is not overdue yet.", due_date=due)
    client = books.client(int(invoice["customerid"]))
    if client is None:
        raise ActionRefused("client_unknown", "The invoice's client is deleted in FreshBooks.")
    recipients = tuple(text for text in addresses(client) if is_address(text))
    if not recipients:
        raise ActionRefused("no_recipient", "The client has no e-mail address in FreshBooks. Add one there.")
    currency = str(invoice["currency_code"])
    language = known(client.get("language"))
    shown = name_of(invoice.get("invoice_number"))
    subject, body = words(
        language or ENGLISH, shown, date.fromisoformat(due), f"{owed} {currency}", books.business.name
    )
    asked_subject, asked_body = own_words(request.subject, request.body)
    preview = SendReminderPreview(
        heading=f"Send a reminder: {with_code(owed, currency)} overdue",
        business=books.business.shown(),
        currency=currency,
        client=as_client(client),
        invoice_id=number,
        invoice_number=shown,
        due_date=date.fromisoformat(due),
        days_overdue=days,
        outstanding=str(owed),
        recipients=recipients,
        language=language or ENGLISH,
        subject=asked_subject or subject,
        body=asked_body or body,
        include_pdf=request.include_pdf,
        warnings=_warnings(language, bool(asked_subject or asked_body)),
    )
    sent: dict[str, Any] = {
        "action_email": True,
        "email_recipients": list(recipients),
        "email_include_pdf": preview.include_pdf,
        "invoice_customized_email": {"subject": preview.subject, "body": preview.body},
    }
    return Proposal(
        steps=(Step("remind", "PUT", books.path("invoices/invoices", number), canonical({"invoice": sent})),),
        preview=preview,
        amount=owed,
        # One a day; the cool-down keeps the client in peace for longer.
        keys=(f"reminder/{books.business.business_id}/{number}/{today}",),
        recipients=tuple(text.casefold() for text in recipients),
        watch={"invoice": _fingerprint(invoice), "updated": str(invoice.get("updated"))},
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` when the invoice or the client's addresses changed."""
    books, preview = context.books, action.preview_as(SendReminderPreview)
    invoice, client = books.invoice(preview.invoice_id), books.client(preview.client.id)
    if (
        invoice is None
        or client is None
        or _fingerprint(invoice) != action.watch["invoice"]
        or str(invoice.get("updated")) != action.watch["updated"]
        or not set(preview.recipients) <= set(addresses(client))
    ):
        raise ActionRefused(
            "stale",
            "The invoice or the client's addresses changed in FreshBooks after the approval. No e-mail was sent; "
            "propose it again.",
        )


def find(books: Books, action: StoredAction) -> Candidates:
    """The invoice, once its stamp moved and nothing else of it did."""
    invoice = books.invoice(action.preview_as(SendReminderPreview).invoice_id)
    moved = invoice is not None and str(invoice.get("updated")) != action.watch["updated"]
    if invoice is None or not moved:
        return Candidates()
    number = (action.preview_as(SendReminderPreview).invoice_id,)
    same = _fingerprint(invoice) == action.watch["invoice"]
    return Candidates(matches=number) if same else Candidates(similar=number)


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """That the invoice exists and is sent. FreshBooks shows no more than that it accepted the request."""
    invoice, preview = books.invoice(record_id), action.preview_as(SendReminderPreview)
    if record_id != preview.invoice_id or invoice is None or is_draft(invoice):
        return None
    return Result(
        code="reminded",
        message="FreshBooks took the reminder and e-mails it.",
        record_id=record_id,
        record_number=preview.invoice_number,
        after=name_of(invoice.get("v3_status")),
        total=Money(amount=str(decimal(invoice.get("outstanding"))), currency=preview.currency),
    )


def _fingerprint(invoice: Json) -> str:
    """What must not change between the approval and the mail."""
    names = ("customerid", "currency_code", "due_date", "v3_status")
    return digest(
        [
            is_living(invoice),
            str(decimal(invoice.get("outstanding"))),
            *(str(invoice.get(name)) for name in names),
        ]
    )


def _warnings(language: str | None, own: bool) -> tuple[str, ...]:
    if own:
        return ("The email text was written by the agent.",)
    if language is None:
        return ("There are no words in the client's language, so the reminder is in English.",)
    return ()


KIND = ActionKind(
    name="send_reminder",
    write="remind",
    label="Send reminder",
    title="Remind a client by e-mail",
    description="Propose to e-mail a reminder of an overdue invoice to the client's own addresses, in its language. "
    "A person approves it; it cannot be undone.",
    request=SendReminderRequest,
    preview=SendReminderPreview,
    streams=("invoices", "clients"),
    record="invoice",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    sends_email=True,
    cool_down=timedelta(days=7),
    changes_record=True,
    leaves_trace=False,
    position=10,
)
