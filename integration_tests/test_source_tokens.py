"""Single-use refresh tokens are never lost, never spent twice, and a dead grant says what to do."""

import json
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import Status

from freshbooks_sandbox import Sandbox
from integration_tests.conftest import Read
from integration_tests.connector import config_of, error_text, rows, run_source
from source_freshbooks import SourceFreshbooks

EXPIRED = "2020-01-01T00:00:00Z"


def refreshes(sandbox: Sandbox) -> list[int]:
    return [request.status for request in sandbox.requests.matching("/auth/oauth/token", "POST")]


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source_freshbooks.components.http.Backoff.backoff_time", lambda *_, **__: 0.01)


def test_a_valid_access_token_is_used_as_it_is(sandbox: Sandbox, read: Read) -> None:
    assert rows(read("clients"), "clients")
    assert refreshes(sandbox) == []


def test_an_expired_token_is_refreshed_once_for_all_streams(
    sandbox: Sandbox, recent: dict[str, Any], read: Read, capfd: pytest.CaptureFixture[str]
) -> None:
    before = recent["credentials"]["refresh_token"]
    recent["credentials"]["token_expiry_date"] = EXPIRED
    output = read(config=recent)
    assert not output.errors
    assert refreshes(sandbox) == [200]
    control = next(line for line in capfd.readouterr().out.splitlines() if '"CONTROL"' in line)
    saved = json.loads(control)["control"]["connectorConfig"]["config"]["credentials"]
    assert saved["refresh_token"] != before
    assert saved["token_expiry_date"] > "2026"


def test_the_new_token_is_out_before_it_is_used(sandbox: Sandbox, tmp_path: Path) -> None:
    """As a process: the control message stands before the first record, so a platform can store it."""
    config = config_of(sandbox)
    config["credentials"]["token_expiry_date"] = EXPIRED
    output = run_process(config, tmp_path)
    kinds = [json.loads(line)["type"] for line in output.splitlines()]
    assert kinds.index("CONTROL") < kinds.index("RECORD")
    saved = json.loads(output.splitlines()[kinds.index("CONTROL")])["control"]["connectorConfig"]["config"]
    again = run_process(saved, tmp_path)
    assert '"COMPLETE"' in again


def run_process(config: dict[str, Any], tmp_path: Path) -> str:
    catalog = {
        "streams": [
            {
                "stream": {"name": "clients", "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
                "sync_mode": "full_refresh",
                "destination_sync_mode": "overwrite",
            }
        ]
    }
    done = run_source(tmp_path, "read", config=config, catalog=catalog)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.usefixtures("no_waiting")
def test_a_token_that_dies_in_the_middle_is_refreshed_and_no_row_is_lost(
    sandbox: Sandbox, read: Read
) -> None:
    sandbox.faults.add(kind="expire_token", path="*/invoices/invoices", page=2)
    output = read("invoices")
    assert not output.errors
    assert refreshes(sandbox) == [200]
    expected = len(sandbox.books(439000)["invoices"]) + len(sandbox.books(439117)["invoices"])
    assert len(rows(output, "invoices")) == expected


def test_a_spent_refresh_token_is_posted_once_and_explained(
    sandbox: Sandbox, config: dict[str, Any], read: Read
) -> None:
    sandbox.grant()  # another authorization of the same app and user kills this one
    config["credentials"]["token_expiry_date"] = EXPIRED
    output = read(config=config, expecting_exception=True)
    assert refreshes(sandbox) == [400]
    assert "FreshBooks refused the refresh token" in error_text(output)
    assert "Authorize this connection again" in error_text(output)
    assert not output.records


def test_a_wrong_client_secret_is_explained(sandbox: Sandbox, config: dict[str, Any], read: Read) -> None:
    config["credentials"] |= {"client_secret": "not-the-secret-at-all", "token_expiry_date": EXPIRED}
    output = read("clients", config=config, expecting_exception=True)
    assert refreshes(sandbox) == [401]
    assert "does not know this Client ID with this Client Secret" in error_text(output)


def test_an_app_that_may_not_sign_in_is_explained(
    sandbox: Sandbox, config: dict[str, Any], read: Read
) -> None:
    config["credentials"]["token_expiry_date"] = EXPIRED
    body = {"error": "unauthorized_client", "error_description": "The client is not authorized."}
    sandbox.faults.add(kind="status", status=400, body=body, path="/auth/oauth/token", times=None)
    text = error_text(read("clients", config=config, expecting_exception=True))
    assert "Confirm that Client ID and Client Secret are right and the app is active." in text
    assert "Authorize this connection again" not in text


def test_a_line_feed_behind_a_token_is_dropped(sandbox: Sandbox, config: dict[str, Any], read: Read) -> None:
    config["credentials"]["access_token"] += "\n"
    assert rows(read("taxes", config=config), "taxes")


def test_a_token_that_no_header_can_hold_is_not_printed(sandbox: Sandbox, config: dict[str, Any]) -> None:
    config["credentials"]["access_token"] = "abc\ndef"
    source = SourceFreshbooks(config=config)
    answer = source.check(source.logger, config)
    assert answer.status is Status.FAILED
    assert answer.message == "credentials.access_token holds a character that it cannot have. Copy it again."


def test_a_lost_answer_is_never_asked_for_again(sandbox: Sandbox, config: dict[str, Any], read: Read) -> None:
    """FreshBooks may have rotated: a second post of the same token would burn the grant."""
    config["credentials"]["token_expiry_date"] = EXPIRED
    sandbox.faults.add(kind="drop_after", path="/auth/oauth/token", times=None)
    output = read(config=config, expecting_exception=True)
    assert len(refreshes(sandbox)) == 1
    assert "the new refresh token may be lost" in error_text(output)


def test_a_hanging_token_endpoint_ends_in_time(
    sandbox: Sandbox, config: dict[str, Any], read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("source_freshbooks.components.auth.TIMEOUT", (1, 1))
    config["credentials"]["token_expiry_date"] = EXPIRED
    sandbox.faults.add(kind="hang", path="/auth/oauth/token")
    output = read("clients", config=config, expecting_exception=True)  # the CDK's own would wait for ever
    assert "may be lost" in error_text(output)


@pytest.mark.usefixtures("no_waiting")
def test_secrets_stay_out_of_logs_and_errors(sandbox: Sandbox, config: dict[str, Any], read: Read) -> None:
    config["credentials"] |= {"token_expiry_date": EXPIRED}
    sandbox.faults.add(kind="status", status=400, path="*/users/clients", body={"error": "bad"}, times=None)
    output = read("clients", config=config, expecting_exception=True)
    text = "\n".join(str(m) for m in output.logs + output.trace_messages)
    for key in ("client_secret", "refresh_token", "access_token"):
        assert config["credentials"][key] not in text, key
