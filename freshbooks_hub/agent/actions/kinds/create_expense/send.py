"""Send an expense: its receipt is uploaded first, and the key of the upload goes with it (freshbooks-api.md 7.5).

An upload books nothing and is listed nowhere, so it is safe to repeat.
"""

from __future__ import annotations

import re

from freshbooks_hub.agent.actions import receipts
from freshbooks_hub.agent.actions.action_kind import (
    ActionContext,
    Step,
    StoredAction,
    UploadFailed,
    digest_text,
    send_first_step,
)
from freshbooks_hub.agent.actions.api import Json, Lost, NeverSent, single
from freshbooks_hub.agent.actions.kinds.create_expense.prepare import UPLOAD, placeholder
from freshbooks_hub.agent.actions.kinds.create_expense.request import CreateExpensePreview

# What fits into the body as it is.
_KEY = re.compile(r"[A-Za-z0-9_.~+/=-]{1,4096}")


def send(context: ActionContext, action: StoredAction) -> Json:
    """Upload the receipt, if there is one, and book the expense. Raises NeverSent, Lost, Refused, UploadFailed."""
    first = action.steps[0]
    if first.name != UPLOAD:
        return send_first_step(context, action)
    key = _upload(context, action, first)
    create = action.step("create")
    # From here on the expense may exist: what is told of it later depends on this note.
    context.note(step=create.name, receipt_hash=digest_text(key))
    # The quotes of a text value are escaped, so this meets the one key `jwt` of the body.
    body = (create.body or "").replace(f'"jwt":"{placeholder(first.receipt or "")}"', f'"jwt":"{key}"')
    return context.books.api.send(create.method, create.path, body)


def _upload(context: ActionContext, action: StoredAction, step: Step) -> str:
    """The key of the upload. Raises UploadFailed after some attempts, Refused at once."""
    assert isinstance(action.preview, CreateExpensePreview)
    receipt = action.preview.receipt
    assert receipt is not None  # the step is there for it
    content = receipts.kept(context.home, receipt.sha256)
    if content is None:
        raise UploadFailed
    for attempt in range(1, context.timing.attempts + 1):
        try:
            answer = context.books.api.upload(step.path, receipt.filename, receipt.media_type, content)
        except (Lost, NeverSent):
            answer = {}
        key = (single(answer, "attachment") or {}).get("jwt")
        if isinstance(key, str) and _KEY.fullmatch(key):
            return key
        context.clock.sleep(attempt)
    raise UploadFailed
