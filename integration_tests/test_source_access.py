"""Plans, roles and scopes: what was never given is left out with a warning, what is taken away is an error."""

from typing import Any

import pytest
from airbyte_cdk.models import AirbyteStreamStatus, Status

from freshbooks_sandbox import Sandbox
from integration_tests.conftest import Read
from integration_tests.connector import config_of, error_text, rows, states
from source_freshbooks import SourceFreshbooks
from source_freshbooks.components.scopes import READ_SCOPES


def warnings(output: Any) -> str:
    return "\n".join(m.log.message for m in output.logs if m.log.level.value == "WARN")


@pytest.mark.parametrize(("stream", "errno"), [("items", 12001), ("bills", 41001), ("bill_vendors", 31001)])
def test_a_feature_the_plan_never_had_is_left_out_with_a_warning(
    sandbox: Sandbox, read: Read, stream: str, errno: int
) -> None:
    sandbox.switches.gated.add(stream)
    output = read(stream, "clients")
    assert not output.errors
    assert output.get_stream_statuses(stream)[-1] == AirbyteStreamStatus.COMPLETE
    assert not rows(output, stream)
    assert rows(output, "clients")
    assert f"{stream} of business 439000 is left out" in warnings(output)
    assert f"error {errno}" in warnings(output)


def test_it_may_be_left_out_every_time_and_comes_when_the_plan_does(sandbox: Sandbox, read: Read) -> None:
    sandbox.switches.gated.add("bill_payments")
    first = read("bill_payments")
    second = read("bill_payments", state=states(first))
    assert not second.errors
    sandbox.switches.gated.clear()
    assert rows(read("bill_payments", state=states(second)), "bill_payments")


@pytest.mark.parametrize("stream", ["items", "bill_payments"])
def test_a_feature_that_was_there_and_is_taken_away_fails_with_a_remedy(
    sandbox: Sandbox, read: Read, stream: str
) -> None:
    state = states(read(stream))
    sandbox.switches.gated.add(stream)
    output = read(stream, state=state, expecting_exception=True)
    assert output.get_stream_statuses(stream)[-1] == AirbyteStreamStatus.INCOMPLETE
    assert "check" in error_text(output)


def test_a_scope_that_was_never_granted_leaves_its_stream_out_and_is_named(
    sandbox: Sandbox, read: Read, config: dict[str, Any]
) -> None:
    tokens = sandbox.grant(scopes=["user:profile:read", "user:clients:read"])
    config["credentials"] |= {key: tokens[key] for key in ("access_token", "refresh_token")}
    output = read("invoices", "clients", config=config)
    assert rows(output, "clients")
    assert "lacks user:invoices:read" in warnings(output)


def test_check_names_every_missing_scope(sandbox: Sandbox, config: dict[str, Any]) -> None:
    granted = [scope for scope in READ_SCOPES if scope not in ("user:invoices:read", "user:taxes:read")]
    config["credentials"] |= {"access_token": sandbox.grant(scopes=granted)["access_token"]}
    source = SourceFreshbooks(config=config)
    answer = source.check(source.logger, config)
    assert answer.status is Status.FAILED
    assert "user:invoices:read, user:taxes:read" in answer.message


def test_check_costs_one_request(sandbox: Sandbox) -> None:
    config = config_of(sandbox)
    source = SourceFreshbooks(config=config)
    assert source.check(source.logger, config).status is Status.SUCCEEDED
    assert [request.path for request in sandbox.requests] == ["/auth/api/v1/users/me"]
