"""How many proposals wait for a person."""

from __future__ import annotations

from datetime import UTC, datetime

from freshbooks_hub.agent.actions.lifecycle import ActionService
from freshbooks_hub.agent.actions.models import Status
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home


def waiting(home: Home) -> int:
    """Proposals that a person can still decide on; none where that cannot be read, which other pages tell."""
    if not home.history.exists():
        return 0
    now = datetime.now(UTC)
    try:
        return sum(one.expires_at > now for one in ActionService(home).list(Status.proposed))
    except HubError:
        return 0
