"""A source that is built bare, or with one config, and is given another: what a command is given counts."""

from collections.abc import Iterator
from typing import Any

import pytest
from airbyte_cdk.models import Status
from airbyte_cdk.test.entrypoint_wrapper import read

from freshbooks_api.streams import STREAMS
from freshbooks_sandbox import Sandbox
from integration_tests.conftest import warm  # noqa: F401 - a fixture
from integration_tests.connector import catalog_of, config_of, rows, states
from source_freshbooks import SourceFreshbooks


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed="demo", rate_limit=None) as running, pytest.MonkeyPatch.context() as environment:
        environment.setenv("FRESHBOOKS_API_URL", running.url)
        yield running


BUILT: list[dict[str, Any] | None] = [None, {}, {"credentials": {"refresh_token": "of another connection"}}]


@pytest.mark.parametrize("built", BUILT, ids=["nothing", "empty", "another"])
def test_check_discover_and_read_use_the_config_that_they_are_given(
    sandbox: Sandbox, built: dict[str, Any] | None
) -> None:
    config = config_of(sandbox, business_ids=[439117])
    source = SourceFreshbooks(config=built)
    assert source.check(source.logger, config).status is Status.SUCCEEDED
    source = SourceFreshbooks(config=built)
    assert len(source.discover(source.logger, config).streams) == len(STREAMS) + 1
    source = SourceFreshbooks(config=built)
    catalog = catalog_of("taxes")
    messages = list(source.read(source.logger, config, catalog))
    found = {m.record.data["business_id"] for m in messages if m.record is not None}
    assert found == {439117}


def test_a_state_that_read_is_given_counts_too(sandbox: Sandbox) -> None:
    config = config_of(sandbox)
    catalog = catalog_of("clients")
    first = read(SourceFreshbooks(), config, catalog)
    assert rows(first, "clients")
    again = read(SourceFreshbooks(), config, catalog, states(first))
    assert len(rows(again, "clients")) < len(rows(first, "clients"))


def test_a_token_that_the_source_refreshed_is_not_replaced_by_the_one_it_was_built_with(
    sandbox: Sandbox,
) -> None:
    config = config_of(sandbox)
    config["credentials"]["token_expiry_date"] = "2020-01-01T00:00:00Z"
    source = SourceFreshbooks(config=config)
    for _ in range(2):
        assert source.check(source.logger, config).status is Status.SUCCEEDED


@pytest.mark.parametrize("start_date", ["", "2999-01-01T00:00:00Z"])
def test_an_empty_start_date_is_none_and_one_in_the_future_is_told(sandbox: Sandbox, start_date: str) -> None:
    source = SourceFreshbooks()
    status = source.check(source.logger, config_of(sandbox, start_date=start_date))
    assert status.status is (Status.FAILED if start_date else Status.SUCCEEDED)
    assert not start_date or "is in the future" in str(status.message)


@pytest.mark.parametrize("redirect_uri", [None, ""])
def test_a_refresh_works_without_a_redirect_uri(sandbox: Sandbox, redirect_uri: str | None) -> None:
    config = config_of(sandbox)
    config["credentials"] |= {"redirect_uri": redirect_uri, "token_expiry_date": "2020-01-01T00:00:00Z"}
    if redirect_uri is None:
        del config["credentials"]["redirect_uri"]
    source = SourceFreshbooks()
    assert source.check(source.logger, config).status is Status.SUCCEEDED
