"""The hub's folder: FRESHBOOKS_HOME, by default ~/.freshbooks, private to the user.

It is the home of the default connection. A further connection, called NAME, has a home of its own in
`connections/NAME` under it.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from freshbooks_hub.core.errors import HomeError, disk_errors
from freshbooks_hub.core.files import check_writable, make_private
from freshbooks_hub.core.terminal import shown

DEFAULT = "default"
CONNECTIONS = "connections"  # the folder of the others' homes
# DuckDB takes `?` for the start of its own settings, `\\` for a separator and the others for wildcards of file names;
# dbt takes `#` for the end of a path.
IMPOSSIBLE = frozenset("?#*[]\\\n")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class Home:
    """Where the files of one connection are. `ensure()` creates it; reading commands need not.

    `name` is the connection's, given by the caller and never taken from the path: a home may be anywhere.
    """

    root: Path
    name: str = DEFAULT

    @classmethod
    def from_environment(cls) -> Home:
        """The home of the connection named by FRESHBOOKS_CONNECTION under FRESHBOOKS_HOME, or ~/.freshbooks.

        Raises HomeError for a name that cannot be a folder's, and for a folder that `check_path` refuses.
        """
        try:
            root = Path(os.environ.get("FRESHBOOKS_HOME") or Path.home() / ".freshbooks").absolute()
        except OSError as error:
            raise HomeError(
                "The folder that this command was run in is gone, and FRESHBOOKS_HOME is relative to it. "
                "Give FRESHBOOKS_HOME as a full path."
            ) from error
        check_path(root)
        base = cls(root)
        return base.named(os.environ.get("FRESHBOOKS_CONNECTION") or DEFAULT)

    @classmethod
    def connections(cls) -> list[Home]:
        """The default home, then those of the named connections that exist, by name."""
        base = cls.from_environment().base
        folder = base.root / CONNECTIONS
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        return [base, *(base.named(name) for name in names if NAME.fullmatch(name))]

    def environment(self) -> dict[str, str]:
        """The variables by which a process finds this very home with `from_environment`."""
        return {"FRESHBOOKS_HOME": str(self.base.root), "FRESHBOOKS_CONNECTION": self.name}

    @property
    def base(self) -> Home:
        """The home of the default connection, which also holds what all connections share."""
        return self if self.name == DEFAULT else Home(self.root.parent.parent)

    def named(self, name: str) -> Home:
        """The home of another connection beside this one; raises HomeError for an impossible name."""
        if name == DEFAULT:
            return self.base
        if not NAME.fullmatch(name):
            raise HomeError(
                f"{name!r} is not a valid connection name. Use lower-case letters, digits, - and _, at most 63."
            )
        return Home(self.base.root / CONNECTIONS / name, name)

    def ensure(self) -> Home:
        """Create the folders and prove that they can be written; raises HomeError.

        Folders are of mode 0700, files of 0600, also those of a home that was there before.
        """
        check_path(self.root)
        with disk_errors(self.root):
            above = () if self.base is self else (self.base.root, self.root.parent)
            for folder in (*above, self.root, self.logs, self.run, self.dbt):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Of its own alone: with hundreds of connections each of their syncs would look at all of them.
            make_private(self.base.root, leave=(CONNECTIONS,))
            if above:
                make_private(self.root)
            check_writable(self.root)
        return self

    @property
    def connection(self) -> Path:
        """The only file that holds the connection's tokens."""
        return self.root / "connection.json"

    @property
    def candidate(self) -> Path:
        """The same for a consent whose businesses are not chosen yet."""
        return self.root / "connection.new.json"

    @property
    def raw(self) -> Path:
        """Raw tables and sync state; written by sync only."""
        return self.root / "raw.duckdb"

    @property
    def marts(self) -> Path:
        """The published marts; replaced atomically, opened read-only by everyone.

        In homes of version 0.1.0 the file is `marts.duckdb`; it gets its new name when it is first asked for.
        """
        published = self.root / "freshbooks.duckdb"
        if not published.exists():
            with suppress(OSError):  # it does not exist, or another process was faster
                (self.root / "marts.duckdb").rename(published)
        return published

    @property
    def history(self) -> Path:
        """Sync runs and published generations."""
        return self.root / "hub.sqlite"

    @property
    def pages_path(self) -> str:
        """What the addresses of its pages begin with; empty of the default connection."""
        return "" if self.name == DEFAULT else f"/c/{self.name}"

    @property
    def notifications(self) -> Path:
        """Who is notified when a person is needed (notifications/channels.py); its addresses hold passwords."""
        return self.root / "notifications.json"

    @property
    def events(self) -> Path:
        """The change record of the marts and the webhooks (events/layout.py); created by a first export or webhook."""
        return self.root / "events.sqlite"

    @property
    def rules(self) -> Path:
        """What the owner wants done after a sync (agent/rules)."""
        return self.root / "rules.toml"

    @property
    def assumptions(self) -> Path:
        """What was found out about the account (sync/assumptions.py)."""
        return self.root / "assumptions.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Files of the running sync; whatever is found here at the start of a sync is stale."""
        return self.root / "run"

    @property
    def dbt(self) -> Path:
        """dbt's target folder, kept between runs for partial parsing."""
        return self.root / "dbt"


def check_path(root: Path) -> None:
    """Raise HomeError for a folder whose name DuckDB or dbt cannot use, or that no terminal can show."""
    text = str(root)
    wrong = sorted({char for char in text if char in IMPOSSIBLE or shown(char) != char})
    if wrong:
        named = " and ".join(map(repr, wrong))
        raise HomeError(
            f"The databases cannot be kept in {text!r}, because its path contains {named}. Point FRESHBOOKS_HOME to a "
            "folder without control characters and without any of ? # * [ ] \\ in its path."
        )
