"""What is asked for, what is shown, and what exactly is sent: the invoice, and the marks on the time that it bills."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from freshbooks_api.client import Json
from freshbooks_hub.agent.actions.action_kind import ActionRequest, Step, canonical, digest
from freshbooks_hub.agent.actions.books import Books, Reference
from freshbooks_hub.agent.actions.kinds.draft_invoice.pricing import GroupBy, TaxSet
from freshbooks_hub.agent.actions.models import ActionPreview, Client, Entry, Line, Tax
from freshbooks_hub.agent.actions.preview_lines import (
    business_line,
    client_line,
    entry_lines,
    invoice_lines,
    tax_lines,
)

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


class DraftInvoiceRequest(ActionRequest):
    """A draft of the unbilled time and expenses of a completed project.

    `hourly_rate` (decimal text) is for time whose rate FreshBooks does not tell; `taxes` are names of taxes, None:
    those of the client's latest invoice.
    """

    project_id: Reference
    group_by: GroupBy = "service"
    hourly_rate: Annotated[str | None, Field(description="For time of unknown rate; ask the user")] = None
    taxes: Annotated[
        list[str] | None, Field(description="By name; default: those of the client's last invoice")
    ] = None
    due_in_days: Annotated[int | None, Field(ge=0)] = None
    include_expenses: bool = True


class DraftInvoicePreview(ActionPreview):
    """Everything that the draft will hold. `left_out` counts unbilled items that are not on it, by reason."""

    kind: Literal["draft_invoice"] = "draft_invoice"
    client: Client
    project_id: int
    project: str
    create_date: date
    due_in_days: int | None
    lines: tuple[Line, ...]
    subtotal: str
    taxes: tuple[Tax, ...]
    total: str
    covered_entries: tuple[Entry, ...] = ()  # of a fixed price: hours that it pays for
    will_mark_billed: tuple[int, ...] = ()  # ids of time entries
    left_out: dict[str, int] = Field(default_factory=dict)

    @property
    def total_amount(self) -> str:
        return self.total


def describe(preview: DraftInvoicePreview) -> Iterator[str]:
    """The lines of the preview for a terminal."""
    yield business_line(preview)
    yield client_line(preview.client)
    yield f"Project       {preview.project} ({preview.project_id})"
    yield f"Date          {preview.create_date}"
    if preview.due_in_days is not None:
        yield f"Due in        {preview.due_in_days} days"
    yield from invoice_lines(preview.lines, preview.currency)
    yield f"Subtotal      {preview.subtotal} {preview.currency}"
    yield from tax_lines(preview.taxes, preview.currency)
    yield f"Total         {preview.total} {preview.currency}"
    if preview.covered_entries:
        yield f"Covers        {len(preview.covered_entries)} time entries:"
        yield from entry_lines(preview.covered_entries)
    if preview.will_mark_billed:
        yield f"Marks         {len(preview.will_mark_billed)} time entries as billed"
    for reason, count in preview.left_out.items():
        yield f"Left out      {count}: {reason}"


def invoice_of(
    preview: DraftInvoicePreview, tax: TaxSet, project_id: int, *, lines_carry_entries: bool
) -> dict[str, Any]:
    """The invoice as it is sent; with `lines_carry_entries` its lines name their time entries, as the web app does."""
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
