"""Copies of what cannot be read from FreshBooks again, and of what takes long: `freshbooks backup`.

Of each connection `hub.sqlite` (schedule, runs, agents' actions and their audit), `raw.duckdb` and what people set up
(SETTINGS); each back-up is a folder of its own. No tokens: they age within hours, and a copy that is used breaks the
original. Nothing that holds passwords or secrets in clear either.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from freshbooks_hub.core.errors import HubError, SyncBusy, disk_errors
from freshbooks_hub.core.home import Home
from freshbooks_hub.core.locks import sync_lock

# Folders that are not finished; the next back-up removes them.
PART = ".part"
# `audit.head` first, as the audit log may be ahead of it, and never behind.
SETTINGS = ("audit.head", "rules.toml", "reporting_currency.json", "warehouse.json", "web.users.json")
STAMP = "%Y%m%dT%H%M%SZ"
FORM = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"


@dataclass(frozen=True)
class BackedUp:
    """Where the copies are. `without_raw`: connections that were syncing, so their raw tables are not there."""

    folder: Path
    connections: list[str]
    without_raw: list[str] = field(default_factory=list)


def back_up(homes: list[Home], target: Path, now: datetime, keep: int) -> BackedUp:
    """Copy what `homes` hold into a new folder of `target`, and remove all but the newest `keep` of them.

    Raises HomeError, or HubError where a copy cannot be made; the earlier back-ups stay then.
    """
    made = target / now.strftime(STAMP)
    part = made.with_name(made.name + PART)
    done = BackedUp(made, [])
    with disk_errors(target):
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for unfinished in target.glob(f"{FORM}{PART}"):
            shutil.rmtree(unfinished)
        for home in homes:
            if not home.history.exists():
                continue
            folder = part / home.name
            folder.mkdir(mode=0o700, parents=True)
            for name in SETTINGS:
                _copy(home.root / name, folder / name)
            _copy_history(home, folder / "hub.sqlite")
            done.connections.append(home.name)
            if home.raw.exists() and not _copy_raw(home, folder / "raw.duckdb"):
                done.without_raw.append(home.name)
        if not done.connections:
            raise HubError(
                f"There is nothing to back up in {homes[0].base.root} yet. Run `freshbooks sync` first."
            )
        part.rename(made)
        for old in sorted(target.glob(FORM))[:-keep]:
            shutil.rmtree(old)
    return done


def _copy_history(home: Home, copy: Path) -> None:
    """With SQLite's own back-up, which takes no notice of who writes meanwhile."""
    try:
        with closing(sqlite3.connect(home.history)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except sqlite3.Error as error:
        raise HubError(f"{home.history} could not be copied: {error}.") from error
    copy.chmod(0o600)


def _copy(file: Path, copy: Path) -> None:
    """Copy a file that is there, private."""
    with suppress(FileNotFoundError):
        shutil.copyfile(file, copy)
        copy.chmod(0o600)


def _copy_raw(home: Home, copy: Path) -> bool:
    """Copy the raw tables while nobody writes; False where a sync runs."""
    try:
        with sync_lock(home.root):
            _copy(home.raw, copy)
    except SyncBusy:
        return False
    return True
