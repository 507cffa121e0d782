"""dbt, and the build that several tests read."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from integration_tests import programs
from unit_tests.dbt.books import all_rows
from unit_tests.dbt.builds import BUILD, Build, Dbt
from unit_tests.dbt.gaps import BASIC, DATA, missing_of
from unit_tests.dbt.raw_tables import Rows
from unit_tests.dbt.unusual_books import odd_books

if TYPE_CHECKING:
    from unit_tests.dbt.postgres import Server

Once = Callable[..., Build]

# Spark has an environment of its own: make test-spark.
collect_ignore = [] if find_spec("pyspark") else ["test_spark.py"]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run of the tests, the same for all workers."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def dbt(shared: Path) -> Dbt:
    return Dbt(shared)


@pytest.fixture(scope="session")
def once(dbt: Dbt, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Once:
    """`once(name, tables, *arguments)`: the build of the whole project that the first worker made."""

    def made(name: str, tables: Callable[[], Rows], *arguments: str) -> Build:
        done = shared / name
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                built = dbt.run(tmp_path_factory.mktemp("building"), tables(), *arguments)
                assert built.succeeded, built.output
                (built.folder / "found.json").write_text(json.dumps(built.found))
                built.folder.rename(done)
        return Build(done, found=json.loads((done / "found.json").read_text()))

    return made


@pytest.fixture(scope="session")
def build(once: Once) -> Build:
    """The whole project over all streams of the good books: models, contracts, data tests."""
    return once("good", all_rows, *BUILD)


@pytest.fixture(scope="session")
def odd_build(once: Once) -> Build:
    """The whole project over `odd_books`."""
    return once("odd", odd_books, *BUILD)


@pytest.fixture(scope="session")
def basic_scopes_build(once: Once) -> Build:
    """What an app with the six basic scopes may read, and a client that the connector could not hand on."""
    missing = missing_of(*(stream for stream in DATA if stream not in BASIC))
    missing.rejected[1, "clients"] = [
        {"key": None, "column": "userid", "value": "twelve", "why": "unreadable"}
    ]
    return once("basic_scopes", missing.tables, *BUILD)


@pytest.fixture(scope="module")
def server() -> Iterator["Server"]:
    """PostgreSQL, empty, for one module of tests."""
    from unit_tests.dbt import postgres  # its driver is not in Spark's environment

    binaries = programs.postgresql()
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        with postgres.server(folder, binaries) as running:
            yield running
    finally:
        shutil.rmtree(folder)
