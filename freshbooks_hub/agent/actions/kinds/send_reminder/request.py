"""What is asked for, and what the approver is shown: the mail, and what is owed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

from freshbooks_hub.agent.actions.action_kind import ActionRequest, StoredAction
from freshbooks_hub.agent.actions.books import Reference
from freshbooks_hub.agent.actions.preview import ActionPreview, Client, business_line, client_line


class SendReminderRequest(ActionRequest):
    """A reminder of an overdue invoice; without words of one's own, in the client's language."""

    invoice_id: Reference
    subject: str | None = None
    body: str | None = None
    include_pdf: bool = False


class SendReminderPreview(ActionPreview):
    """The mail that will leave."""

    kind: Literal["send_reminder"] = "send_reminder"
    client: Client
    invoice_id: int
    invoice_number: str
    due_date: date
    days_overdue: int
    outstanding: str
    recipients: tuple[str, ...]
    language: str
    subject: str
    body: str
    include_pdf: bool

    @property
    def total_amount(self) -> str:
        return self.outstanding


def preview_of(action: StoredAction) -> SendReminderPreview:
    assert isinstance(action.preview, SendReminderPreview)
    return action.preview


def describe(preview: SendReminderPreview) -> Iterator[str]:
    """The lines of the preview."""
    yield business_line(preview)
    yield client_line(preview.client)
    yield f"Invoice       {preview.invoice_number} ({preview.invoice_id})"
    yield f"Due           {preview.due_date}, {preview.days_overdue} days overdue"
    yield f"Outstanding   {preview.outstanding} {preview.currency}"
    for recipient in preview.recipients:
        yield f"To            {recipient}"
    yield f"Subject       {preview.subject}"
    for line in preview.body.splitlines():
        yield f"Text          {line}"
    yield f"PDF attached  {'yes' if preview.include_pdf else 'no'}"
