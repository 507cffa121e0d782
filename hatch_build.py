"""A wheel with the statements that dbt makes of the project, where dbt is at hand (freshbooks_hub/sync/preparation.py).

Without them the first sync on a machine has dbt make them.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATEMENTS = "freshbooks_hub/sync/statements.json.gz"
NEEDED = ("dbt.adapters.duckdb", "airbyte_cdk")


class StatementsHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        hub = Path(self.root, "freshbooks_hub")
        if version == "editable" or not hub.exists() or not all(map(_is_there, NEEDED)):
            return
        made = Path(self.root, "build", "statements.json.gz")
        made.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "freshbooks_hub.sync.preparation", made], cwd=self.root, check=True
        )
        build_data["force_include"][str(made)] = STATEMENTS


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
