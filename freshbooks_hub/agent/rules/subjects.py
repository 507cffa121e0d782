"""The subjects of a rule now: projects and invoices in the marts, drafts of the hub, receipts in the folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import UNDONE, Status
from freshbooks_hub.agent.rules.rule_file import (
    INVOICE_DRAFTED,
    INVOICE_OVERDUE,
    PROJECT_COMPLETED,
    RECEIPT_LANDS,
    Rule,
)
from freshbooks_hub.core.clock import SystemClock
from freshbooks_hub.core.home import Home
from freshbooks_hub.marts.open import ONE_LOOK, open_marts

LARGEST = 100_000  # bytes of a receipt's data
RECENT = timedelta(days=30)
RECEIPTS = (".pdf", ".png", ".jpg", ".jpeg", ".gif")
_PROJECTS = """
    select business_id, project_id from projects
    where is_complete and client_id is not null
        and (unbilled_hours > 0 or (fixed_price is not null and billed_status = 'unbilled'))
    order by all
"""
_OVERDUE = "select business_id, invoice_id from invoices where is_overdue and days_overdue >= ? order by all"


@dataclass(frozen=True)
class Subject:
    """`key` identifies it for good; `fields` are the arguments of the action. `problem`: why there are none."""

    key: str
    fields: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None


def subjects(home: Home, actions: ActionService, clock: SystemClock, rule: Rule) -> Iterator[Subject]:
    """What the rule is about, in a fixed order. Raises HubError where the marts cannot be read."""
    if PROJECT_COMPLETED.fullmatch(rule.when):
        for business, project in _rows(home, _PROJECTS):
            fields = {"business_id": business, "project_id": project}
            yield Subject(f"project/{business}/{project}", fields)
    elif match := INVOICE_OVERDUE.fullmatch(rule.when):
        for business, invoice in _rows(home, _OVERDUE, int(match[1])):
            fields = {"business_id": business, "invoice_id": invoice}
            yield Subject(f"overdue/{business}/{invoice}", fields)
    elif INVOICE_DRAFTED.fullmatch(rule.when):
        yield from _drafted(actions, clock)
    elif RECEIPT_LANDS.fullmatch(rule.when):
        folder = actions.policy.view().receipts_folder
        for path in sorted(Path(folder).glob("*.json")) if folder else ():
            yield _receipt(path)


def _rows(home: Home, query: str, *values: Any) -> list[tuple[int, int]]:
    with open_marts(home.marts, ONE_LOOK) as marts:
        return [(int(business), int(number)) for business, number in marts.execute(query, values).fetchall()]


def _drafted(actions: ActionService, clock: SystemClock) -> Iterator[Subject]:
    """Drafts that were made through the hub lately; what a person drafts in FreshBooks is that person's to send."""
    for action in reversed(actions.list(Status.confirmed)):
        result, at = action.result, action.dispatched_at
        if action.kind != "draft_invoice" or result is None or result.code == UNDONE or at is None:
            continue
        if clock.now() - at <= RECENT:
            fields = {"business_id": action.business_id, "invoice_id": result.record_id}
            yield Subject(f"draft/{action.business_id}/{result.record_id}", fields)


def _receipt_key(content: bytes) -> str:
    """Short enough for the audit log, which takes longer ones for secrets."""
    return f"receipt/{hashlib.sha256(content).hexdigest()[:24]}"


def _receipt(path: Path) -> Subject:
    """The data of a receipt, with the file of the same name beside it."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
        key = _receipt_key(path.name.encode())
        return Subject(key, problem="The receipt's data is no plain file of up to 100 kB.")
    content = path.read_bytes()
    key = _receipt_key(content)
    try:
        fields = json.loads(content)
    except ValueError:
        return Subject(key, problem="The receipt's data is not JSON.")
    if not isinstance(fields, dict):
        return Subject(key, problem="The receipt's data is not a JSON object.")
    beside = [path.with_suffix(ending).name for ending in RECEIPTS if path.with_suffix(ending).is_file()]
    if beside and "receipt_path" not in fields:
        fields["receipt_path"] = beside[0]
    return Subject(key, fields)
