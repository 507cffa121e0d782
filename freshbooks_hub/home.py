"""The hub's folder: FRESHBOOKS_HOME, by default ~/.freshbooks, private to the user."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from freshbooks_hub.errors import disk_errors
from freshbooks_hub.files import check_writable


@dataclass(frozen=True)
class Home:
    """Where everything of one connection lives. `ensure()` creates it; reading commands need not."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """The folder named by FRESHBOOKS_HOME, or ~/.freshbooks."""
        return cls(Path(os.environ.get("FRESHBOOKS_HOME") or Path.home() / ".freshbooks").absolute())

    def ensure(self) -> Home:
        """Create the folders (mode 0700) and prove that they can be written; raises HomeError."""
        with disk_errors(self.root):
            for folder in (self.root, self.logs, self.run, self.dbt):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            check_writable(self.root)
        return self

    @property
    def connection(self) -> Path:
        """The only place tokens live."""
        return self.root / "connection.json"

    @property
    def raw(self) -> Path:
        """Raw tables and sync state; written by sync only."""
        return self.root / "raw.duckdb"

    @property
    def marts(self) -> Path:
        """The published marts; replaced atomically, opened read-only by everyone."""
        return self.root / "marts.duckdb"

    @property
    def history(self) -> Path:
        """Sync runs and published generations."""
        return self.root / "hub.sqlite"

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
