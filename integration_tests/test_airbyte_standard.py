"""Airbyte's own tests of a connector, over the sandbox. A warning about the catalog is an error."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from airbyte_cdk.test import standard_tests
from airbyte_cdk.test.models import ConnectorTestScenario

from freshbooks_sandbox import Sandbox
from integration_tests.connector import RECENT, config_of
from source_freshbooks import SourceFreshbooks

CONFIG = Path(__file__).with_name("sandbox_config.json")

pytestmark = pytest.mark.filterwarnings(
    "error::airbyte_cdk.test.standard_tests._catalog_checks.DiscoveredCatalogWarning"
)


COMMANDS = {"config": "spec", "check": "check", "discover": "discover", "basic": "read", "fail": "read"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test with the scenarios of its own section; Airbyte's hook would make the others skips."""
    if "scenario" in metafunc.fixturenames and metafunc.cls is not None:
        command = COMMANDS[metafunc.function.__name__.split("_")[1]]
        scenarios = [s for s in metafunc.cls.get_scenarios() if s.runs(command)]
        metafunc.parametrize("scenario", scenarios, ids=str)


@pytest.fixture(autouse=True, scope="module")
def _connected() -> Iterator[None]:
    with Sandbox(seed="demo", rate_limit=None) as sandbox, pytest.MonkeyPatch.context() as environment:
        environment.setenv("FRESHBOOKS_API_URL", sandbox.url)
        for stream in ("items", "tasks"):  # the only ones without a row of these months
            sandbox.edit(stream, 439000, min(sandbox.books(439000)[stream]), description="changed just now")
        CONFIG.write_text(json.dumps(config_of(sandbox, start_date=RECENT)))
        yield
        CONFIG.unlink()


class TestSourceFreshbooks(standard_tests.SourceTestSuiteBase):
    @classmethod
    def create_connector(cls, scenario: ConnectorTestScenario | None) -> SourceFreshbooks:
        config = (
            scenario.get_config_dict(connector_root=cls.get_connector_root_dir(), empty_if_missing=True)
            if scenario
            else None
        )
        return SourceFreshbooks(config=config)


# An image is built and tested by `make image-test`; its tests are left out here, not skipped.
for name in [name for name in dir(TestSourceFreshbooks) if name.startswith("test_docker_image")]:
    setattr(TestSourceFreshbooks, name, None)
