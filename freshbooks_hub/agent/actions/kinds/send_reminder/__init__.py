"""Remind a client of an overdue invoice by e-mail."""

from __future__ import annotations

from datetime import timedelta

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.send_reminder.prepare import find, prepare, recheck, verify
from freshbooks_hub.agent.actions.kinds.send_reminder.request import (
    SendReminderPreview,
    SendReminderRequest,
    describe,
)

KIND = ActionKind(
    name="send_reminder",
    write="remind",
    label="Send reminder",
    title="Remind a client by e-mail",
    description="Propose to e-mail a reminder of an overdue invoice to the client's own addresses, in its language. "
    "A person approves it; it cannot be undone.",
    request=SendReminderRequest,
    preview=SendReminderPreview,
    streams=("invoices", "clients"),
    record="invoice",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    sends_email=True,
    cool_down=timedelta(days=7),
    changes_record=True,
    leaves_trace=False,
    position=10,
)
