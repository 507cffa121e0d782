"""A preview as text for a terminal. Text from the books stands in labelled lines only, cleaned before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from freshbooks_hub.agent.actions.models import (
    Action,
    DraftInvoicePreview,
    Entry,
    ExpensePreview,
    Line,
    SendInvoicePreview,
    Tax,
)


def as_text(action: Action) -> str:
    """Everything that will be written, for the eyes of the approver."""
    preview = action.preview
    lines = [preview.heading, ""]
    if isinstance(preview, DraftInvoicePreview):
        lines += _draft(preview)
    elif isinstance(preview, SendInvoicePreview):
        lines += _mail(preview)
    else:
        lines += _expense(preview)
    lines += [f"! {warning}" for warning in preview.warnings]
    lines += [
        "",
        f"Proposed by   {action.proposed_by}, {action.created_at:%Y-%m-%d %H:%M} UTC",
        f"Valid until   {action.expires_at:%Y-%m-%d %H:%M} UTC",
        f"Action        {action.id} ({action.status.value})",
        f"Fingerprint   {action.payload_hash[:16]}",
    ]
    if action.result:
        lines.append(f"Result        {action.result.message}")
    return "\n".join(lines)


def _draft(preview: DraftInvoicePreview) -> Iterator[str]:
    yield f"Business      {preview.business.name} ({preview.business.id})"
    yield f"Client        {preview.client.name} ({preview.client.id})"
    yield f"Project       {preview.project} ({preview.project_id})"
    yield f"Date          {preview.create_date}"
    if preview.due_in_days is not None:
        yield f"Due in        {preview.due_in_days} days"
    yield from _lines(preview.lines, preview.currency)
    yield f"Subtotal      {preview.subtotal} {preview.currency}"
    yield from _taxes(preview.taxes, preview.currency)
    yield f"Total         {preview.total} {preview.currency}"
    if preview.covered_entries:
        yield f"Covers        {len(preview.covered_entries)} time entries:"
        yield from _entries(preview.covered_entries)
    if preview.will_mark_billed:
        yield f"Marks         {len(preview.will_mark_billed)} time entries as billed"
    for reason, count in preview.left_out.items():
        yield f"Left out      {count}: {reason}"


def _mail(preview: SendInvoicePreview) -> Iterator[str]:
    yield f"Business      {preview.business.name} ({preview.business.id})"
    yield f"Client        {preview.client.name} ({preview.client.id})"
    yield f"Invoice       {preview.invoice_number} of {preview.create_date} ({preview.invoice_id})"
    yield f"Due           {preview.due_date or 'not set'}"
    yield from _lines(preview.lines, preview.currency)
    yield f"Total         {preview.total} {preview.currency}"
    for recipient in preview.recipients:
        mark = "" if recipient.on_file else "   ! NOT an address of this client in FreshBooks"
        yield f"To            {recipient.email}{mark}"
    if preview.subject is not None:
        yield f"Subject       {preview.subject}"
    for line in (preview.body or "").splitlines():
        yield f"Text          {line}"
    yield f"PDF attached  {'yes' if preview.include_pdf else 'no'}"


def _expense(preview: ExpensePreview) -> Iterator[str]:
    yield f"Business      {preview.business.name} ({preview.business.id})"
    yield f"Vendor        {preview.vendor}"
    yield f"Date          {preview.date}"
    yield f"Amount        {preview.amount} {preview.currency}, taxes included"
    yield from _taxes(preview.taxes, preview.currency)
    yield f"Category      {preview.category} ({preview.category_id})"
    if preview.client:
        yield f"Client        {preview.client.name} ({preview.client.id})"
    if preview.project_id is not None:
        yield f"Project       {preview.project} ({preview.project_id})"
    yield f"Bill it on    {'yes' if preview.billable else 'no'}"
    if preview.notes:
        yield f"Notes         {preview.notes}"
    if preview.receipt:
        receipt = preview.receipt
        yield f"Receipt       {receipt.filename}, {receipt.media_type}, {receipt.bytes} bytes"
    for twin in preview.look_alikes:
        yield f"Looks like    expense {twin.expense_id} of {twin.date}: {twin.amount.amount} {twin.amount.currency}"


def _lines(lines: Sequence[Line], currency: str) -> Iterator[str]:
    yield ""
    for line in lines:
        taxes = "".join(f" + {tax.name} {tax.percent} %" for tax in line.taxes)
        yield f"  {line.name}  {line.quantity} x {line.unit_cost} = {line.amount} {currency}{taxes}"
        if line.description:
            yield f"      {line.description}"
        yield from _entries(line.entries)
        if line.expense:
            yield f"      expense {line.expense.id}, cost {line.expense.cost}, markup {line.expense.markup_percent} %"
    yield ""


def _entries(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        service = f", {entry.service}" if entry.service else ""
        note = f"  {entry.note}" if entry.note else ""
        yield f"      {entry.date}  {entry.hours} h  {entry.person}{service}{note}"


def _taxes(taxes: Sequence[Tax], currency: str) -> Iterator[str]:
    for tax in taxes:
        percent = f" {tax.percent} %" if tax.percent is not None else ""
        yield f"Tax           {tax.name}{percent}: {tax.amount} {currency}"
