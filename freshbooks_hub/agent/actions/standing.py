"""Standing permissions: what the owner lets agents do without asking, and why a proposal needs approval anyway.

Guesses always ask: whatever a proposal warns of (a rate or taxes that FreshBooks does not tell, a look-alike, an
address or words that are not the client's) a person looks at.
"""

from __future__ import annotations

from sqlite3 import Connection

from freshbooks_hub.agent.actions.action_kind import StoredAction
from freshbooks_hub.agent.actions.models import ActionRefused, Channel, Status
from freshbooks_hub.agent.actions.policy import Rule, Standing, check_amount, check_day
from freshbooks_hub.core.clock import SystemClock


def check_standing(db: Connection, rule: Rule, action: StoredAction, clock: SystemClock) -> Standing:
    """The permission that covers the action now; raises ActionRefused with why a person must approve it."""
    standing = rule.unattended
    if standing is None:
        raise ActionRefused("not_unattended", "The owner approves each of these.")
    if standing.until <= clock.now():
        raise ActionRefused("standing_expired", "The owner's standing permission has expired.")
    if action.preview.warnings:
        raise ActionRefused("warned", "A person must look at what the preview warns of.")
    invoice = action.preview.issued_invoice
    if invoice is not None and not standing.own_drafts and _drafted_unattended(db, action, invoice):
        raise ActionRefused("own_draft", "No person has seen this draft: it was made without asking.")
    check_amount(standing, action.amount, action.row["currency"])
    check_day(db, standing, action.row, clock)
    return standing


def _drafted_unattended(db: Connection, action: StoredAction, invoice: int) -> bool:
    """Whether that draft was made without asking; a draft whose id is not known yet may be the one."""
    found = db.execute(
        "SELECT 1 FROM actions WHERE kind = 'draft_invoice' AND business_id = ? AND approved_channel = ? "
        "AND (record_id = ? OR (record_id IS NULL AND status IN (?, ?)))",
        [
            action.row["business_id"],
            Channel.standing.value,
            invoice,
            Status.dispatching.value,
            Status.unknown.value,
        ],
    ).fetchone()
    return found is not None
