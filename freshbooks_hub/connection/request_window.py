"""All that this hub sends for one app counts as one: its syncs, and what it asks FreshBooks itself.

However FreshBooks counts (freshbooks-api.md 6.3), all connections of this machine with one client id stay within its
limit. What the file holds, and how long one waits: `freshbooks_api/request_window.py`.
"""

from __future__ import annotations

import hashlib
from typing import Any

from freshbooks_api.request_window import RequestWindow
from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.home import Home


def setting(home: Home, config: dict[str, Any]) -> dict[str, str]:
    """The setting of the source for a connection of this `config`. Raises HomeError."""
    folder = home.base.root / "requests"
    with disk_errors(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
    app = hashlib.sha256(config["credentials"]["client_id"].encode()).hexdigest()[:16]
    return {"request_window": str(folder / app)}


def request_window(home: Home, store: ConnectionStore) -> RequestWindow:
    """For what is sent with the tokens of `store`. Raises NotConnected, HomeError."""
    return RequestWindow(path=setting(home, store.load().config)["request_window"])
