"""What dbt makes of the whole project: parsed and compiled once for all workers of a run of the tests."""

import os
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock

from freshbooks_hub.core.home import Home
from freshbooks_hub.sync import dbt_cache, preparation, transform
from freshbooks_hub.sync.dbt_cache import Statements


def statements() -> Statements:
    """Kept where builds look for them, as after a first sync of this user."""
    cache = platformdirs.user_cache_path("freshbooks", ensure_exists=True)
    with FileLock(cache / "preparation.lock"), pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FRESHBOOKS_DBT_")]:
            patch.delenv(name)  # what a test tells its own build
        if not transform.statements(Home(cache)):
            preparation.main()
        found = transform.statements(Home(cache))
    assert found
    return found


def parsed() -> Path:
    """The project as it was parsed for the statements."""
    statements()
    project = transform.Project.of(Home(Path()))
    return dbt_cache.place(dbt_cache.PARSED, project.folder, project.content)
