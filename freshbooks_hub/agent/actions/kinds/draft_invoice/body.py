"""The invoice and the marks on its time: as they are sent, and found again and compared in FreshBooks."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Literal

from freshbooks_api.client import Json, Lost, NeverSent, Refused
from freshbooks_hub.agent.actions.action_kind import Candidates, Step, StoredAction
from freshbooks_hub.agent.actions.audit import canonical, digest
from freshbooks_hub.agent.actions.books import DELETED, Books, decimal, name_of
from freshbooks_hub.agent.actions.kinds.draft_invoice.pricing import TaxSet
from freshbooks_hub.agent.actions.kinds.draft_invoice.request import DraftInvoicePreview
from freshbooks_hub.agent.actions.models import Result
from freshbooks_hub.agent.actions.preview import Line, Money

# FreshBooks may round a tax by itself; a draft within this of the approved total may be ours.
NEAR = Decimal("0.05")
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


def invoice_of(preview: DraftInvoicePreview, tax: TaxSet, project_id: int, named: Named) -> dict[str, Any]:
    """The invoice as it is sent; `named`: how its lines name their time entries, as the web app's do."""
    sent: dict[str, Any] = {
        "customerid": preview.client.id,
        "create_date": preview.create_date.isoformat(),
        "currency_code": preview.currency,
        "lines": [
            _line(line, preview.currency, tax) | (_entries_of(line, project_id, named) if named else {})
            for line in preview.lines
        ],
    }
    if preview.due_in_days is not None:
        sent["due_offset_days"] = preview.due_in_days
    return sent


def _line(line: Line, currency: str, tax: TaxSet) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "type": 1 if line.expense else 0,
        "name": line.name,
        "description": line.description,
        "qty": line.quantity,
        "unit_cost": {"amount": line.unit_cost, "code": currency},
    }
    if line.expense:
        sent["expenseid"] = line.expense.id
    for slot, item in enumerate(line.taxes, 1):
        sent |= {f"taxName{slot}": item.name, f"taxAmount{slot}": item.percent}
    if tax.compounded and len(line.taxes) == 2:
        sent["compounded_tax"] = True
    return sent


def _entries_of(line: Line, project_id: int, named: str) -> dict[str, Any]:
    if not line.entries:
        return {}
    entries = [entry.id if named == "numbers" else {"id": entry.id} for entry in line.entries]
    return {"modern_project_id": project_id, "modern_time_entries": entries}


def mark_as_billed(books: Books, row: Json) -> Step:
    """A PUT replaces the whole entry (freshbooks-api.md 7.1), so everything that was read goes back."""
    fields = {key: plain(row[key]) for key in ENTRY_KEYS if row.get(key) is not None}
    body = canonical({"time_entry": fields | {"billed": True}})
    return Step(f"mark {row['id']}", "PUT", books.entry_path(int(row["id"])), body)


def plain(value: Any) -> Any:
    """A value of FreshBooks in the ledger's JSON, which knows no Decimal."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, Decimal) else value


def exact_body(value: dict[str, Any]) -> str:
    """The exact text to send. A quantity is a JSON number (freshbooks-api.md 7.2), written without a float."""
    # A quote inside text is escaped, so this pattern meets keys only.
    return re.sub(r'"qty":"(\d+(?:\.\d+)?)"', r'"qty":\1', canonical(value))


def entry_fingerprint(row: Json) -> str:
    """What must not have changed in a time entry between the preview and the invoice."""
    return digest({key: plain(row.get(key)) for key in ENTRY_KEYS})


def find(books: Books, action: StoredAction) -> Candidates:
    """Living invoices of the client and day whose lines agree, or whose total nearly does."""
    sent, preview = _sent(action), _preview(action)
    rows = books.invoices_of(sent["customerid"], sent["create_date"])
    matches = tuple(int(row["id"]) for row in rows if not differences(sent, row))
    total = Decimal(preview.total)
    near = (int(row["id"]) for row in rows if abs(decimal(row["amount"]) - total) <= NEAR)
    return Candidates(matches, tuple(number for number in near if number not in matches))


def verify(books: Books, action: StoredAction, record_id: int) -> Result | None:
    """The draft as FreshBooks has it, compared with what was approved."""
    row = books.invoice(record_id)
    if row is None or row.get("vis_state") == DELETED:
        return None
    preview = _preview(action)
    found = differences(_sent(action), row)
    if decimal(row["amount"]) != Decimal(preview.total):
        found = (*found, "total")
    message = "The draft is in FreshBooks. It is not sent; sending is an action of its own."
    if found:
        message = "The draft is in FreshBooks, but it differs from what was approved. Check it there."
    return Result(
        code="drafted",
        message=message,
        record_id=record_id,
        record_number=name_of(row.get("invoice_number")),
        after=name_of(row.get("v3_status")),
        total=Money(amount=str(decimal(row["amount"])), currency=preview.currency),
        differences=found,
    )


def exists(books: Books, record_id: int) -> bool:
    row = books.invoice(record_id)
    return row is not None and row.get("vis_state") != DELETED


def differences(sent: dict[str, Any], row: Json) -> tuple[str, ...]:
    """The fields where FreshBooks holds something else than was sent.

    The total is not among them: equal lines make it, and FreshBooks may round a tax in its own way.
    """
    lines = row.get("lines") or []
    found = [
        name
        for name in ("customerid", "create_date", "currency_code")
        if str(row.get(name)) != str(sent[name])
    ]
    if len(lines) != len(sent["lines"]):
        return (*found, "lines")
    for number, (ours, theirs) in enumerate(zip(sent["lines"], lines, strict=True), 1):
        same = (
            _text(ours["name"]) == _text(theirs.get("name"))
            and _text(ours["description"]) == _text(theirs.get("description"))
            and decimal(ours["qty"]) == decimal(theirs.get("qty"))
            and decimal(ours["unit_cost"]) == decimal(theirs.get("unit_cost"))
            and all(_tax(ours, slot) == _tax(theirs, slot) for slot in "12")
            and int(ours.get("expenseid") or 0) == int(theirs.get("expenseid") or 0)
        )
        if not same:
            found.append(f"line {number}")
    return tuple(found)


def mark_time(books: Books, action: StoredAction, result: Result) -> Result | None:
    """Mark the billed time in FreshBooks and read it back: does FreshBooks show it as billed?

    Marking is safe to repeat. An entry that somebody changed meanwhile is left as it is, since a PUT would
    undo the change. None: there is nothing to mark, or FreshBooks could not be asked.
    """
    known = action.watch["entries"]
    if not known or result.linked_in_freshbooks is not None:
        return None
    preview = _preview(action)
    waiting = {str(row["id"]): row for row in books.unbilled_entries(preview.project_id)}
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
    left = {str(row["id"]) for row in books.unbilled_entries(preview.project_id)}
    return result.model_copy(update={"linked_in_freshbooks": not left & known.keys()})


def _preview(action: StoredAction) -> DraftInvoicePreview:
    assert isinstance(action.preview, DraftInvoicePreview)
    return action.preview


def _sent(action: StoredAction) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(action.step("create").body or "{}", parse_float=Decimal)["invoice"]
    return sent


def _text(value: object) -> str:
    return " ".join(str(value or "").split())


def _tax(line: Json, slot: str) -> tuple[str, Decimal]:
    name, percent = _text(line.get(f"taxName{slot}")), decimal(line.get(f"taxAmount{slot}"))
    return (name, percent) if name and percent else ("", Decimal(0))
