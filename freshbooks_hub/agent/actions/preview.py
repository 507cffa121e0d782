"""A preview as text for a terminal. Text from the books stands in labelled lines only, cleaned before."""

from __future__ import annotations

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.agent.actions.models import Action


def as_text(action: Action) -> str:
    """Everything that will be written, for the eyes of the approver."""
    preview = action.preview
    lines = [preview.heading, "", *KINDS[action.kind].describe(preview)]
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
