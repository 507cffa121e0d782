"""The body of the invoice and the marks on its time entries: built, sent, found again and compared in FreshBooks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from freshbooks_api.client import Json, Lost, NeverSent, Refused
from freshbooks_api.verified import UNKNOWN
from freshbooks_hub.agent.actions.action_kind import (
    Candidates,
    ProposalContext,
    Step,
    StoredAction,
    changed_since,
    delete_record,
)
from freshbooks_hub.agent.actions.audit import canonical, digest
from freshbooks_hub.agent.actions.books import DELETED, Books, is_draft, is_living
from freshbooks_hub.agent.actions.documents import (
    TaxSet,
    candidates,
    differences,
    drafted,
    sent_line,
)
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoicePreview
from freshbooks_hub.agent.actions.models import ActionRefused, Result
from freshbooks_hub.agent.actions.preview import Line, Money

# How lines name their time entries; None: they do not.
Named = Literal["objects", "numbers"] | None
# What a PUT of a time entry must carry, or it is lost (freshbooks-api.md 7.1).
ENTRY_KEYS = (
    "is_logged",
    "started_at",
    "duration",
    "client_id",
    "project_id",
    "task_id",
    "service_id",
    "note",
    "billable",
    "local_started_at",
    "local_timezone",
    "internal",
    "retainer_id",
    "identity_id",
)
# What must not have changed in an expense between the preview and the invoice.
EXPENSE_KEYS = (
    "amount",
    "date",
    "vendor",
    "categoryid",
    "clientid",
    "modern_projectid",
    "billable",
    "status",
)


def invoice_of(preview: DraftInvoicePreview, tax: TaxSet, named: Named = None) -> dict[str, Any]:
    """The invoice as sent; `named`: how its lines name their time entries, as the web app does."""
    sent: dict[str, Any] = {
        "customerid": preview.client.id,
        "create_date": preview.create_date.isoformat(),
        "currency_code": preview.currency,
        "lines": [
            sent_line(line, preview.currency, tax) | (_entries_of(line, preview, named) if named else {})
            for line in preview.lines
        ],
    }
    if preview.due_in_days is not None:
        sent["due_offset_days"] = preview.due_in_days
    return sent


def named_entries(context: ProposalContext) -> Named:
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


def _entries_of(line: Line, preview: DraftInvoicePreview, named: str) -> dict[str, Any]:
    if not line.entries:
        return {}
    entries = [entry.id if named == "numbers" else {"id": entry.id} for entry in line.entries]
    return {"modern_project_id": preview.project_id, "modern_time_entries": entries}


def mark_as_billed(books: Books, row: Json, billed: bool = True) -> Step:
    """A PUT replaces the whole entry (freshbooks-api.md 7.1), so everything that was read is sent back."""
    fields = {key: _plain(row[key]) for key in ENTRY_KEYS if row.get(key) is not None}
    body = canonical({"time_entry": fields | {"billed": billed}})
    return Step(f"mark {row['id']}", "PUT", books.entry_path(int(row["id"])), body)


def _plain(value: Any) -> Any:
    """A value of FreshBooks in the ledger's JSON, which knows no Decimal."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, Decimal) else value


def entry_fingerprint(row: Json) -> str:
    """What must not have changed in a time entry between the preview and the invoice."""
    return digest({key: _plain(row.get(key)) for key in ENTRY_KEYS})


def expense_fingerprint(row: Json) -> str:
    """The same for an expense that is rebilled."""
    return digest({key: _plain(row.get(key)) for key in EXPENSE_KEYS})


def find(books: Books, action: StoredAction) -> Candidates:
    """Living invoices of the client and day whose lines agree, or whose total nearly does."""
    sent, preview = action.sent("invoice"), action.preview_as(DraftInvoicePreview)
    rows = books.invoices_of(sent["customerid"], sent["create_date"])
    return candidates(rows, sent, preview.total)


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The draft as FreshBooks has it, compared with what was approved."""
    row = books.invoice(record_id)
    if row is None or row.get("vis_state") == DELETED:
        return None
    preview = action.preview_as(DraftInvoicePreview)
    message = "The draft is in FreshBooks. It is not sent; sending is an action of its own."
    approved = Money(amount=preview.total, currency=preview.currency)
    return drafted(message, "draft", row, action.sent("invoice"), approved, "invoice_number", "v3_status")


def exists(books: Books, record_id: int) -> bool:
    return is_living(books.invoice(record_id))


def undo(books: Books, action: StoredAction, record_id: int) -> None:
    """Delete the draft, if it is unchanged since it was sent, and make its time billable again."""
    row = books.invoice(record_id)
    if row is not None and is_living(row) and (not is_draft(row) or differences(action.sent("invoice"), row)):
        raise changed_since()
    delete_record(
        books, books.path("invoices/invoices", record_id), "invoice", lambda: exists(books, record_id)
    )
    _unmark_time(books, action)


def _unmark_time(books: Books, action: StoredAction) -> None:
    """Take the marks from the time of a deleted draft, where FreshBooks did not do so itself; safe to repeat."""
    known, project = action.watch["entries"], action.preview_as(DraftInvoicePreview).project_id
    for row in books.billable_entries(project, billed=True) if known and project is not None else ():
        if str(row["id"]) not in known:
            continue
        step = mark_as_billed(books, row, billed=False)
        try:
            books.api.send(step.method, step.path, step.body or "")
        except (Refused, Lost, NeverSent) as error:
            raise ActionRefused(
                "not_undone",
                "The draft is deleted, but some of its time still shows as billed. Try again in a few minutes.",
            ) from error


def mark_time(books: Books, action: StoredAction, result: Result) -> Result | None:
    """Mark the billed time in FreshBooks, then read it back to see whether FreshBooks shows it as billed.

    Marking is safe to repeat. An entry that somebody changed meanwhile is left as it is, since a PUT would
    undo the change. None: there is nothing to mark, or FreshBooks could not be asked.
    """
    known = action.watch["entries"]
    project_id = action.preview_as(DraftInvoicePreview).project_id
    if not known or project_id is None or result.linked_in_freshbooks is not None:
        return None
    waiting = {str(row["id"]): row for row in books.billable_entries(project_id, billed=False)}
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
    left = {str(row["id"]) for row in books.billable_entries(project_id, billed=False)}
    return result.model_copy(update={"linked_in_freshbooks": not left & known.keys()})
