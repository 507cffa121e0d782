"""What agents read, and a FreshBooks for their actions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from freshbooks_sandbox import Sandbox
from integration_tests.agent.acting import Firm, opened_firm


@pytest.fixture(scope="session")
def marts(synced_home: Path) -> Path:
    """The published marts of the demo's books, to be read only."""
    return synced_home / "freshbooks.duckdb"


@pytest.fixture(scope="session")
def ledgers() -> Sandbox:
    """The books behind `marts`, to compute answers from. Nobody serves them; not to be changed."""
    return Sandbox(seed="demo")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """A FreshBooks that the tests of a module share, and a home at it."""
    with opened_firm(tmp_path_factory.mktemp("firm") / "home") as firm:
        yield firm
