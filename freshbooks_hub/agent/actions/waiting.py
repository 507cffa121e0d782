"""The number of proposals that wait for a person, read without importing the actions."""

from __future__ import annotations

from datetime import UTC, datetime

from freshbooks_hub.core.clock import exact_stamp
from freshbooks_hub.core.database import transaction
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.home import Home


def waiting(home: Home) -> int:
    """Proposals that a person can still decide; 0 when they cannot be read, which other pages report."""
    if not home.history.exists():
        return 0
    try:
        with transaction(home.history) as db:
            row = db.execute(
                "SELECT count(*) FROM actions WHERE status = 'proposed' AND expires_at > ?",
                [exact_stamp(datetime.now(UTC))],
            ).fetchone()
    except HubError:
        return 0
    return int(row[0])
