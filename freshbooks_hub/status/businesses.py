"""What of each business is read, in a few words."""

from __future__ import annotations

from dataclasses import dataclass

from freshbooks_api.roles import FULL_ROLES
from freshbooks_hub.connection.profile import Business
from freshbooks_hub.connection.store import Connection

# Business by stream: rows of the published marts.
Held = dict[int, dict[str, int]]
SHOWN = ("projects", "time_entries", "services", "team_members")


@dataclass(frozen=True)
class Standing:
    """One business of the connected user."""

    name: str
    role: str
    words: str


def standings(connection: Connection | None, held: Held, any_read: bool) -> list[Standing]:
    """Every business of the user; `any_read`: whether something was read of those chosen now."""
    if connection is None or connection.profile is None:
        return []
    chosen = set(connection.business_ids or connection.profile.default_choice())
    return [
        Standing(
            b.name, b.role, _words(b, connection, b.id in chosen, held.get(b.id, {}) if any_read else {})
        )
        for b in connection.profile.businesses
    ]


def _words(business: Business, connection: Connection, chosen: bool, rows: dict[str, int]) -> str:
    # Without a choice the source reads every business owned or administered, accounting or not.
    partly = not connection.business_ids and not business.can_sync and business.role in FULL_ROLES
    if (chosen or partly) and connection.dead_since:
        return "not reading"
    if chosen:
        return "synced" if rows else "chosen, not read yet"
    found = [f"{rows[name]:,} {name.replace('_', ' ')}" for name in SHOWN if rows.get(name)]
    if partly and found:
        return f"synced without its accounting: {', '.join(found)}. {business.why_not}"
    if business.why_not:
        return f"not synced. {business.why_not}"
    return "not chosen"
