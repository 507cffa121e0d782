"""Asking the person: what an action would do, in words of ours and values that are marked as such."""

from __future__ import annotations

from typing import Any, Literal

from mcp.server.mcpserver import Context
from pydantic import BaseModel, Field

from freshbooks_hub.agent.actions.models import (
    Action,
    DraftInvoicePreview,
    ExpensePreview,
    Line,
    SendInvoicePreview,
)
from freshbooks_hub.agent.untrusted import clean

MAX_LINES = 30


class Decision(BaseModel):
    """The form that a person fills in."""

    decision: Literal["approve", "refuse"] = Field(description="Nothing is written unless you approve.")


def can_ask(ctx: Context[Any, Any]) -> bool:
    """Whether the client can show a form to its user (an empty capability means form, as it first did)."""
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def question(action: Action) -> str:
    """The approval's text. The heading is ours; text from the books stands quoted behind a label, one line each."""
    preview = action.preview
    details = _DETAILS[type(preview)](preview)
    return "\n".join(
        [
            preview.heading,
            "",
            *details,
            *(f"Note: {clean(warning)}" for warning in preview.warnings),
            f"Action {action.id}, open until {action.expires_at:%Y-%m-%d %H:%M} UTC.",
        ]
    )


def _draft(preview: DraftInvoicePreview) -> list[str]:
    left_out = ", ".join(f"{count} {reason}" for reason, count in preview.left_out.items())
    return [
        f"Business: {_quoted(preview.business.name)}",
        f"Client: {_quoted(preview.client.name)} (id {preview.client.id})",
        f"Project: {_quoted(preview.project)} (id {preview.project_id})",
        f"Date: {preview.create_date}",
        *_lines(preview.lines, preview.currency),
        *(f"Tax {_quoted(tax.name)}: {tax.amount or f'{tax.percent} %'}" for tax in preview.taxes),
        f"Total: {preview.total} {preview.currency}",
        *(
            [f"Time entries marked as billed: {len(preview.will_mark_billed)}"]
            if preview.will_mark_billed
            else []
        ),
        *([f"Not on this invoice: {left_out}"] if left_out else []),
    ]


def _send(preview: SendInvoicePreview) -> list[str]:
    return [
        f"Business: {_quoted(preview.business.name)}",
        f"Client: {_quoted(preview.client.name)} (id {preview.client.id})",
        f"Invoice: {_quoted(preview.invoice_number)} of {preview.create_date}",
        *(
            f"Mail to: {_quoted(recipient.email)}"
            + ("" if recipient.on_file else "  NOT an address of the client")
            for recipient in preview.recipients
        ),
        *([f"Subject: {_quoted(preview.subject)}"] if preview.subject else []),
        *([f"Text: {_quoted(preview.body, 500)}"] if preview.body else []),
        *_lines(preview.lines, preview.currency),
        f"Total: {preview.total} {preview.currency}, outstanding {preview.outstanding} {preview.currency}",
    ]


def _expense(preview: ExpensePreview) -> list[str]:
    receipt = preview.receipt
    return [
        f"Business: {_quoted(preview.business.name)}",
        f"Vendor: {_quoted(preview.vendor)}",
        f"Date: {preview.date}",
        f"Amount: {preview.amount} {preview.currency}, taxes included",
        *(f"Tax {_quoted(tax.name)}: {tax.amount or f'{tax.percent} %'}" for tax in preview.taxes),
        f"Category: {_quoted(preview.category)}",
        *([f"Client: {_quoted(preview.client.name)} (id {preview.client.id})"] if preview.client else []),
        *([f"Project: {_quoted(preview.project)}"] if preview.project else []),
        f"Billable to the client: {'yes' if preview.billable else 'no'}",
        *([f"Notes: {_quoted(preview.notes, 300)}"] if preview.notes else []),
        f"Receipt: {_quoted(receipt.filename)}, {receipt.bytes} bytes" if receipt else "Receipt: none",
        *(
            f"Looks like one of {like.date}: {like.amount.amount} {like.amount.currency}"
            for like in preview.look_alikes
        ),
    ]


_DETAILS: dict[type, Any] = {
    DraftInvoicePreview: _draft,
    SendInvoicePreview: _send,
    ExpensePreview: _expense,
}


def _lines(lines: tuple[Line, ...], currency: str) -> list[str]:
    shown = [
        f"{number}. {_quoted(line.name, 60)}: {line.quantity} x {line.unit_cost} = {line.amount} {currency}"
        + (f", {len(line.entries)} time entries" if line.entries else "")
        for number, line in enumerate(lines[:MAX_LINES], start=1)
    ]
    hidden = len(lines) - len(shown)
    return shown + ([f"… and {hidden} more lines; `freshbooks actions` shows all of them."] if hidden else [])


def _quoted(text: str, limit: int = 100) -> str:
    # The quotes are ours alone, so that a name cannot close them and go on in our voice.
    plain = clean(text, limit).translate({ord("“"): '"', ord("”"): '"'})
    return f"“{plain}”"
