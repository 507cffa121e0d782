"""One answer of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What is looked at; docs/troubleshooting.md has a section for each."""

    home = "home"
    disk = "disk"
    versions = "versions"
    connection = "connection"
    network = "network"
    clock = "clock"
    credentials = "credentials"
    grant = "grant"
    shared = "shared-grant"
    scopes = "scopes"
    businesses = "businesses"
    plan = "plan"
    role = "role"
    entity = "entity"
    sync_lock = "sync-lock"
    connection_lock = "connection-lock"
    raw = "raw"
    marts = "marts"
    history = "history"
    last_sync = "last-sync"


@dataclass(frozen=True)
class Finding:
    """`subject` says of what, where there are several.

    Not `ok`: something must be done, and `remedy` says what. `ok` with a `remedy`: worth knowing, and no failure.
    """

    check: Check
    ok: bool
    what: str
    remedy: str = ""
    subject: str = ""
