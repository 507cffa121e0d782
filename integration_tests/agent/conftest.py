"""Synced demo books for the tests of the agent, built once for all workers of a test run.

A sync and a build of the marts cost half a minute, so the first worker keeps its home in the run's temporary
folder and the others copy it. Tokens can't be shared: they rotate. So a copy is connected anew, to a FreshBooks of
its own whose books are the same, for the seed is fixed.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from freshbooks_hub.connection.store import ConnectionStore
from freshbooks_hub.home import Home
from freshbooks_sandbox import Sandbox
from integration_tests.agent.acting import Firm, opened_firm
from integration_tests.connector import config_of, lists
from integration_tests.hub import AS_OF, Hub


@dataclass
class Books:
    """A running FreshBooks with the demo's books, and a home that is connected to it and synced."""

    sandbox: Sandbox
    home: Home
    hub: Hub


@pytest.fixture(scope="session")
def synced_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with raw tables, marts and history as of AS_OF, without a connection. Not to be changed."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    home = shared / "synced" / "home"
    with FileLock(shared / "synced.lock"):
        if not (home / "marts.duckdb").exists():
            home.parent.mkdir(exist_ok=True)
            with Sandbox(seed="demo", rate_limit=None) as sandbox:
                hub = Hub(home, sandbox)
                ConnectionStore(Home(home).ensure().connection).connect(config_of(sandbox))
                streams = [word for stream in lists() for word in ("--stream", stream)]
                result = hub.run("sync", "--json", "--as-of", AS_OF, *streams)
                assert result.returncode == 0, result.stderr
            (home / "connection.json").unlink()
    return home


@pytest.fixture(scope="session")
def marts(synced_home: Path) -> Path:
    """The published marts of the demo's books, to be read only."""
    return synced_home / "marts.duckdb"


@pytest.fixture(scope="session")
def ledgers() -> Sandbox:
    """The books behind `marts`, to compute answers from. Nobody serves them; not to be changed."""
    return Sandbox(seed="demo")


@pytest.fixture(scope="session")
def books(synced_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """One for the whole session: for tests that change nothing, or only what no other test looks at."""
    with ExitStack() as stack:
        yield _opened(stack, synced_home, tmp_path_factory.mktemp("books"))


@pytest.fixture
def new_books(synced_home: Path, tmp_path: Path) -> Iterator[Callable[[], Books]]:
    """Makes books of their own for a test, in about three seconds each."""
    with ExitStack() as stack:
        made: list[Books] = []

        def make() -> Books:
            made.append(_opened(stack, synced_home, tmp_path / f"books{len(made)}"))
            return made[-1]

        yield make


def _opened(stack: ExitStack, synced_home: Path, folder: Path) -> Books:
    sandbox = stack.enter_context(Sandbox(seed="demo", rate_limit=None))
    home = Home(folder / "home")
    shutil.copytree(synced_home, home.root)
    ConnectionStore(home.connection).connect(config_of(sandbox))
    return Books(sandbox, home, Hub(home.root, sandbox))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """A FreshBooks that the tests of a module share, and a home at it."""
    with opened_firm(tmp_path_factory.mktemp("firm") / "home") as firm:
        yield firm
