"""The exact requests of a draft: the invoice, and the marks on the time that it bills."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from freshbooks_hub.agent.actions.action_store import Step
from freshbooks_hub.agent.actions.api import Json
from freshbooks_hub.agent.actions.books import Books
from freshbooks_hub.agent.actions.canonical import canonical, digest
from freshbooks_hub.agent.actions.models import DraftInvoicePreview, Line
from freshbooks_hub.agent.actions.pricing import TaxSet

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


def invoice(
    preview: DraftInvoicePreview, tax: TaxSet, project_id: int, *, lines_carry_entries: bool
) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "customerid": preview.client.id,
        "create_date": preview.create_date.isoformat(),
        "currency_code": preview.currency,
        "lines": [
            _line(line, preview.currency, tax, project_id if lines_carry_entries else None)
            for line in preview.lines
        ],
    }
    if preview.due_in_days is not None:
        sent["due_offset_days"] = preview.due_in_days
    return sent


def _line(line: Line, currency: str, tax: TaxSet, project_id: int | None) -> dict[str, Any]:
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
    if project_id is not None and line.entries:
        sent |= {
            "modern_project_id": project_id,
            "modern_time_entries": [{"id": entry.id} for entry in line.entries],
        }
    return sent


def mark(books: Books, row: Json) -> Step:
    """A PUT replaces the whole entry (freshbooks-api.md 7.1), so everything that was read goes back."""
    fields = {key: plain(row[key]) for key in ENTRY_KEYS if row.get(key) is not None}
    body = canonical({"time_entry": fields | {"billed": True}})
    return Step(f"mark {row['id']}", "PUT", books.entry_path(int(row["id"])), body)


def plain(value: Any) -> Any:
    """A value of FreshBooks in the ledger's JSON, which knows no Decimal."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, Decimal) else value


def body(value: dict[str, Any]) -> str:
    """The exact text to send. A quantity is a JSON number (freshbooks-api.md 7.2), written without a float."""
    # A quote inside text is escaped, so this pattern meets keys only.
    return re.sub(r'"qty":"(\d+(?:\.\d+)?)"', r'"qty":\1', canonical(value))


def entry_print(row: Json) -> str:
    """What must not have changed in a time entry between the preview and the invoice."""
    return digest({key: plain(row.get(key)) for key in ENTRY_KEYS})
