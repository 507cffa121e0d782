"""Create an expense, with its receipt."""

from __future__ import annotations

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.kinds.create_expense.prepare import prepare, recheck
from freshbooks_hub.agent.actions.kinds.create_expense.request import (
    CreateExpensePreview,
    CreateExpenseRequest,
    describe,
)
from freshbooks_hub.agent.actions.kinds.create_expense.send import exists, find, send, undo, verify

KIND = ActionKind(
    name="create_expense",
    write="expense",
    label="Create expense",
    title="Create an expense",
    description="Propose an expense in FreshBooks, with its receipt attached. A person approves it.",
    request=CreateExpenseRequest,
    preview=CreateExpensePreview,
    streams=("expenses", "expense_categories"),
    record="expense",
    prepare=prepare,
    recheck=recheck,
    find=find,
    verify=verify,
    describe=describe,
    send=send,
    exists=exists,
    undo=undo,
    position=3,
)
