"""The build that several tests read."""

import pytest

from unit_tests.dbt.books import all_rows
from unit_tests.dbt.builds import Build, run_dbt


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The whole project over all streams of the good books: models, contracts, data tests, unit tests."""
    built = run_dbt(tmp_path_factory.mktemp("good"), all_rows(), "build")
    assert built.exit_code == 0, built.output
    return built
