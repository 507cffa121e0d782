"""Draft an invoice for a completed project: what was worked and spent and is not billed yet.

The draft is one POST; how time becomes billed in FreshBooks is unproven (freshbooks-api.md 7.2, 7.4, 9): each
covered entry is then marked with `billed: true`, which the API documents as "marked as billed by hand", and read
back; with the setting `link = lines` the lines also carry `modern_time_entries`, as the web app sends it. The
claims of the ledger keep anything from being billed twice whichever of these FreshBooks heeds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from freshbooks_hub.agent.actions import draft_body, idempotency_keys
from freshbooks_hub.agent.actions.action_store import Prepared, Step, Task
from freshbooks_hub.agent.actions.api import Json
from freshbooks_hub.agent.actions.books import Books, as_client, decimal
from freshbooks_hub.agent.actions.canonical import digest
from freshbooks_hub.agent.actions.draft_body import entry_print, plain
from freshbooks_hub.agent.actions.models import (
    ActionRefused,
    Business,
    DraftInvoicePreview,
    Kind,
    PolicyView,
    Status,
)
from freshbooks_hub.agent.actions.place import name_of
from freshbooks_hub.agent.actions.pricing import (
    GroupBy,
    TaxSet,
    Worked,
    expense_line,
    fixed_line,
    is_fixed_price,
    taxes_by_name,
    taxes_of_client,
    time_lines,
    totals,
    worked,
)

MOST_DAYS = 3650
Holders = Callable[[list[str]], dict[str, tuple[str, Status]]]
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


@dataclass(frozen=True)
class DraftRequest:
    """What was asked; `taxes` None: those of the client's latest invoice."""

    project: int | str
    group_by: GroupBy = "service"
    hourly_rate: Decimal | None = None
    taxes: tuple[str, ...] | None = None
    due_in_days: int | None = None
    include_expenses: bool = True


def prepare(books: Books, asked: DraftRequest, policy: PolicyView, held: Holders, now: datetime) -> Prepared:
    """The proposal, read live. Raises ActionRefused saying what is missing."""
    if asked.due_in_days is not None and not 0 <= asked.due_in_days <= MOST_DAYS:
        raise ActionRefused("invalid_due", f"An invoice is due in 0 to {MOST_DAYS} days.")
    project = _ready(books.find_project(asked.project))
    client = books.client(int(project["client_id"]))
    if client is None:
        raise ActionRefused("client_unknown", "The project's client is deleted in FreshBooks.")
    currency = str(client.get("currency_code") or "")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise ActionRefused(
            "currency_unknown", "The client has no currency in FreshBooks. Set it there first."
        )
    left_out: dict[str, int] = {}
    entries = _free(books, _unretained(books, project, left_out), idempotency_keys.time_entry, held, left_out)
    expenses = _expenses(books, project, currency, held, left_out) if asked.include_expenses else []
    items = worked(books, project, sorted(entries, key=lambda row: int(row["id"])), asked.hourly_rate)
    fixed = is_fixed_price(project) and not _billed_before(books, project, held)
    if not expenses and not fixed and (not items or is_fixed_price(project)):
        raise ActionRefused(
            "nothing_unbilled",
            "The project has nothing left to bill.",
            left_out=left_out,
            project_id=project["id"],
        )
    tax, source = _taxes(books, asked, client)
    title = name_of(project["title"])
    lines = [fixed_line(project, title, tax)] if fixed else []
    if not is_fixed_price(project):
        lines += time_lines(items, asked.group_by, title, tax)
    lines += [expense_line(row) for row in expenses]
    subtotal, taxes, total = totals(lines, tax.compounded)
    today = now.astimezone(ZoneInfo(books.place.timezone)).date()
    mark = policy.link != "off"
    preview = DraftInvoicePreview(
        heading=f"Draft an invoice: {len(lines)} lines, {total} {currency}",
        business=Business(id=books.place.business_id, name=books.place.name),
        client=as_client(client),
        project_id=project["id"],
        project=title,
        create_date=today,
        due_in_days=asked.due_in_days,
        currency=currency,
        lines=tuple(lines),
        subtotal=str(subtotal),
        taxes=taxes,
        total=str(total),
        covered_entries=tuple(item.entry for item in items) if is_fixed_price(project) else (),
        will_mark_billed=tuple(item.entry.id for item in items) if mark else (),
        left_out=left_out,
        warnings=_warnings(asked, project, items, source, tax),
    )
    sent = draft_body.invoice(preview, tax, project["id"], lines_carry_entries=policy.link == "lines")
    steps = [Step("create", "POST", books.path("invoices/invoices"), draft_body.body({"invoice": sent}))]
    steps += [draft_body.mark(books, item.row) for item in items] if mark else []
    keys = [idempotency_keys.time_entry(books.place.business_id, item.entry.id) for item in items]
    keys += [idempotency_keys.expense(books.place.business_id, row["id"]) for row in expenses]
    keys += [idempotency_keys.fixed_price(books.place.business_id, project["id"])] if fixed else []
    return Prepared(
        kind=Kind.draft_invoice,
        business_id=books.place.business_id,
        account_id=books.place.account_id,
        steps=tuple(steps),
        preview=preview,
        amount=total,
        currency=currency,
        claims=tuple(keys),
        watch={
            "currency": currency,
            "fixed_price": str(project.get("fixed_price")) if fixed else None,
            "entries": {str(item.entry.id): entry_print(item.row) for item in items},
            "expenses": {str(row["id"]): _expense_print(row) for row in expenses},
        },
    )


