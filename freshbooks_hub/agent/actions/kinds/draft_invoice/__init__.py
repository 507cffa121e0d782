"""Draft an invoice for a completed project's unbilled time and expenses, or from given lines.

The draft is one POST; how time becomes billed in FreshBooks is unproven (freshbooks-api.md 7.2, 7.4, 9): each
covered entry is then marked with `billed: true`, which the API documents as "marked as billed by hand", and read
back. Where `verify` saw how this account's invoices name their entries (P5), or with the setting `link = lines`, the
lines also carry `modern_time_entries`, as the web app sends it. The idempotency keys keep anything from being billed
twice whichever of these FreshBooks heeds.
"""

from __future__ import annotations

from decimal import Decimal

from freshbooks_api.client import Json
from freshbooks_api.verified import UNKNOWN
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    ActionKind,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
)
from freshbooks_hub.agent.actions.audit import digest
from freshbooks_hub.agent.actions.books import Books, as_client, name_of
from freshbooks_hub.agent.actions.clients import find_client
from freshbooks_hub.agent.actions.documents import (
    charged_taxes,
    currency_of,
    differences,
    exact_body,
    given_lines,
    totals,
)
from freshbooks_hub.agent.actions.kinds.draft_invoice.body import (
    entry_fingerprint,
    exists,
    expense_fingerprint,
    find,
    invoice_of,
    mark_as_billed,
    mark_time,
    named_entries,
    undo,
    verify,
)
from freshbooks_hub.agent.actions.kinds.draft_invoice.pricing import (
    PricedEntry,
    billable,
    billed_before,
    entry_key,
    expense_key,
    expense_line,
    fixed_line,
    fixed_price_key,
    is_fixed_price,
    price_entries,
    time_lines,
    unbilled_entries,
    unbilled_expenses,
)
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import (
    DraftInvoicePreview,
    DraftInvoiceRequest,
    describe,
)
from freshbooks_hub.agent.actions.models import ActionRefused
from freshbooks_hub.agent.actions.values import is_amount
from freshbooks_hub.core.currencies import with_code
from freshbooks_hub.core.labels import plural

MOST_DAYS = 3650


