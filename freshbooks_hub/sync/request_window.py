"""Syncs of one app know of each other's requests: the file that they share, handed to the source by its setting.

However FreshBooks counts (freshbooks-api.md 6.3), all connections of this machine with one client id stay within its
limit. What the file holds, the source says (`source_freshbooks/components/request_window.py`).
"""

from __future__ import annotations

import hashlib
from typing import Any

from freshbooks_hub.core.errors import disk_errors
from freshbooks_hub.core.home import Home


def request_window(home: Home, config: dict[str, Any]) -> dict[str, str]:
    """The setting of the source for a connection of this `config`. Raises HomeError."""
    folder = home.base.root / "requests"
    with disk_errors(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
    app = hashlib.sha256(config["credentials"]["client_id"].encode()).hexdigest()[:16]
    return {"request_window": str(folder / app)}
