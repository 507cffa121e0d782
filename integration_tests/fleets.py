"""Many connections of one app, each with a grant of its own, as a platform has them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from freshbooks_hub.core.home import Home
from freshbooks_sandbox import Fleet
from integration_tests.connector import config_of
from integration_tests.hub import Hub


class FleetHub(Hub):
    """`freshbooks` over a fleet: the user of number n is the connection that is handed over with its tokens."""

    def __init__(self, home: Path, fleet: Fleet) -> None:
        super().__init__(home, fleet)  # type: ignore[arg-type] - its address is all that is used
        self.fleet = fleet

    def hand_over(self, name: str, handed: Any, *args: str) -> subprocess.CompletedProcess[str]:
        """`freshbooks connect --non-interactive` with `handed` (text, or what becomes JSON) as its input."""
        command = [sys.executable, "-m", "freshbooks_hub.cli.main", "--connection", name, "connect"]
        return subprocess.run(
            [*command, "--non-interactive", *args],
            input=handed if isinstance(handed, str) else json.dumps(handed),
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
        )

    def connected(self, name: str, user: int) -> Home:
        """The home of a connection of a user of the fleet."""
        with NamedTemporaryFile("w", suffix=".json") as config:
            json.dump(config_of(self.fleet.users[user]), config)
            config.flush()
            done = self.of(name, "connect", "--config", config.name)
        assert done.returncode == 0, done.stderr
        return Home(self.home).named(name)

    def of(self, name: str, *args: str) -> subprocess.CompletedProcess[str]:
        """A command on one of the connections."""
        return self.run("--connection", name, *args)

    def connections(self) -> dict[str, dict[str, Any]]:
        """What `freshbooks connections --json` says, by name."""
        return {row["name"]: row for row in json.loads(self.run("connections", "--json").stdout)}