def recheck(books: Books, task: Task) -> None:
    """Raises ActionRefused `stale` when anything that was approved is not so any more."""
    preview = _preview(task)
    project = books.project(preview.project_id)
    client = books.client(preview.client.id)
    fixed = task.watch["fixed_price"]
    if (
        client is None
        or client.get("currency_code") != task.watch["currency"]
        or project is None
        or project.get("client_id") != preview.client.id
        or (fixed is not None and str(project.get("fixed_price")) != fixed)
    ):
        raise _stale()
    entries = {str(row["id"]): entry_print(row) for row in books.unbilled_entries(preview.project_id)}
    if any(entries.get(number) != known for number, known in task.watch["entries"].items()):
        raise _stale()
    if task.watch["expenses"]:
        rows = books.project_expenses(preview.client.id, preview.project_id)
        expenses = {str(row["id"]): _expense_print(row) for row in rows}
        if any(expenses.get(number) != known for number, known in task.watch["expenses"].items()):
            raise _stale()


def _preview(task: Task) -> DraftInvoicePreview:
    assert isinstance(task.preview, DraftInvoicePreview)
    return task.preview


def _stale() -> ActionRefused:
    return ActionRefused(
        "stale",
        "Since the approval something on this invoice was billed, changed or deleted in FreshBooks. "
        "Nothing was written; propose it again.",
    )


def _ready(project: Json) -> Json:
    if not project.get("complete"):
        raise ActionRefused(
            "not_complete", "The project is not complete. Mark it as complete in FreshBooks first.",
            project_id=project["id"],
        )  # fmt: skip
    if project.get("client_id") is None:
        raise ActionRefused("no_client", "The project is not for a client, so there is nobody to bill.")
    for ability in project["abilities"]:
        if ability.get("name") == "can_generate_invoice" and ability.get("value") is False:
            raise ActionRefused("not_permitted", "FreshBooks does not let this user bill this project.")
    return project


def _unretained(books: Books, project: Json, left_out: dict[str, int]) -> list[Json]:
    """Time under a retainer is paid by its fee."""
    rows = books.unbilled_entries(project["id"])
    kept = [row for row in rows if row.get("retainer_id") is None]
    if len(kept) < len(rows):
        left_out["under a retainer"] = len(rows) - len(kept)
    return kept


def _free(
    books: Books, rows: list[Json], key: Callable[[int, int], str], held: Holders, left_out: dict[str, int]
) -> list[Json]:
    """Rows that no confirmed action has billed; what waits is kept, so that the same proposal is found again."""
    keys = {row["id"]: key(books.place.business_id, int(row["id"])) for row in rows}
    taken = held(list(keys.values()))
    free = [row for row in rows if taken.get(keys[row["id"]], ("", None))[1] != Status.confirmed]
    if len(free) < len(rows):
        reason = "billed by an earlier action"
        left_out[reason] = left_out.get(reason, 0) + len(rows) - len(free)
    return free


def _expenses(
    books: Books, project: Json, currency: str, held: Holders, left_out: dict[str, int]
) -> list[Json]:
    rows = books.project_expenses(int(project["client_id"]), project["id"])
    same = [row for row in rows if row["amount"].get("code") == currency]
    if len(same) < len(rows):
        left_out["expense in another currency"] = len(rows) - len(same)
    free = _free(books, same, idempotency_keys.expense, held, left_out)
    return sorted(free, key=lambda row: (row["date"], int(row["id"])))


def _billed_before(books: Books, project: Json, held: Holders) -> bool:
    """Whether the fixed price is spent; raises ActionRefused when a part of it is, for the rest is a guess."""
    key = idempotency_keys.fixed_price(books.place.business_id, project["id"])
    holder = held([key]).get(key)
    if holder is not None and holder[1] == Status.confirmed:
        return True
    if decimal(project.get("billed_amount")) > 0 or project.get("billed_status") not in (None, "unbilled"):
        raise ActionRefused(
            "partly_billed",
            "A part of the fixed price was billed already. Draft the rest in FreshBooks, where you see the parts.",
        )
    return False


def _taxes(books: Books, asked: DraftRequest, client: Json) -> tuple[TaxSet, int | None]:
    if asked.taxes is not None:
        return taxes_by_name(books, asked.taxes), None
    return taxes_of_client(books, int(client["id"]))


def _warnings(
    asked: DraftRequest, project: Json, items: list[Worked], source: int | None, tax: TaxSet
) -> tuple[str, ...]:
    found = []
    if asked.hourly_rate is not None and any(item.rate == asked.hourly_rate for item in items):
        found.append(
            f"The hourly rate {asked.hourly_rate} was given with the request where FreshBooks has none."
        )
    if asked.taxes is None and source is not None:
        kind = "Taxes are" if tax.taxes else "No tax is charged,"
        found.append(f"{kind} as on the client's latest invoice ({source}).")
    if any(item.entry.service is None for item in items) and project.get("billing_method") == "service_rate":
        found.append("Some time has no service.")
    return tuple(found)


def _expense_print(row: Json) -> str:
    return digest({key: plain(row.get(key)) for key in _EXPENSE_KEYS})
