"""Issuing an invoice to its client: what must not change before, the text of the email, and proof that it was sent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import Candidates
from freshbooks_hub.agent.actions.audit import digest
from freshbooks_hub.agent.actions.books import Books, decimal, is_draft, is_living, name_of
from freshbooks_hub.agent.actions.documents import added_up
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import Line, Money, Printed, Tax
from freshbooks_hub.agent.text import clean
from freshbooks_hub.core.currencies import rounded

SUBJECT_LIMIT = 200
BODY_LIMIT = 4000
PRINTED_LIMIT = 400  # the rest is in FreshBooks, one click away
PRINTED = (("po_number", "PO number"), ("notes", "Notes"), ("terms", "Terms"))


def check_draft(invoice: Json) -> None:
    """Raises ActionRefused `invoice_unknown` or `already_sent` unless it is a living draft."""
    if not is_living(invoice):
        raise ActionRefused("invoice_unknown", "The invoice is deleted in FreshBooks.")
    if not is_draft(invoice):
        raise ActionRefused(
            "already_sent",
            "The invoice is not a draft: it was sent already. Nothing was done.",
            invoice_id=int(invoice["id"]),
            status=name_of(invoice.get("v3_status")),
        )


def issued(books: Books, invoice_id: int) -> Candidates:
    """The invoice itself, once it is not a draft any more."""
    invoice = books.invoice(invoice_id)
    gone = invoice is not None and is_living(invoice) and not is_draft(invoice)
    return Candidates(matches=(invoice_id,) if gone else ())


def issued_result(
    books: Books, invoice_id: int, code: str, message: str, number: str, currency: str
) -> Result | None:
    """The outcome for an invoice that was a draft; None while it still is one."""
    invoice = books.invoice(invoice_id)
    if invoice is None or is_draft(invoice):
        return None
    return Result(
        code=code,
        message=message,
        record_id=invoice_id,
        record_number=number,
        before="draft",
        after=name_of(invoice.get("v3_status")),
        total=Money(amount=str(decimal(invoice["amount"])), currency=currency),
    )


def sending_key(business_id: int, invoice_id: int) -> str:
    """The idempotency key for sending a draft: by email, or by marking it as sent."""
    return f"sending/{business_id}/{invoice_id}"


def addresses(client: Json) -> list[str]:
    """The e-mail addresses of a client: its own and those of its contacts."""
    found = [client.get("email"), *(c.get("email") for c in client.get("contacts") or [])]
    return list(dict.fromkeys(text.strip() for text in found if isinstance(text, str) and "@" in text))


def own_words(subject: str | None, body: str | None) -> tuple[str | None, str | None]:
    """Subject and body of an email without hidden characters in any line, so that the preview shows all of them."""
    if subject is not None and len(subject.splitlines()) > 1:
        raise ActionRefused(
            "invalid_subject", "The subject of an e-mail must be one line, without line breaks."
        )
    return _shown(subject, SUBJECT_LIMIT), _shown(body, BODY_LIMIT)


def _shown(text: str | None, limit: int) -> str | None:
    if text is None:
        return None
    shown = "\n".join(clean(line, limit) for line in text.splitlines())
    if len(shown) > limit:
        raise ActionRefused(
            "too_long", f"The subject or body of the e-mail is longer than {limit} characters."
        )
    return shown


def draft_fingerprint(invoice: Json) -> str:
    """What must not change in the draft between the approval and the email."""
    lines = [
        [str(line.get(key)) for key in ("name", "description", "qty", "taxName1", "taxName2")]
        + [str(decimal(line.get("unit_cost")))]
        for line in invoice.get("lines") or []
    ]
    head = [
        str(invoice.get(key)) for key in ("customerid", "create_date", "currency_code", "due_date", "notes")
    ]
    return digest([head, str(decimal(invoice["amount"])), lines])


def shown_lines(invoice: Json) -> tuple[Line, ...]:
    """The lines of an invoice as the approver sees them."""
    return tuple(_line(line) for line in invoice.get("lines") or [])


@dataclass(frozen=True)
class InvoiceTotals:
    """Decimal text in the invoice's currency. `discount` is negative, empty without one; then its percent."""

    subtotal: str
    discount: str
    discount_percent: str
    taxes: tuple[Tax, ...]


def shown_totals(invoice: Json) -> InvoiceTotals:
    """What leads from the lines to the invoice's total.

    FreshBooks states no amount of each tax. Where ours do not add up to its total, what is left of it is all of them.
    """
    subtotal = sum((decimal(line.get("amount")) for line in invoice.get("lines") or []), Decimal(0))
    discount = -abs(decimal(invoice.get("discount_total")))
    rest = decimal(invoice["amount"]) - subtotal - discount
    taxes = _taxes(invoice, (subtotal + discount) / subtotal if subtotal else Decimal(1))
    if sum((Decimal(tax.amount or "0") for tax in taxes), Decimal(0)) != rest:
        taxes = (Tax(name="All taxes", amount=str(rest)),)
    percent = name_of(invoice.get("discount_value")) if discount else ""
    return InvoiceTotals(str(subtotal), str(discount) if discount else "", percent, taxes)


def _taxes(invoice: Json, share: Decimal) -> tuple[Tax, ...]:
    """Each tax of the discounted lines, rounded once (freshbooks-api.md 5); none where a percent is no number."""
    try:
        sums = added_up(
            (
                decimal(line.get("amount")) * share,
                [
                    (name_of(line[f"taxName{slot}"]), name_of(line.get(f"taxAmount{slot}")))
                    for slot in "12"
                    if line.get(f"taxName{slot}")
                ],
                bool(line.get("compounded_tax")),
            )
            for line in invoice.get("lines") or []
        )
    except ActionRefused:
        return ()
    currency = str(invoice.get("currency_code"))
    return tuple(
        Tax(name=name, percent=percent, amount=str(rounded(amount, currency)))
        for (name, percent), amount in sums.items()
    )


def printed_texts(invoice: Json) -> tuple[Printed, ...]:
    """What the client reads on the document in addition to its lines."""
    texts = ((label, _visible(invoice.get(key))) for key, label in PRINTED)
    return tuple(Printed(label=label, text=text) for label, text in texts if text)


def _visible(text: object) -> str:
    lines = (clean(line, BODY_LIMIT) for line in str(text or "").splitlines())
    whole = "\n".join(lines).strip()
    return whole if len(whole) <= PRINTED_LIMIT else f"{whole[: PRINTED_LIMIT - 1]}…"


def _line(line: Json) -> Line:
    taxes = tuple(
        Tax(name=name_of(line[f"taxName{slot}"]), percent=name_of(line.get(f"taxAmount{slot}")))
        for slot in "12"
        if line.get(f"taxName{slot}")
    )
    return Line(
        name=name_of(line.get("name")),
        description=name_of(line.get("description")),
        quantity=name_of(line.get("qty")),
        unit_cost=str(decimal(line.get("unit_cost"))),
        amount=str(decimal(line.get("amount"))),
        taxes=taxes,
    )
