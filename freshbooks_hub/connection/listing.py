"""The connections of this machine, each with its user and state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import NotConnected
from freshbooks_hub.core.home import Home


def listing(homes: Iterable[Home]) -> list[dict[str, Any]]:
    """`name`, `home`, `state` (connected, refused, damaged, not connected) and `user`, JSON-ready."""
    return [{"name": home.name, "home": str(home.root), **_state(home)} for home in homes]


def _state(home: Home) -> dict[str, Any]:
    store = ConnectionStore(home.connection)
    if not store.exists():
        return {"state": "not connected", "user": None}
    try:
        connection = store.load()
    except NotConnected:
        return {"state": "damaged", "user": None}
    user = connection.profile.email or connection.profile.name if connection.profile else None
    return {"state": "refused" if connection.dead_since else "connected", "user": user}
