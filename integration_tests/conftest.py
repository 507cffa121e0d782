"""A FreshBooks of its own for each test, the source run over it by Airbyte's own entrypoint, and synced demo books.

A first sync and its marts cost half a minute, so the first worker of a test run keeps its home and the others copy
it. Tokens can't be shared: they rotate. So a copy is connected anew, to a FreshBooks whose books are the same, for the
seed is fixed.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStateMessage
from airbyte_cdk.sources.declarative import concurrent_declarative_source
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.test.entrypoint_wrapper import read as run_read
from filelock import FileLock

from freshbooks_sandbox import Sandbox
from integration_tests import prepared
from integration_tests.connector import RECENT, catalog_of, config_of, lists
from integration_tests.hub import AS_OF, TIED_REPORTS, Books, Hub, opened_books
from source_freshbooks import SourceFreshbooks, cdk_patches

Read = Callable[..., EntrypointOutput]


@pytest.fixture(scope="module", autouse=True)
def warm() -> Iterator[None]:
    """Sources are made as in a process that forks readers; that costs a quarter.

    The manifest itself is checked by unit_tests/source/test_cdk_patches.py.
    """
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in (
            (concurrent_declarative_source, "get_declarative_component_schema"),
            (concurrent_declarative_source, "validate_manifest"),
            (YamlDeclarativeSource, "_read_and_parse_yaml_file"),
            (YamlDeclarativeSource, "_pre_process_manifest"),
        ):
            patch.setattr(owner, name, getattr(owner, name))  # to be put back
        cdk_patches.trust_manifest()
        cdk_patches.keep_manifest()
        yield


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
def recent(config: dict[str, Any]) -> dict[str, Any]:
    """The same connection with a history of some months: each report is a request for each month and currency."""
    return {**config, "start_date": RECENT}


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


@pytest.fixture(scope="session")
def synced_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with raw tables, marts and history as of AS_OF, without a connection. Not to be changed."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    home = shared / "synced" / "home"
    with FileLock(shared / "synced.lock"):
        if not (home / "freshbooks.duckdb").exists():
            prepared.statements()
            with Sandbox(seed="demo", rate_limit=None) as sandbox:
                hub = Hub(home, sandbox)
                config = shared / "config.json"
                config.write_text(json.dumps(config_of(sandbox)))
                connected = hub.run("connect", "--config", str(config))
                assert connected.returncode == 0, connected.stderr
                streams = [word for stream in (*lists(), *TIED_REPORTS) for word in ("--stream", stream)]
                result = hub.run("sync", "--json", "--as-of", AS_OF, *streams)
                assert result.returncode == 0, result.stderr
            (home / "connection.json").unlink()
    return home


@pytest.fixture(scope="session")
def books(synced_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """One for the whole session: for tests that change nothing, or only what no other test looks at."""
    with opened_books(synced_home, tmp_path_factory.mktemp("books")) as books:
        yield books


@pytest.fixture
def new_books(synced_home: Path, tmp_path: Path) -> Iterator[Callable[[], Books]]:
    """Makes books of their own for a test, in about a second each."""
    with ExitStack() as stack:
        made: list[Books] = []

        def make() -> Books:
            folder = tmp_path / f"books{len(made)}"
            made.append(stack.enter_context(opened_books(synced_home, folder)))
            return made[-1]

        yield make
