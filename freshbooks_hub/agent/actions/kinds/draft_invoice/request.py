"""The request, and the preview that the approver sees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from freshbooks_hub.agent.actions.action_kind import ActionRequest
from freshbooks_hub.agent.actions.books import Reference
from freshbooks_hub.agent.actions.documents import GivenLine
from freshbooks_hub.agent.actions.kinds.draft_invoice.pricing import GroupBy
from freshbooks_hub.agent.actions.preview import (
    ActionPreview,
    Client,
    Entry,
    Line,
    Tax,
    business_line,
    client_line,
    entry_lines,
    invoice_lines,
    tax_lines,
)
from freshbooks_hub.core.currencies import with_code


class DraftInvoiceRequest(ActionRequest):
    """A draft of the unbilled time and expenses of a completed project; or of `lines`, for a client.

    `hourly_rate` (decimal text) is for time whose rate FreshBooks does not tell; `taxes` are names of taxes, None:
    those of the client's latest invoice.
    """

    project_id: Annotated[Reference | None, Field(description="Completed project to bill")] = None
    client_id: Annotated[Reference | None, Field(description="With lines, instead of a project")] = None
    lines: list[GivenLine] | None = None
    group_by: GroupBy = "service"
    hourly_rate: Annotated[
        str | None, Field(description="For time that has no rate in FreshBooks; ask the user")
    ] = None
    taxes: Annotated[
        list[str] | None, Field(description="Names of taxes; default: as on the client's last invoice")
    ] = None
    due_in_days: Annotated[int | None, Field(ge=0)] = None
    include_expenses: bool = True
    another_invoice: Annotated[
        bool, Field(description="Of lines: only if the user says that it is not a duplicate")
    ] = False


class DraftInvoicePreview(ActionPreview):
    """Everything that the draft will hold. `left_out` counts unbilled items that are not on it, by reason."""

    kind: Literal["draft_invoice"] = "draft_invoice"
    client: Client
    project_id: int | None
    project: str | None
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
    if preview.project_id is not None:
        yield f"Project       {preview.project} ({preview.project_id})"
    yield f"Date          {preview.create_date}"
    if preview.due_in_days is not None:
        yield f"Due in        {preview.due_in_days} days"
    yield from invoice_lines(preview.lines, preview.currency)
    yield f"Subtotal      {with_code(preview.subtotal, preview.currency)}"
    yield from tax_lines(preview.taxes, preview.currency)
    yield f"Total         {with_code(preview.total, preview.currency)}"
    if preview.covered_entries:
        yield f"Covers        {len(preview.covered_entries)} time entries:"
        yield from entry_lines(preview.covered_entries)
    if preview.will_mark_billed:
        yield f"Marks         {len(preview.will_mark_billed)} time entries as billed"
    for reason, count in preview.left_out.items():
        yield f"Left out      {reason} ({count})"
