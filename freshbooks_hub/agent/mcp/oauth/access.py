"""The AI clients that have access now, for the Settings page and the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from freshbooks_hub.agent.mcp.oauth.grants import Grants
from freshbooks_hub.agent.mcp.oauth.provider import client_name
from freshbooks_hub.core.home import Home


@dataclass(frozen=True)
class Access:
    """An AI client that a person gave access."""

    id: str
    client_name: str
    connection: str
    act: bool
    granted_at: datetime
    used_at: datetime | None
    granted_by: str | None  # a user of the pages; None: the owner


def accesses(home: Home) -> list[Access]:
    """Those of all connections, newest first."""
    if not home.base.history.exists():
        return []
    return [
        Access(
            grant.id,
            client_name(metadata),
            grant.connection,
            "act" in grant.scopes,
            grant.granted_at,
            grant.used_at,
            grant.granted_by,
        )
        for grant, metadata in Grants(home).active()
    ]
