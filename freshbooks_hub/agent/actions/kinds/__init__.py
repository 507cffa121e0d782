"""All kinds of actions: each folder beside this file is one, with its record as `KIND`."""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module
from types import ModuleType

from freshbooks_hub.agent.actions.action_kind import ActionKind
from freshbooks_hub.agent.actions.models import Action, ActionRefused


class Kinds(dict[str, ActionKind]):
    """Kinds by name; raises ActionRefused `unknown_kind` for one of a newer version of this program."""

    def __missing__(self, name: str) -> ActionKind:
        raise ActionRefused(
            "unknown_kind",
            "A newer version of this program proposed an action of a kind that this one does not know. "
            "Install that version again: pip install --upgrade source-freshbooks",
        )


def find_kinds(package: ModuleType) -> dict[str, ActionKind]:
    """The kinds in the folders of a package, by name."""
    folders = (folder.name for folder in pkgutil.iter_modules(package.__path__) if folder.ispkg)
    found: list[ActionKind] = [import_module(f"{package.__name__}.{name}").KIND for name in folders]
    return {kind.name: kind for kind in sorted(found, key=lambda kind: (kind.position, kind.name))}


KINDS = Kinds(find_kinds(sys.modules[__name__]))


def as_text(action: Action) -> str:
    """Everything that will be written, as lines for the approver in a terminal or a form."""
    preview = action.preview
    lines = [preview.heading, "", *KINDS[action.kind].describe(preview)]
    lines += [f"! {warning}" for warning in preview.warnings]
    lines += [
        "",
        f"Proposed by   {action.proposed_by}, {action.created_at:%Y-%m-%d %H:%M} UTC",
        f"Valid until   {action.expires_at:%Y-%m-%d %H:%M} UTC",
        f"Action        {action.id} ({action.status.label})",
        f"Fingerprint   {action.payload_hash[:16]}",
    ]
    if action.approved_by:
        without = ", without asking, by a standing permission" if action.unattended else ""
        lines.append(f"Approved by   {action.approved_by}{without}")
    if action.result:
        lines.append(f"Result        {action.result.message}")
    return "\n".join(lines)
