"""Draft an invoice for a completed project: what was worked and spent and is not billed yet.

The draft is one POST; how time becomes billed in FreshBooks is unproven (freshbooks-api.md 7.2, 7.4, 9): each
covered entry is then marked with `billed: true`, which the API documents as "marked as billed by hand", and read
back. Where `verify` saw how this account's invoices name their entries (P5), or with the setting `link = lines`, the
lines also carry `modern_time_entries`, as the web app sends it. The idempotency keys keep anything from being billed
twice whichever of these FreshBooks heeds.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from freshbooks_api.client import Json
from freshbooks_api.verified import UNKNOWN
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    Owners,
    Proposal,
    ProposalContext,
    Step,
    StoredAction,
)
from freshbooks_hub.agent.actions.audit import digest
from freshbooks_hub.agent.actions.books import Books, as_client, decimal, name_of
from freshbooks_hub.agent.actions.documents import charged_taxes, currency_of, exact_body, totals
from freshbooks_hub.agent.actions.kinds.draft_invoice.body import (
    Named,
    entry_fingerprint,
    invoice_of,
    mark_as_billed,
    plain,
)
from freshbooks_hub.agent.actions.kinds.draft_invoice.given import is_stale, prepare_given
from freshbooks_hub.agent.actions.kinds.draft_invoice.pricing import (
    PricedEntry,
    expense_line,
    fixed_line,
    is_fixed_price,
    price_entries,
    time_lines,
)
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoicePreview, DraftInvoiceRequest
from freshbooks_hub.agent.actions.models import ActionRefused, Status
from freshbooks_hub.agent.actions.values import is_amount
from freshbooks_hub.core.labels import plural

MOST_DAYS = 3650
_EXPENSE_KEYS = (
    "amount",
    "date",
    "vendor",
    "categoryid",
    "clientid",
    "modern_projectid",
    "billable",
    "status",
)


def prepare(context: ProposalContext, request: DraftInvoiceRequest) -> Proposal:
    """The proposal, read live. Raises ActionRefused saying what is missing."""
    books, owners = context.books, context.owners
    business_id = books.business.business_id
    if (request.project_id is None) == (request.lines is None):
        raise ActionRefused("what_to_bill", "Give either a completed project, or a client and its lines.")
    if request.due_in_days is not None and not 0 <= request.due_in_days <= MOST_DAYS:
        raise ActionRefused("invalid_due", f"An invoice is due in 0 to {MOST_DAYS} days.")
    if request.project_id is None:
        return prepare_given(context, request)
    project = _ready(books.find_project(request.project_id))
    client = books.client(int(project["client_id"]))
    if client is None:
        raise ActionRefused("client_unknown", "The project's client is deleted in FreshBooks.")
    currency = currency_of(client)
    rate = _rate(request.hourly_rate, currency)
    left_out: dict[str, int] = {}
    entries = _unowned(_unretained(books, project, left_out), _entry_key(business_id), owners, left_out)
    expenses = _expenses(books, project, currency, owners, left_out) if request.include_expenses else []
    if expenses and context.links.get("expenses") == UNKNOWN:
        raise ActionRefused(
            "expense_link_unknown",
            "On this account invoices do not name the expenses that they bill on as is documented, so these would stay "
            "unbilled in FreshBooks. Draft it with include_expenses = false and add them there.",
            expenses=len(expenses),
        )
    items = price_entries(books, project, sorted(entries, key=lambda row: int(row["id"])), rate)
    fixed = is_fixed_price(project) and not _billed_before(business_id, project, owners)
    if not expenses and not fixed and (not items or is_fixed_price(project)):
        raise ActionRefused(
            "nothing_unbilled",
            "The project has nothing left to bill.",
            left_out=left_out,
            project_id=project["id"],
        )
    tax, told = charged_taxes(books, request.taxes, int(client["id"]))
    title = name_of(project["title"])
    lines = [fixed_line(project, title, tax, currency)] if fixed else []
    if not is_fixed_price(project):
        lines += time_lines(items, request.group_by, title, tax, currency)
    lines += [expense_line(row) for row in expenses]
    subtotal, taxes, total = totals(lines, tax.compounded, currency)
    mark = context.policy.link != "off"
    preview = DraftInvoicePreview(
        heading=f"Draft an invoice: {plural(len(lines), 'line')}, {total} {currency}",
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
        warnings=told + _warnings(rate, project, items),
    )
    sent = invoice_of(preview, tax, _named(context))
    steps = [Step("create", "POST", books.path("invoices/invoices"), exact_body({"invoice": sent}))]
    steps += [mark_as_billed(books, item.row) for item in items] if mark else []
    entry_key, expense_key = _entry_key(business_id), _expense_key(business_id)
    keys = [*(entry_key(item.entry.id) for item in items), *(expense_key(row["id"]) for row in expenses)]
    keys += [_fixed_price_key(business_id, project["id"])] if fixed else []
    return Proposal(
        steps=tuple(steps),
        preview=preview,
        amount=total,
        keys=tuple(keys),
        watch={
            "currency": currency,
            "fixed_price": str(project.get("fixed_price")) if fixed else None,
            "entries": {str(item.entry.id): entry_fingerprint(item.row) for item in items},
            "expenses": {str(row["id"]): _expense_fingerprint(row) for row in expenses},
        },
    )


def recheck(context: ActionContext, action: StoredAction) -> None:
    """Raises ActionRefused `stale` when anything that was approved is not so any more."""
    books, preview = context.books, action.preview
    assert isinstance(preview, DraftInvoicePreview)
    if preview.project_id is None:
        if is_stale(books, action):
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
        expenses = {str(row["id"]): _expense_fingerprint(row) for row in rows}
        if any(expenses.get(number) != known for number, known in action.watch["expenses"].items()):
            raise _stale()


def _stale() -> ActionRefused:
    return ActionRefused(
        "stale",
        "Something on this invoice was billed, changed or deleted in FreshBooks after the approval. "
        "Nothing was written; propose it again.",
    )


def _named(context: ProposalContext) -> Named:
    """How the lines are to name their time entries; raises ActionRefused where that is wanted and cannot be done."""
    link, found = context.policy.link, context.links.get("time_entries")
    if link not in ("auto", "lines"):
        return None
    if link == "lines" and found == UNKNOWN:
        raise ActionRefused(
            "link_unknown",
            "The owner wants invoice lines to name their time entries, but on this account they are named in a way "
            "that cannot be written. The owner can choose another, in a terminal: freshbooks actions link auto",
        )
    if found == "numbers":
        return "numbers"
    return "objects" if found == "objects" or link == "lines" else None


def _rate(text: str | None, currency: str) -> Decimal | None:
    if text is None:
        return None
    if not is_amount(text, currency) or not Decimal(text):
        raise ActionRefused("invalid_rate", "An hourly rate is a decimal number above 0, for example 120.00.")
    return Decimal(text)


def _entry_key(business_id: int) -> Callable[[int], str]:
    return lambda entry_id: f"time_entry/{business_id}/{entry_id}"


def _expense_key(business_id: int) -> Callable[[int], str]:
    """Of an expense that is billed on to a client."""
    return lambda expense_id: f"expense/{business_id}/{expense_id}"


def _fixed_price_key(business_id: int, project_id: int) -> str:
    return f"fixed_price/{business_id}/{project_id}"


def _ready(project: Json) -> Json:
    if not project.get("complete"):
        raise ActionRefused(
            "not_complete", "The project is not complete. Mark it as complete in FreshBooks first.",
            project_id=project["id"],
        )  # fmt: skip
    if project.get("client_id") is None:
        raise ActionRefused("no_client", "The project has no client, so there is nobody to bill.")
    for ability in project["abilities"]:
        if ability.get("name") == "can_generate_invoice" and ability.get("value") is False:
            raise ActionRefused("not_permitted", "FreshBooks does not let this user bill this project.")
    return project


def _unretained(books: Books, project: Json, left_out: dict[str, int]) -> list[Json]:
    """Time under a retainer is paid by its fee."""
    rows = books.billable_entries(project["id"], billed=False)
    kept = [row for row in rows if row.get("retainer_id") is None]
    if len(kept) < len(rows):
        left_out["under a retainer"] = len(rows) - len(kept)
    return kept


def _unowned(
    rows: list[Json], key: Callable[[int], str], owners: Owners, left_out: dict[str, int]
) -> list[Json]:
    """Rows that no confirmed action has billed; what waits is kept, so that the same proposal is found again."""
    free = [row for row in rows if owners.get(key(int(row["id"])), ("", None))[1] != Status.confirmed]
    if len(free) < len(rows):
        reason = "billed by an earlier action"
        left_out[reason] = left_out.get(reason, 0) + len(rows) - len(free)
    return free


def _expenses(
    books: Books, project: Json, currency: str, owners: Owners, left_out: dict[str, int]
) -> list[Json]:
    rows = books.project_expenses(int(project["client_id"]), project["id"])
    same = [row for row in rows if row["amount"].get("code") == currency]
    if len(same) < len(rows):
        left_out["expense in another currency"] = len(rows) - len(same)
    free = _unowned(same, _expense_key(books.business.business_id), owners, left_out)
    return sorted(free, key=lambda row: (row["date"], int(row["id"])))


def _billed_before(business_id: int, project: Json, owners: Owners) -> bool:
    """Whether the fixed price is spent; raises ActionRefused when a part of it is, for the rest is a guess."""
    owner = owners.get(_fixed_price_key(business_id, project["id"]))
    if owner is not None and owner[1] is Status.confirmed:
        return True
    if decimal(project.get("billed_amount")) > 0 or project.get("billed_status") not in (None, "unbilled"):
        raise ActionRefused(
            "partly_billed",
            "A part of the fixed price was billed already. Draft the rest in FreshBooks, where you see the parts.",
        )
    return False


def _warnings(rate: Decimal | None, project: Json, items: list[PricedEntry]) -> tuple[str, ...]:
    found = []
    if rate is not None and any(item.rate == rate for item in items):
        found.append(f"The hourly rate {rate} was given with the request where FreshBooks has none.")
    if any(item.entry.service is None for item in items) and project.get("billing_method") == "service_rate":
        found.append("Some time has no service.")
    return tuple(found)


def _expense_fingerprint(row: Json) -> str:
    return digest({key: plain(row.get(key)) for key in _EXPENSE_KEYS})
