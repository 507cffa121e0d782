"""A FreshBooks of its own for each test, and the source run over it by Airbyte's own entrypoint."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessage
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.test.entrypoint_wrapper import read as run_read

from freshbooks_sandbox import Sandbox
from integration_tests.connector import catalog_of, config_of
from source_freshbooks import SourceFreshbooks

Read = Callable[..., EntrypointOutput]


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(seed="demo", rate_limit=None) as running:
        monkeypatch.setenv("FRESHBOOKS_API_URL", running.url)
        monkeypatch.setenv("FRESHBOOKS_AUTH_URL", running.url)
        yield running


@pytest.fixture
def config(sandbox: Sandbox) -> dict[str, Any]:
    return config_of(sandbox)


@pytest.fixture
def read(config: dict[str, Any]) -> Read:
    """Read `streams` (all of them by default) incrementally from `state`."""

    def run(
        *streams: str,
        state: list[AirbyteStateMessage] | None = None,
        config: dict[str, Any] = config,
        expecting_exception: bool = False,
    ) -> EntrypointOutput:
        catalog = catalog_of(*streams)
        source = SourceFreshbooks(catalog=catalog, config=config, state=state)
        return run_read(source, config, catalog, state, expecting_exception)

    return run
