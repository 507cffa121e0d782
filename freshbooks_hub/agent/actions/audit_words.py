"""Entries of the audit log in plain words, for the Activity page and `freshbooks audit log`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from freshbooks_hub.agent.actions.kinds import KINDS
from freshbooks_hub.core.labels import plural

LINKS = {
    "auto": "as this account does it",
    "mark": "each entry after the draft",
    "lines": "with the invoice's lines",
    "off": "not at all",
}
EVENTS = {"refused": "rejected", "policy": "settings changed", "stopped": "standing permissions ended"}


def event_words(event: str) -> str:
    """`settings changed`"""
    return EVENTS.get(event, event.replace("_", " "))


def detail_words(entry: Mapping[str, Any]) -> list[str]:
    """A line for each fact of an entry; facts that this version does not know are shown unchanged."""
    settings = entry["event"] in {"policy", "stopped"}
    return [
        _setting(name, value) if settings else _fact(name, value) for name, value in entry["detail"].items()
    ]


def _setting(name: str, value: Any) -> str:
    if name == "receipts_folder":
        return f"Receipts are read from {value}" if value else "Receipts are read from no folder"
    if name == "link":
        return f"Billed time is marked {LINKS.get(str(value), value)}"
    label = next((kind.label for kind in KINDS.values() if kind.write == name), name.replace("_", " "))
    if not isinstance(value, Mapping):
        return _fact(label, value)
    if not value.get("allowed"):
        return f"{label}: off"
    parts = [f"{label}: allowed", *_limits(value)]
    if standing := value.get("unattended"):
        parts.append(f"without asking until {str(standing.get('until'))[:10]}")
        parts += [f"then {limit}" for limit in _limits(standing)]
        if standing.get("own_drafts"):
            parts.append("also for its own drafts")
    return ", ".join(parts)


def _limits(rule: Mapping[str, Any]) -> list[str]:
    parts = []
    for key, words in (("max_amount", "per action"), ("max_amount_per_day", "per day")):
        caps = rule.get(key)
        if isinstance(caps, Mapping) and caps:
            parts.append(f"up to {' or '.join(f'{cap} {code}' for code, cap in caps.items())} {words}")
    if isinstance(rule.get("per_day"), int):
        parts.append(f"{plural(rule['per_day'], 'action')} a day")
    return parts


def _fact(name: str, value: Any) -> str:
    if name == "kind" and value in KINDS:
        return f"kind: {KINDS[value].label}"
    if name == "payload_hash":
        return f"fingerprint: {str(value)[:16]}"  # as the approver saw it
    return f"{name.replace('_', ' ')}: {_plain(value)}"


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value)) or "none"
    return str(value)
