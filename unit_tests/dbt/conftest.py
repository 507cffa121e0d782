"""dbt, and the build that several tests read."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from integration_tests import programs
from unit_tests.dbt.books import all_rows
from unit_tests.dbt.builds import Build, Dbt
from unit_tests.dbt.unusual_books import odd_books

if TYPE_CHECKING:
    from unit_tests.dbt.postgres import Server

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
def build(dbt: Dbt, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The whole project over all streams of the good books: models, contracts, data tests, unit tests."""
    done = shared / "good"
    with FileLock(shared / "good.lock"):
        if not done.exists():
            built = dbt.run(tmp_path_factory.mktemp("building"), all_rows(), "build")
            assert built.succeeded, built.output
            (built.folder / "failures.json").write_text(json.dumps(built.failures))
            built.folder.rename(done)
    return Build(done, failures=json.loads((done / "failures.json").read_text()))


@pytest.fixture(scope="session")
def odd_build(dbt: Dbt, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The whole project over `odd_books`."""
    done = shared / "odd"
    with FileLock(shared / "odd.lock"):
        if not done.exists():
            folder = tmp_path_factory.mktemp("building")
            built = dbt.run(folder, odd_books(), "build", "--exclude-resource-type", "unit_test")
            assert built.succeeded, built.output
            built.folder.rename(done)
    return Build(done)


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
