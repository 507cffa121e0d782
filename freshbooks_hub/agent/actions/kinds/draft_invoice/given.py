"""A draft of lines that are given, for a client, in place of a project's time."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import Proposal, ProposalContext, Step, StoredAction
from freshbooks_hub.agent.actions.audit import digest
from freshbooks_hub.agent.actions.books import Books, as_client
from freshbooks_hub.agent.actions.clients import find_client
from freshbooks_hub.agent.actions.documents import (
    charged_taxes,
    currency_of,
    differences,
    exact_body,
    given_lines,
    totals,
)
from freshbooks_hub.agent.actions.kinds.draft_invoice.body import find, invoice_of
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoicePreview, DraftInvoiceRequest
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.core.labels import plural


def prepare_given(context: ProposalContext, request: DraftInvoiceRequest) -> Proposal:
    """The proposal. Raises ActionRefused, `look_alike` when the client has an equal invoice of today."""
    books = context.books
    if request.client_id is None:
        raise ActionRefused("client_missing", "Lines are billed to a client. Name it.")
    client = find_client(books, request.client_id)
    number, currency = int(client["id"]), currency_of(client)
    tax, told = charged_taxes(books, request.taxes, number)
    lines = given_lines(request.lines or [], tax, currency)
    subtotal, taxes, total = totals(lines, tax.compounded, currency)
    preview = DraftInvoicePreview(
        heading=f"Draft an invoice: {plural(len(lines), 'line')}, {total} {currency}",
        business=books.business.shown(),
        client=as_client(client),
        project_id=None,
        project=None,
        create_date=context.today,
        due_in_days=request.due_in_days,
        currency=currency,
        lines=tuple(lines),
        subtotal=str(subtotal),
        taxes=taxes,
        total=str(total),
        warnings=told,
    )
    sent = invoice_of(preview, tax)
    rows = books.invoices_of(number, preview.create_date.isoformat())
    twins = [int(row["id"]) for row in rows if not differences(sent, row)]
    if twins and not request.another_invoice:
        raise ActionRefused(
            "look_alike",
            "The client has an equal invoice of today. If the user says that it is another one, propose it with "
            "another_invoice.",
            invoice_ids=twins,
        )
    if twins:
        twin = "The client has an equal invoice of today; the agent says that this is another one."
        preview = preview.model_copy(update={"warnings": (*told, twin)})
    same = f"/{len(twins) + 1}" if request.another_invoice else ""
    return Proposal(
        steps=(Step("create", "POST", books.path("invoices/invoices"), exact_body({"invoice": sent})),),
        preview=preview,
        amount=total,
        keys=(f"lines/{books.business.business_id}/{digest(sent)}{same}",),
        watch={"currency": currency, "twins": twins, "entries": {}},
    )


def is_stale(books: Books, action: StoredAction) -> bool:
    """Whether the client or its currency changed, or an equal invoice was made meanwhile."""
    assert isinstance(action.preview, DraftInvoicePreview)
    client = books.client(action.preview.client.id)
    return (
        client is None
        or client.get("currency_code") != action.watch["currency"]
        or bool(set(find(books, action).matches) - set(action.watch["twins"]))
    )