def prepare(context: ProposalContext, request: DraftInvoiceRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused saying what is missing."""
    books, owners = context.books, context.owners
    business_id = books.business.business_id
    if (request.project_id is None) == (request.lines is None):
        raise ActionRefused("what_to_bill", "Give either a completed project, or a client and its lines.")
    if request.due_in_days is not None and not 0 <= request.due_in_days <= MOST_DAYS:
        raise ActionRefused("invalid_due", f"An invoice is due in 0 to {MOST_DAYS} days.")
    if request.project_id is None:
        return _prepare_given(context, request)
    project = billable(books.find_project(request.project_id))
    client = books.client(int(project["client_id"]))
    if client is None:
        raise ActionRefused("client_unknown", "The project's client is deleted in FreshBooks.")
    currency = currency_of(client)
    rate = _rate(request.hourly_rate, currency)
    left_out: dict[str, int] = {}
    entries = unbilled_entries(books, project, owners, left_out)
    expenses = (
        unbilled_expenses(books, project, currency, owners, left_out) if request.include_expenses else []
    )
    if expenses and context.links.get("expenses") == UNKNOWN:
        raise ActionRefused(
            "expense_link_unknown",
            "On this account invoices do not name the expenses that they bill on as is documented, so these would stay "
            "unbilled in FreshBooks. Draft it with include_expenses = false and add them there.",
            expenses=len(expenses),
        )
    items = price_entries(books, project, sorted(entries, key=lambda row: int(row["id"])), rate)
    fixed = is_fixed_price(project) and not billed_before(business_id, project, owners)
    if not expenses and not fixed and (not items or is_fixed_price(project)):
        raise ActionRefused(
            "nothing_unbilled",
            "The project has nothing left to bill.",
            left_out=left_out,
            project_id=project["id"],
        )
    tax, warnings = charged_taxes(books, request.taxes, int(client["id"]))
    title = name_of(project["title"])
    lines = [fixed_line(project, title, tax, currency)] if fixed else []
    if not is_fixed_price(project):
        lines += time_lines(items, request.group_by, title, tax, currency)
    lines += [expense_line(row) for row in expenses]
    subtotal, taxes, total = totals(lines, tax.compounded, currency)
    mark = context.policy.link != "off"
    preview = DraftInvoicePreview(
        heading=f"Draft an invoice: {plural(len(lines), 'line')}, {with_code(total, currency)}",
        business=books.business.shown(),
        client=as_client(client),
        project_id=project["id"],
        project=title,
        create_date=context.today,
        due_in_days=request.due_in_days,
        currency=currency,
        lines=tuple(lines),
        subtotal=str(subtotal),
        taxes=taxes,
        total=str(total),
        covered_entries=tuple(item.entry for item in items) if is_fixed_price(project) else (),
        will_mark_billed=tuple(item.entry.id for item in items) if mark else (),
        left_out=left_out,
        warnings=warnings + _warnings(rate, project, items),
    )
    sent = invoice_of(preview, tax, named_entries(context))
    steps = [Step("create", "POST", books.path("invoices/invoices"), exact_body({"invoice": sent}))]
    steps += [mark_as_billed(books, item.row) for item in items] if mark else []
    of_entry, of_expense = entry_key(business_id), expense_key(business_id)
    keys = [*(of_entry(item.entry.id) for item in items), *(of_expense(row["id"]) for row in expenses)]
    keys += [fixed_price_key(business_id, project["id"])] if fixed else []
    return Proposal(
        steps=tuple(steps),
        preview=preview,
        amount=total,
        keys=tuple(keys),
        watch={
            "currency": currency,
            "fixed_price": str(project.get("fixed_price")) if fixed else None,
            "entries": {str(item.entry.id): entry_fingerprint(item.row) for item in items},
            "expenses": {str(row["id"]): expense_fingerprint(row) for row in expenses},
        },
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` when anything that was approved is not so any more."""
    books, preview = context.books, action.preview
    assert isinstance(preview, DraftInvoicePreview)
    if preview.project_id is None:
        if _is_stale(books, action):
            raise _stale()
        return
    project = books.project(preview.project_id)
    client = books.client(preview.client.id)
    fixed = action.watch["fixed_price"]
    if (
        client is None
        or client.get("currency_code") != action.watch["currency"]
        or project is None
        or project.get("client_id") != preview.client.id
        or (fixed is not None and str(project.get("fixed_price")) != fixed)
    ):
        raise _stale()
    entries = {
        str(row["id"]): entry_fingerprint(row)
        for row in books.billable_entries(preview.project_id, billed=False)
    }
    if any(entries.get(number) != known for number, known in action.watch["entries"].items()):
        raise _stale()
    if action.watch["expenses"]:
        rows = books.project_expenses(preview.client.id, preview.project_id)
        expenses = {str(row["id"]): expense_fingerprint(row) for row in rows}
        if any(expenses.get(number) != known for number, known in action.watch["expenses"].items()):
            raise _stale()


def _stale() -> ActionRefused:
    return ActionRefused(
        "stale",
        "Something on this invoice was billed, changed or deleted in FreshBooks after the approval. "
        "Nothing was written; propose it again.",
    )


def _rate(text: str | None, currency: str) -> Decimal | None:
    if text is None:
        return None
    if not is_amount(text, currency) or not Decimal(text):
        raise ActionRefused("invalid_rate", "An hourly rate is a decimal number above 0, for example 120.00.")
    return Decimal(text)


def _warnings(rate: Decimal | None, project: Json, items: list[PricedEntry]) -> tuple[str, ...]:
    found = []
    if rate is not None and any(item.rate == rate for item in items):
        found.append(f"The hourly rate {rate} was given with the request where FreshBooks has none.")
    if any(item.entry.service is None for item in items) and project.get("billing_method") == "service_rate":
        found.append("Some time has no service.")
    return tuple(found)


def _prepare_given(context: ProposalContext, request: DraftInvoiceRequest) -> Proposal:
    """The proposal. Raises ActionRefused, `look_alike` when the client has an equal invoice of today."""
    books = context.books
    if request.client_id is None:
        raise ActionRefused("client_missing", "Lines are billed to a client. Name it.")
    client = find_client(books, request.client_id)
    number, currency = int(client["id"]), currency_of(client)
    tax, warnings = charged_taxes(books, request.taxes, number)
    lines = given_lines(request.lines or [], tax, currency)
    subtotal, taxes, total = totals(lines, tax.compounded, currency)
    preview = DraftInvoicePreview(
        heading=f"Draft an invoice: {plural(len(lines), 'line')}, {with_code(total, currency)}",
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
        warnings=warnings,
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
        preview = preview.model_copy(update={"warnings": (*warnings, twin)})
    same = f"/{len(twins) + 1}" if request.another_invoice else ""
    return Proposal(
        steps=(Step("create", "POST", books.path("invoices/invoices"), exact_body({"invoice": sent})),),
        preview=preview,
        amount=total,
        keys=(f"lines/{books.business.business_id}/{digest(sent)}{same}",),
        watch={"currency": currency, "twins": twins, "entries": {}},
    )


def _is_stale(books: Books, action: StoredAction) -> bool:
    """Whether the client or its currency changed, or an equal invoice was made meanwhile."""
    assert isinstance(action.preview, DraftInvoicePreview)
    client = books.client(action.preview.client.id)
    return (
        client is None
        or client.get("currency_code") != action.watch["currency"]
        or bool(set(find(books, action).matches) - set(action.watch["twins"]))
    )


KIND = ActionKind(
    name="draft_invoice",
    write="draft",
    label="Draft invoice",
    title="Draft an invoice",
    description="Propose a draft invoice: for a completed project's unbilled time and expenses, or for a client from "
    "given lines. A person approves it.",
    request=DraftInvoiceRequest,
    preview=DraftInvoicePreview,
    streams=("invoices", "clients", "projects", "time_entries", "expenses"),
    record="invoice",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    after=mark_time,
    exists=exists,
    undo=undo,
    position=1,
)
